// eval, predict and export on runs of every kind of task.
#include "command_folder.h"
#include "idx_files.h"

#include <thalweg/safetensors.h>

#include <gmock/gmock.h>
#include <torch/script.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace thalweg::lab {
namespace {

using test::Ended;
using ::testing::AllOf;
using ::testing::HasSubstr;

class TrainedRun : public test::CommandFolder {
 protected:
  /// Numbers and a category, which give y = 3 a − b + (0, 10 or 20) exactly; the class tells whether y is above 10.
  void write_table(const std::string& name, std::size_t rows, bool targets = true) const {
    std::ofstream file(path(name));
    file << "a,b,kind" << (targets ? ",y,big" : "") << '\n';
    for (std::size_t i = 0; i < rows; ++i) {
      const double a = std::sin(static_cast<double>(i)) * 2, b = std::cos(static_cast<double>(i * i));
      const std::size_t kind = i % 3;
      const double y = 3 * a - b + 10 * static_cast<double>(kind);
      file << a << ',' << b << ',' << "xyz"[kind];
      if (targets) file << ',' << y << ',' << (y > 10 ? "yes" : "no");
      file << '\n';
    }
  }
  std::vector<std::vector<std::string>> rows_of(const std::string& csv) const {
    std::vector<std::vector<std::string>> rows;
    std::istringstream lines(csv);
    for (std::string line; std::getline(lines, line);) {
      if (!line.empty() && line.back() == '\r') line.pop_back();
      std::istringstream fields(line);
      auto& row = rows.emplace_back();
      for (std::string field; std::getline(fields, field, ',');) row.push_back(field);
    }
    return rows;
  }
};

TEST_F(TrainedRun, RegressionOnATable) {
  write_table("table.csv", 300);
  const nlohmann::json trained =
      json_of({"train", "--model", "tabular", "--data", "csv:" + path("table.csv"), "--target", "y", "--column",
               "big=ignore", "--dense", "0", "--lr", "0.01", "--threads", "1", "--out", path("run")});
  EXPECT_EQ(trained.at("task"), "regression");
  EXPECT_LT(trained.at("test").at("rmse").get<double>(), 0.1);
  EXPECT_GT(trained.at("test").at("r2").get<double>(), 0.999);
  EXPECT_EQ(json_of({"eval", path("run")}).at("test"), trained.at("test"));
  EXPECT_TRUE(json_of({"eval", path("run"), "--part", "validation"}).contains("validation"));

  write_table("new.csv", 30, false);
  const Ended predicted = thalweg({"predict", path("run"), "--data", "csv:" + path("new.csv")});
  ASSERT_EQ(predicted.code, 0) << predicted.errors;
  const auto rows = rows_of(predicted.output);
  ASSERT_EQ(rows.size(), 31u);
  EXPECT_EQ(rows.front(), std::vector<std::string>{"y"});
  for (std::size_t i = 0; i < 30; ++i) {
    const double a = std::sin(static_cast<double>(i)) * 2, b = std::cos(static_cast<double>(i * i));
    EXPECT_NEAR(std::stod(rows[i + 1][0]), 3 * a - b + 10 * static_cast<double>(i % 3), 0.5) << i;
  }

  // The same through TorchScript.
  ASSERT_EQ(thalweg({"export", path("run"), "-o", path("model.pt")}).code, 0);
  torch::jit::Module module = torch::jit::load(path("model.pt"));
  std::vector<torch::jit::IValue> inputs{torch::tensor({{std::sin(1.0f) * 2, std::cos(1.0f)}}),
                                         torch::tensor({{2}}, torch::kInt64)};
  EXPECT_NEAR(module.forward(inputs).toTensor()[0].item().toDouble(), std::stod(rows[2][0]), 1e-3);
}

TEST_F(TrainedRun, TwoClassesOfATable) {
  write_table("table.csv", 300);
  const nlohmann::json trained =
      json_of({"train", "--model", "tabular", "--data", "csv:" + path("table.csv"), "--target", "big", "--column",
               "y=ignore", "--positive", "yes", "--lr", "0.01", "--threads", "1", "--out", path("run")});
  EXPECT_GT(trained.at("test").at("auc").get<double>(), 0.98);
  const Ended predicted =
      thalweg({"predict", path("run"), "--data", "csv:" + path("table.csv"), "-o", path("out/predictions.csv")});
  ASSERT_EQ(predicted.code, 0) << predicted.errors;
  const auto rows = rows_of(test::contents(path("out/predictions.csv")));
  ASSERT_EQ(rows.size(), 301u);
  EXPECT_EQ(rows.front(), (std::vector<std::string>{"big", "p(no)", "p(yes)"}));
  for (std::size_t i = 1; i < rows.size(); ++i) {
    EXPECT_NEAR(std::stod(rows[i][1]) + std::stod(rows[i][2]), 1, 1e-5);
    EXPECT_EQ(rows[i][0] == "yes", std::stod(rows[i][2]) > std::stod(rows[i][1]));
  }
  EXPECT_THAT(thalweg({"predict", path("run"), "--data", "csv:" + path("table.csv"), "-o", path("table.csv")}).errors,
              HasSubstr("--output"));
  std::ofstream(path("short.csv")) << "a,b\n1,2\n";
  EXPECT_THAT(thalweg({"predict", path("run"), "--data", "csv:" + path("short.csv")}).errors,
              AllOf(HasSubstr("short.csv"), HasSubstr("kind")));
}

TEST_F(TrainedRun, EveryModelOfImagesIsTheSameInTorchScript) {
  test::write_learnable_dataset(folder_.path(), 200, 40);
  for (const char* const model : {"softmax", "mlp", "cnn", "lstm", "gru"}) {
    std::vector<std::string> arguments{"train",    "--model", model,   "--data",    "idx:" + folder_.path().string(),
                                       "--epochs", "1",       "--out", path(model), "--threads",
                                       "1"};
    if (std::string(model) == "mlp")
      arguments.insert(arguments.end(), {"--batch-norm", "--dropout", "0.2", "--activation", "tanh"});
    ASSERT_EQ(thalweg(arguments).code, 0) << model;
    const nlohmann::json predicted = json_of({"predict", path(model)});
    ASSERT_EQ(predicted.size(), 40u);
    const std::string file = path(model) + ".pt";
    ASSERT_EQ(thalweg({"export", path(model), "-o", file}).code, 0) << model;
    torch::jit::Module module = torch::jit::load(file);
    const test::Bytes bytes = test::read_bytes(folder_.path() / "t10k-images-idx3-ubyte");
    const std::int64_t size = bytes[11], pixels = size * bytes[15];
    torch::Tensor image = torch::empty({1, 1, size, bytes[15]});
    for (std::int64_t i = 0; i < pixels; ++i)
      image.data_ptr<float>()[i] = static_cast<float>(bytes[static_cast<std::size_t>(16 + i)]) / 255;
    const torch::Tensor shares = torch::softmax(module.forward({image}).toTensor(), 1);
    for (const auto& [name, share] : predicted[0].at("probabilities").items())
      EXPECT_NEAR(share.get<double>(), shares[0][std::stol(name)].item().toDouble(), 1e-5) << model << ' ' << name;
  }
}

TEST_F(TrainedRun, WeightsAreExportedByName) {
  test::write_learnable_dataset(folder_.path(), 200, 40);
  ASSERT_EQ(thalweg({"train", "--data", "idx:" + folder_.path().string(), "--epochs", "1", "--out", path("run")}).code,
            0);
  ASSERT_EQ(thalweg({"export", path("run"), "-o", path("weights.safetensors")}).code, 0);
  const safetensors::Contents contents = safetensors::read(path("weights.safetensors"));
  EXPECT_TRUE(contents.tensors.contains("dense1.weight"));
  EXPECT_EQ(contents.tensors.size(), 4u);
  EXPECT_EQ(nlohmann::json::parse(contents.metadata.at("training")).at("config").at("model"), "mlp");
  EXPECT_EQ(thalweg({"export", path("run"), "-o", path("weights.h5")}).code, 2);
  EXPECT_EQ(thalweg({"eval", path("nothing")}).code, 2);
  // Of other data that have parts it is their test part, which nothing else may be asked of.
  const std::string data = "idx:" + folder_.path().string();
  EXPECT_THAT(thalweg({"eval", path("run"), "--data", data}).output, HasSubstr("test of " + data + ": 40 examples"));
  EXPECT_EQ(thalweg({"eval", path("run"), "--data", data, "--part", "train"}).code, 2);
}

TEST_F(TrainedRun, CharactersOfAText) {
  std::ofstream text(path("text"));
  for (int i = 0; i < 400; ++i) text << "abcdefgh\n";
  text.close();
  const nlohmann::json trained =
      json_of({"train", "--model", "gru", "--data", "text:" + path("text"), "--hidden", "32", "--window", "16",
               "--batch", "16", "--epochs", "20", "--lr", "0.01", "--out", path("run")});
  EXPECT_EQ(trained.at("task"), "characters");
  EXPECT_LT(trained.at("test").at("bits_per_character").get<double>(), 0.5);
  EXPECT_EQ(json_of({"eval", path("run")}).at("test"), trained.at("test"));
  // What it writes is what it was shown.
  const Ended written =
      thalweg({"predict", path("run"), "--prompt", "cdef", "--characters", "14", "--temperature", "0"});
  EXPECT_EQ(written.output, "cdefgh\nabcdefgh\nab\n");
  const nlohmann::json again = json_of({"predict", path("run"), "--characters", "9", "--temperature", "0"});
  EXPECT_EQ(again.at("text"), "abcdefgh\n");
  EXPECT_EQ(thalweg({"predict", path("run"), "--part", "test"}).code, 2);
  EXPECT_THAT(thalweg({"predict", path("run"), "--temperature", "11"}).errors, HasSubstr("must be in [0, 10]"));
  const Ended reported = thalweg({"report", path("run"), "-o", path("report.html")});
  ASSERT_EQ(reported.code, 0);
  EXPECT_THAT(test::contents(path("report.html")), HasSubstr("abcdefgh\nabcdefgh\nabcdefgh\nabcdefgh\nabcdefgh\n"));
}

TEST_F(TrainedRun, BalancedClassesCountAlike) {
  // One in ten, told by nothing: balanced, both classes have half of the probability.
  std::ofstream file(path("rare.csv"));
  file << "x,rare\n";
  for (int i = 0; i < 500; ++i) file << (i * 7919) % 101 << ',' << (i % 10 == 0 ? "yes" : "no") << '\n';
  file.close();
  const auto probability = [&](std::vector<std::string> flags) {
    std::vector<std::string> arguments{"train",    "--model",     "softmax",  "--data",   "csv:" + path("rare.csv"),
                                       "--target", "rare",        "--epochs", "30",       "--lr",
                                       "0.03",     "--overwrite", "--out",    path("run")};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    const nlohmann::json trained = json_of(arguments);
    EXPECT_EQ(json_of({"eval", path("run")}).at("test"), trained.at("test"));
    double sum = 0;
    const nlohmann::json rows = json_of({"predict", path("run")});
    for (const nlohmann::json& row : rows) sum += row.at("probabilities").at("yes").get<double>();
    return sum / static_cast<double>(rows.size());
  };
  EXPECT_NEAR(probability({}), 0.1, 0.05);
  EXPECT_NEAR(probability({"--class-weights", "balanced"}), 0.5, 0.1);
  EXPECT_EQ(thalweg({"train", "--class-weights", "balancd"}).code, 2);
  EXPECT_EQ(thalweg({"train", "--augment", "flips"}).code, 2);
  EXPECT_EQ(thalweg({"train", "--augment", "flip", "--data", "make:line", "--model", "linear"}).code, 1);
  EXPECT_EQ(thalweg({"train", "--class-weights", "balanced", "--data", "make:line", "--model", "linear"}).code, 1);
}

TEST_F(TrainedRun, FoldsTestEveryExampleOnce) {
  const nlohmann::json trained = json_of({"train", "--model", "linear", "--data", "make:line,rows=100", "--folds", "4",
                                          "--threads", "1", "--out", path("folds")});
  ASSERT_EQ(trained.at("folds").size(), 4u);
  double sum = 0;
  for (const nlohmann::json& fold : trained.at("folds")) sum += fold.at("test").at("rmse").get<double>();
  EXPECT_NEAR(trained.at("test").at("mean").at("rmse").get<double>(), sum / 4, 1e-12);
  EXPECT_EQ(trained.at("folds")[2].at("config").at("fold"), 3);
  EXPECT_EQ(json_of({"eval", path("folds/fold-3")}).at("test"), trained.at("folds")[2].at("test"));
  EXPECT_EQ(thalweg({"train", "--data", "make:line", "--model", "linear", "--folds", "1"}).code, 2);
  EXPECT_EQ(thalweg({"train", "--data", "make:sines", "--model", "lstm", "--folds", "3"}).code, 1);
}

TEST_F(TrainedRun, ASeries) {
  const nlohmann::json trained = json_of({"train", "--model", "lstm", "--data", "make:sines,rows=600", "--hidden", "16",
                                          "--epochs", "20", "--lr", "0.01", "--out", path("run")});
  EXPECT_LT(trained.at("test").at("rmse").get<double>(), 0.3);
  EXPECT_EQ(json_of({"eval", path("run")}).at("test"), trained.at("test"));
}

}  // namespace
}  // namespace thalweg::lab

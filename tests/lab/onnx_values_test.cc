// What comes out of exported ONNX files, by an interpreter in double: against librosa's numbers, plain loops over the
// weights, and what the command predicts.
#include "data/dataset.h"
#include "golden_file.h"
#include "models/log_mel.h"
#include "onnx/graph.h"
#include "onnx_export.h"
#include "onnx_interpreter.h"
#include "wav_files.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <torch/types.h>
#include <torch/utils.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace thalweg::lab {
namespace {

using ::testing::ElementsAre;

/// Log-mel bands alone, of x: [n, samples].
torch::Tensor bands_of_graph(const LogMel& features, const torch::Tensor& x) {
  OnnxGraph graph("bands");
  const std::string bands = features.onnx(graph, graph.input("x", OnnxType::float32, {"n", x.size(1)}));
  graph.output("y", bands, {"n", kMelBands, 1 + x.size(1) / kMelHop});
  const test::OnnxFile file = test::read_onnx(graph.file({}));
  EXPECT_THAT(test::faults_of(file), ::testing::IsEmpty());
  return test::OnnxInterpreter(file).run({{"x", x}});
}

TEST(LogMelGraph, BandsAreLibrosas) {
  const nlohmann::json golden = nlohmann::json::parse(tests::read_golden_file("log_mel"));
  const LogMel features;
  ASSERT_FALSE(golden.at("cases").empty());
  for (const nlohmann::json& each : golden.at("cases")) {
    const auto samples = each.at("samples").get<std::vector<float>>();
    const auto rows = each.at("bands").get<std::vector<std::vector<float>>>();
    const torch::Tensor y = bands_of_graph(features, torch::tensor(samples).div(32768).unsqueeze(0).repeat({2, 1}));
    for (std::int64_t band = 0; band < kMelBands; ++band) {
      const torch::Tensor row = torch::tensor(rows[static_cast<std::size_t>(band)]);
      EXPECT_LT((y[1][band] - row).abs().max().item<double>(), 1e-4) << each.at("name") << " band " << band;
    }
  }
}

// A frame where the last hop ends, none where it is cut off; clips that are shorter than a window.
TEST(LogMelGraph, HasTheFramesOfAnyLength) {
  torch::manual_seed(11);
  const LogMel features;
  for (const std::int64_t samples : {100, 159, 160, 399, 1600, 1601, 4095}) {
    const torch::Tensor x = torch::rand({3, samples}) - 0.5;
    const torch::Tensor y = bands_of_graph(features, x), expected = features.forward(x);
    EXPECT_LT((y - expected).abs().max().item<double>(), 1e-4) << samples;
  }
}

using OnnxValues = test::OnnxExport;

TEST_F(OnnxValues, FactorizationIsThatOfPlainLoops) {
  train("factorization", "make:ratings,users=12,items=20,rows=60", {"--factors", "3", "--lr", "0.2"});
  EXPECT_EQ(same_weights(), 4u);
  ASSERT_EQ(onnx_.inputs.size(), 1u);
  EXPECT_EQ(onnx_.inputs[0].name, "codes");
  EXPECT_EQ(onnx_.inputs[0].type, 7);
  EXPECT_THAT(onnx_.inputs[0].axes, ElementsAre("n", "2"));
  EXPECT_THAT(onnx_.outputs[0].axes, ElementsAre("n"));
  const auto scaling = nlohmann::json::parse(onnx_.metadata.at("training")).at("scaling");
  const double mean = scaling.at("target_mean"), deviation = scaling.at("target_deviation");
  EXPECT_NE(mean, 0);
  EXPECT_NE(deviation, 1);
  const std::vector<float> p = weight("user.factors"), q = weight("item.factors"), user = weight("user.bias"),
                           item = weight("item.bias");
  EXPECT_EQ(p.size(), 3 * user.size());
  EXPECT_EQ(q.size(), 3 * item.size());

  std::vector<std::int64_t> codes;
  std::vector<double> expected;
  for (std::size_t u = 0; u < user.size(); ++u) {
    for (std::size_t i = 0; i < item.size(); ++i) {
      codes.insert(codes.end(), {static_cast<std::int64_t>(u), static_cast<std::int64_t>(i)});
      double scaled = static_cast<double>(user[u]) + static_cast<double>(item[i]);
      for (std::size_t f = 0; f < 3; ++f)
        scaled += static_cast<double>(p[3 * u + f]) * static_cast<double>(q[3 * i + f]);
      expected.push_back(mean + deviation * scaled);
      if (u == 0) {
        EXPECT_NEAR(expected.back(), mean + deviation * static_cast<double>(item[i]), 1e-12) << "unknown user";
      }
      if (i == 0) {
        EXPECT_NEAR(expected.back(), mean + deviation * static_cast<double>(user[u]), 1e-12) << "unknown item";
      }
    }
  }
  test::OnnxInterpreter interpreter(onnx_);
  const torch::Tensor pairs = torch::tensor(codes).reshape({-1, 2});
  const torch::Tensor y = interpreter.run({{"codes", pairs}});
  EXPECT_LT((y - torch::tensor(expected, torch::kFloat64)).abs().max().item<double>(), 1e-6);
  EXPECT_TRUE(torch::equal(interpreter.run({{"codes", pairs.slice(0, 5, 6)}}), y.slice(0, 5, 6))) << "one alone";
}

TEST_F(OnnxValues, FactorizationOfChoicesAndOfWhatItDoesNotKnow) {
  std::ofstream file(path("films.csv"));
  file << "user,item,rating\n";
  for (int i = 0; i < 90; ++i) file << 'u' << i % 10 << ",film" << i * 7 % 9 << ',' << 1 + i * i % 5 << '\n';
  file.close();
  const std::string films = "ratings:" + path("films.csv");
  std::ofstream(path("new.csv"))
      << "user,item,rating\nu3,film4,1\nstranger,film4,2\nu3,strange,3\nstranger,strange,4\n";
  for (const std::vector<std::string>& flags : std::vector<std::vector<std::string>>{{}, {"--implicit", "bpr"}}) {
    std::vector<std::string> all{"--lr", "0.2", "--duplicates", "last"};
    all.insert(all.end(), flags.begin(), flags.end());
    train("factorization", films, all);
    const nlohmann::json rows = json_of({"predict", path("run"), "--data", "ratings:" + path("new.csv")});
    ASSERT_EQ(rows.size(), 4u);
    const auto training = nlohmann::json::parse(onnx_.metadata.at("training"));
    const auto code_of = [&](const char* list, const char* id) {
      const auto ids = training.at("dataset").at("schema").at(list).get<std::vector<std::string>>();
      const auto found = std::ranges::find(ids, id);
      EXPECT_NE(found, ids.end());
      return found - ids.begin() + std::int64_t{1};
    };
    const std::int64_t u = code_of("users", "u3"), i = code_of("items", "film4");
    const torch::Tensor y =
        test::OnnxInterpreter(onnx_).run({{"codes", torch::tensor({{u, i}, {0l, i}, {u, 0l}, {0l, 0l}})}});
    for (std::int64_t row = 0; row < 4; ++row) {
      const double predicted = rows[static_cast<std::size_t>(row)].at("prediction");
      EXPECT_NEAR(y[row].item<double>(), predicted, 1e-6 * std::max(1.0, std::abs(predicted))) << row;
    }
    EXPECT_NE(y[0].item<double>(), y[1].item<double>());
    EXPECT_NE(y[0].item<double>(), y[2].item<double>());
  }
}

TEST_F(OnnxValues, KeywordsOfSamples) {
  std::string test;
  for (const auto& [word, hertz] : {std::pair{"low", 300.0}, {"middle", 900.0}, {"top", 3000.0}}) {
    std::filesystem::create_directories(path(std::string("words/") + word));
    for (int speaker = 0; speaker < 7; ++speaker) {
      const std::string name = fmt::format("{}/s{}_nohash_0.wav", word, speaker);
      std::ofstream(path("words/" + name), std::ios::binary)
          << tests::sine_wav({}, 4000 + 900 * speaker, hertz * (0.9 + 0.04 * speaker), 0.1 + 0.1 * speaker);
      if (speaker >= 5) test += name + "\n";
    }
  }
  std::ofstream(path("words/testing_list.txt")) << test;
  std::ofstream(path("words/validation_list.txt"))
      << "low/s3_nohash_0.wav\nmiddle/s3_nohash_0.wav\ntop/s3_nohash_0.wav\n";
  const std::string words = "wav:" + path("words");
  struct Case {
    std::vector<std::string> flags;
    double seconds;
    std::size_t same_weights;
  };
  // Bands and four blocks have 4 numbers of a norm each, four blocks a weight each, and there are the filters.
  for (const Case& each :
       {Case{{}, 1, 25 + 4}, Case{{"--clip-seconds", "0.5", "--dense", "0"}, 0.5, 25 + 2},
        Case{{"--clip-seconds", "0.37", "--dense", "9,7", "--batch-norm", "--activation", "gelu", "--dropout", "0.3"},
             0.37,
             25 + 6 + 8}}) {
    train("keywords", words, each.flags);
    EXPECT_EQ(same_weights(), each.same_weights);
    const auto samples = static_cast<std::int64_t>(std::lround(each.seconds * 16000));
    ASSERT_EQ(onnx_.inputs.size(), 1u);
    EXPECT_EQ(onnx_.inputs[0].name, "x");
    EXPECT_THAT(onnx_.inputs[0].axes, ElementsAre("n", std::to_string(samples)));
    EXPECT_THAT(onnx_.outputs[0].axes, ElementsAre("n", "3"));

    const Dataset dataset = open_dataset(words, {.clip_seconds = each.seconds});
    ASSERT_EQ(dataset.test.size(), 6u);
    torch::Tensor x = torch::empty({6, samples});
    std::vector<std::int64_t> labels(6);
    dataset.examples->load(
        dataset.test, {.mean = {0}, .deviation = {1}},
        {.inputs = {std::span(x.data_ptr<float>(), static_cast<std::size_t>(x.numel()))}, .target = std::span(labels)});
    test::OnnxInterpreter interpreter(onnx_);
    const torch::Tensor y = torch::softmax(interpreter.run({{"x", x}}), 1);
    EXPECT_TRUE(
        torch::allclose(torch::softmax(interpreter.run({{"x", x.slice(0, 2, 3)}}), 1), y.slice(0, 2, 3), 0, 1e-9));
    const nlohmann::json rows = json_of({"predict", path("run")});
    for (std::int64_t row = 0; row < 6; ++row) {
      const nlohmann::json& shares = rows.at(static_cast<std::size_t>(row)).at("probabilities");
      for (std::int64_t i = 0; i < 3; ++i) {
        EXPECT_NEAR(y[row][i].item<double>(), shares.at(dataset.target.class_names[static_cast<std::size_t>(i)]), 1e-5)
            << row;
      }
    }
  }
}

}  // namespace
}  // namespace thalweg::lab

// Tests of --model FILE.pt: TorchScript modules are trained, resumed, used and exported like the lab's own.
#include "command.h"
#include "idx_files.h"

#include <gmock/gmock.h>
#include <torch/script.h>
#include <torch/utils.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace thalweg::lab {
namespace {

using test::Ended;
using ::testing::AllOf;
using ::testing::HasSubstr;

class ScriptModel : public testing::Test {
 protected:
  ScriptModel() {
    std::filesystem::create_directory(folder_.path() / "data");
    test::write_learnable_dataset(folder_.path() / "data", 400, 100);
  }
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  Ended thalweg(std::vector<std::string> arguments) const {
    return test::run_command(folder_.path(), std::move(arguments));
  }
  static torch::Tensor trainable(torch::Tensor values) { return values.requires_grad_(); }
  /// A layer of its own module, dropout, and a buffer that counts the training batches.
  std::string write_module(const std::string& body, std::int64_t inputs = 144, std::int64_t outputs = 10) const {
    torch::manual_seed(3);
    torch::jit::Module hidden("Hidden");
    hidden.register_parameter("weight", trainable(0.1 * torch::randn({16, inputs})), false);
    hidden.register_parameter("bias", trainable(torch::zeros({16})), false);
    hidden.define("def forward(self, x):\n    return torch.relu(torch.linear(x, self.weight, self.bias))\n");
    torch::jit::Module module("Net");
    module.register_module("hidden", hidden);
    module.register_parameter("weight", trainable(0.1 * torch::randn({outputs, 16})), false);
    module.register_buffer("batches", torch::zeros({1}, torch::kInt64));
    module.register_attribute("training", c10::BoolType::get(), true);
    module.define(body);
    module.save(path("net.pt"));
    return path("net.pt");
  }
  std::vector<std::string> train(const std::string& model, const std::string& out) const {
    return {"train", "--model", model,       "--data", "idx:" + path("data"), "--epochs", "4",     "--batch", "32",
            "--lr",  "0.003",   "--threads", "1",      "--schedule",          "constant", "--out", path(out)};
  }

  static constexpr const char* kBody =
      "def forward(self, x):\n"
      "    h = torch.dropout(self.hidden.forward(torch.flatten(x, 1)), 0.3, self.training)\n"
      "    if self.training:\n"
      "        self.batches += 1\n"
      "    return torch.linear(h, self.weight)\n";

  test::TemporaryFolder folder_;
};

TEST_F(ScriptModel, IsTrainedResumedUsedAndExported) {
  const std::string model = write_module(kBody);
  const Ended whole = thalweg(train(model, "whole"));
  ASSERT_EQ(whole.code, 0) << whole.errors;
  EXPECT_THAT(whole.output, HasSubstr("test loss"));
  const Ended evaluated = thalweg({"eval", path("whole"), "--json"});
  const double accuracy = nlohmann::json::parse(evaluated.output).at("test").at("accuracy").get<double>();
  EXPECT_GT(accuracy, 0.8) << "of ten classes";

  // The file goes; the run has a copy, and ends with the same bits: weights, buffers and optimizer.
  std::vector<std::string> half = train(model, "half");
  half.insert(half.end(), {"--steps", "17"});
  ASSERT_EQ(thalweg(half).code, 0);
  std::filesystem::remove(model);
  const Ended resumed = thalweg({"train", "--resume", path("half"), "--steps", "1000"});
  ASSERT_EQ(resumed.code, 0) << resumed.errors;
  for (const char* const run : {"whole", "half"}) {
    ASSERT_EQ(thalweg({"export", path(run), "-o", path(std::string(run) + ".safetensors")}).code, 0);
    ASSERT_EQ(thalweg({"export", path(run), "-o", path(std::string(run) + ".pt")}).code, 0);
  }
  const auto tensors = [&](const char* file) {
    const std::string bytes = test::contents(path(file));
    return bytes.substr(bytes.size() - (16 * 144 + 16 + 160) * 4 - 8);  // behind the header, which has times in it
  };
  EXPECT_EQ(tensors("whole.safetensors"), tensors("half.safetensors"));

  // The exported module takes images as they are.
  torch::jit::Module module = torch::jit::load(path("whole.pt"));
  const std::string bytes = test::contents(path("data/t10k-images-idx3-ubyte"));
  torch::Tensor images = torch::empty({100, 1, 12, 12});
  for (std::int64_t i = 0; i < images.numel(); ++i)
    images.data_ptr<float>()[i] =
        static_cast<float>(static_cast<unsigned char>(bytes[16 + static_cast<std::size_t>(i)])) / 255;
  const std::string labels = test::contents(path("data/t10k-labels-idx1-ubyte"));
  const torch::Tensor best = module.forward({images}).toTensor().argmax(1);
  int right = 0;
  for (std::int64_t i = 0; i < 100; ++i)
    right += best[i].item<std::int64_t>() == labels[8 + static_cast<std::size_t>(i)] ? 1 : 0;
  EXPECT_EQ(right, std::lround(accuracy * 100));

  const Ended refused = thalweg({"export", path("whole"), "-o", path("whole.onnx")});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.errors, AllOf(HasSubstr("net.pt"), HasSubstr("torch.onnx.export")));
  EXPECT_FALSE(std::filesystem::exists(path("whole.onnx")));
}

TEST_F(ScriptModel, PredictsNumbersOfTables) {
  const std::string model = write_module(
      "def forward(self, x):\n    return torch.flatten(torch.linear(self.hidden.forward(x), self.weight))\n", 1, 1);
  const Ended ended = thalweg({"train", "--model", model, "--data", "make:line,rows=300", "--lr", "0.01", "--json"});
  ASSERT_EQ(ended.code, 0) << ended.errors;
  EXPECT_GT(nlohmann::json::parse(ended.output).at("test").at("r2").get<double>(), 0.9);
}

TEST_F(ScriptModel, BuffersThatAreBoundAnewAreKept) {
  const std::string model = write_module(
      "def forward(self, x):\n"
      "    h = self.hidden.forward(torch.flatten(x, 1))\n"
      "    if self.training:\n"
      "        self.batches = self.batches + 1\n"
      "    return torch.linear(h, self.weight) * torch.minimum(self.batches, torch.full([1], 7)).float()\n");
  const Ended trained = thalweg(train(model, "run"));
  ASSERT_EQ(trained.code, 0) << trained.errors;
  const Ended evaluated = thalweg({"eval", path("run")});
  ASSERT_EQ(evaluated.code, 0) << evaluated.errors;
  // The same line of metrics: with the buffer as the file has it, all outputs would be 0.
  const std::size_t line = trained.output.find("loss", trained.output.find("test loss"));
  const std::string metrics = trained.output.substr(line, trained.output.find('\n', line) - line);
  EXPECT_THAT(evaluated.output, HasSubstr(metrics));
}

TEST_F(ScriptModel, TellsWhatGoesWrongInItsSteps) {
  const auto told = [&](const std::string& body) {
    std::filesystem::remove_all(path("run"));
    const Ended ended = thalweg(train(write_module(body), "run"));
    EXPECT_EQ(ended.code, 1) << ended.output;
    return ended.errors;
  };
  // 360 training examples make batches of 32, and one of 8.
  EXPECT_THAT(told("def forward(self, x):\n"
                   "    y = torch.linear(self.hidden.forward(torch.flatten(x, 1)), self.weight)\n"
                   "    return y[:4] if x.size(0) == 8 else y\n"),
              HasSubstr("gives Float [4, 10] for [8, 1, 12, 12]; expected Float [8, 10]"));
  EXPECT_THAT(told("def forward(self, x):\n"
                   "    return torch.linear(self.hidden.forward(torch.flatten(x, 1)), self.weight).detach()\n"),
              HasSubstr("do not depend on parameters"));
  EXPECT_THAT(told("def forward(self, x):\n"
                   "    assert not self.training, 'not in training'\n"
                   "    return torch.linear(self.hidden.forward(torch.flatten(x, 1)), self.weight)\n"),
              HasSubstr("not in training"));
}

TEST_F(ScriptModel, ASearchAmongModulesGoesOnWithTheSameOnes) {
  std::filesystem::copy_file(write_module(kBody), path("other.pt"));
  const auto search = [&](const char* trials) {
    return thalweg({"tune", "--range", "model=choice:" + path("other.pt") + "|" + path("net.pt"), "--data",
                    "idx:" + path("data"), "--epochs", "1", "--sampler", "random", "--trials", trials, "--out",
                    path("search"), "--json"});
  };
  ASSERT_EQ(search("2").code, 0);
  const Ended more = search("3");
  ASSERT_EQ(more.code, 0) << more.errors;
  EXPECT_EQ(nlohmann::json::parse(more.output).at("trials").size(), 3U);
  write_module(
      "def forward(self, x):\n    return torch.linear(self.hidden.forward(torch.flatten(x, 1)), self.weight)\n");
  EXPECT_THAT(search("4").errors, HasSubstr("model_fingerprint"));
}

TEST_F(ScriptModel, RefusesWhatItCannotTrain) {
  const auto refused = [&](const std::string& model) {
    const Ended ended = thalweg(train(model, "no"));
    EXPECT_EQ(ended.code, 2) << ended.output;
    EXPECT_FALSE(std::filesystem::exists(path("no")));
    EXPECT_LT(ended.errors.size(), 600u) << ended.errors;
    return ended.errors;
  };
  EXPECT_THAT(refused(path("none.pt")), HasSubstr("there is no such file"));
  std::ofstream(path("text.pt")) << "hello";
  EXPECT_THAT(refused(path("text.pt")),
              AllOf(HasSubstr("no TorchScript module"), HasSubstr("torch.jit.script(model)")));
  EXPECT_THAT(
      refused(write_module(
          "def forward(self, x):\n    return torch.linear(self.hidden.forward(torch.flatten(x, 1)), self.weight)\n",
          144, 7)),
      AllOf(HasSubstr("gives Float [2, 7] for [2, 1, 12, 12]"), HasSubstr("expected Float [2, 10]")));
  EXPECT_THAT(refused(write_module(kBody, 20)), HasSubstr("it was given [2, 1, 12, 12]"));
  EXPECT_THAT(refused(write_module("def forward(self, x):\n    return 3\n")), HasSubstr("no tensor"));
  torch::jit::Module wide("Wide");
  wide.register_parameter("weight", trainable(torch::zeros({10, 144}, torch::kFloat64)), false);
  wide.define("def forward(self, x):\n    return torch.linear(torch.flatten(x, 1).double(), self.weight)\n");
  wide.save(path("wide.pt"));
  EXPECT_THAT(refused(path("wide.pt")), HasSubstr("its parameter weight is of Double"));
  torch::jit::Module frozen("Frozen");
  frozen.register_parameter("weight", torch::zeros({10, 144}), false);
  frozen.define("def forward(self, x):\n    return torch.linear(torch.flatten(x, 1), self.weight)\n");
  frozen.save(path("frozen.pt"));
  EXPECT_THAT(refused(path("frozen.pt")), HasSubstr("no parameters"));
  torch::jit::Module empty("Empty");
  empty.define("def forward(self, x):\n    return x\n");
  empty.save(path("empty.pt"));
  EXPECT_THAT(refused(path("empty.pt")), HasSubstr("no parameters"));
  const std::string whole = test::contents(write_module(kBody));
  std::ofstream(path("cut.pt"), std::ios::binary) << whole.substr(0, whole.size() / 2);
  EXPECT_THAT(refused(path("cut.pt")), HasSubstr("no TorchScript module"));
}

}  // namespace
}  // namespace thalweg::lab

// --config and --print-config: what a file says, what wins over it, what is printed, and files that are wrong.
#include "command.h"
#include "idx_files.h"
#include "training/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace thalweg::lab {
namespace {

using test::Ended;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ConfigFile : public ::testing::Test {
 protected:
  ConfigFile() { test::write_learnable_dataset(folder.path(), 200, 40); }

  std::string write(const std::string& text) const {
    const std::filesystem::path file = folder.path() / "run.toml";
    std::ofstream(file) << text;
    return file.string();
  }
  std::string data() const { return "data = \"idx:" + folder.path().string() + "\"\n"; }
  Ended run(const std::vector<std::string>& arguments) const { return test::run_command(folder.path(), arguments); }
  nlohmann::json config_of(const std::vector<std::string>& arguments) const {
    const Ended ended = run(arguments);
    EXPECT_EQ(ended.code, 0) << ended.errors;
    return nlohmann::json::parse(ended.output).at("config");
  }

  test::TemporaryFolder folder;
};

TEST_F(ConfigFile, SaysWhatFlagsSayAndFlagsWin) {
  const std::string file = write(data() + R"(# Comments are allowed.
model = "mlp"
dense = [12, 6]
epochs = 3
validation-fraction = 0.25
optimizer = "adam clip=norm:2"
schedule = "step:every=1,gamma=0.5,interval=epoch"
lr = 0.0625
patience = 7
json = true
)");
  const nlohmann::json config = config_of({"train", "--config", file, "--epochs", "1", "--batch", "16"});
  EXPECT_EQ(config.at("dense"), (nlohmann::json{12, 6}));
  EXPECT_EQ(config.at("epochs"), 1);
  EXPECT_EQ(config.at("batch"), 16);
  EXPECT_EQ(config.at("validation_fraction"), 0.25);
  EXPECT_EQ(config.at("optimizer"), "adam:lr=0.0625 clip=norm:2");
  EXPECT_EQ(config.at("schedule"), "step:every=1,gamma=0.5,interval=epoch");
  EXPECT_EQ(config.at("patience"), 7);
}

// What is printed is a file that means the same, whatever the model has no use for.
TEST_F(ConfigFile, WhatIsPrintedIsReadAgain) {
  const std::vector<std::string> given{"train",     "--config", write(data() + "model = \"softmax\"\nepochs = 1\n"),
                                       "--lr",      "0.5",      "--seconds",
                                       "1000",      "--seed",   "18446744073709551615",
                                       "--threads", "1"};
  std::vector<std::string> printing = given;
  printing.emplace_back("--print-config");
  const Ended printed = run(printing);
  ASSERT_EQ(printed.code, 0) << printed.errors;
  EXPECT_THAT(printed.output, AllOf(HasSubstr("# Model\nmodel = \"softmax\"  # softmax, linear, mlp"),
                                    HasSubstr("\nepochs = 1  # "), HasSubstr("\n# steps =  # "),
                                    HasSubstr("\nseconds = 1000.0  # "), HasSubstr("\njson = false  # ")));
  std::vector<std::string> whole = given;
  whole.emplace_back("--json");
  const nlohmann::json expected = config_of(whole);
  EXPECT_EQ(config_of({"train", "--config", write(printed.output), "--json"}), expected);
  // Every setting with a flag is in it.
  TrainingConfig config;
  for (const Setting& setting : settings_of(config)) {
    std::string key = setting.name;
    std::ranges::replace(key, '_', '-');
    const bool is_there = printed.output.find('\n' + key + " = ") != std::string::npos ||
                          printed.output.find("\n# " + key + " =") != std::string::npos;
    EXPECT_EQ(is_there, setting.group != SettingGroup::none) << key;
  }
}

TEST_F(ConfigFile, OfAComparison) {
  const std::string file = write(data() + R"(
optimizer = ["adam", "sgd clip=norm:1"]
model = "softmax"
quick = true
seeds = 3
tune-lr = "1e-2,1e-1"
out = "study"
)");
  const Ended printed = run({"compare", "--config", file, "--seeds", "2", "--print-config"});
  ASSERT_EQ(printed.code, 0) << printed.errors;
  EXPECT_THAT(printed.output, AllOf(HasSubstr("optimizer = [\"adam\",\"sgd clip=norm:1\"]"), HasSubstr("seeds = 2  #"),
                                    HasSubstr("epochs = 2  # "), HasSubstr("tune-lr = \"1e-2,1e-1\"")));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "study"));
  EXPECT_THAT(run({"compare", "--config", write("seeds = 2\n")}).errors, HasSubstr("OPTIMIZER is required"));
}

TEST_F(ConfigFile, ThatIsWrongIsToldWithItsLineAndNothingBegins) {
  const std::string out = (folder.path() / "run").string();
  const auto expect_refused = [&](const std::string& text, const std::string& line, const std::string& said) {
    const Ended ended = run({"train", "--config", write("\n" + text), "--out", out});
    EXPECT_EQ(ended.code, 2) << text;
    EXPECT_THAT(ended.errors, AllOf(HasSubstr("run.toml:" + line + ": "), HasSubstr(said))) << text;
    EXPECT_FALSE(std::filesystem::exists(out)) << text;
  };
  expect_refused("epoch = 3", "2", "epoch is no setting of this command; did you mean epochs?");
  expect_refused("train_limit = 3", "2", "did you mean train-limit?");
  expect_refused("seed = 1\nepochs = \"3\"", "3", "epochs: expected a number");
  expect_refused("epochs = 1.5", "2", "'1.5' is not a whole number");
  expect_refused("seed = -1", "2", "'-1' is not a whole number ≥ 0");
  expect_refused("model = 3", "2", "model: expected text in quotes");
  expect_refused("model = [\"mlp\"]", "2", "model: expected text in quotes");
  expect_refused("dense = []", "2", "dense: expected a list of numbers");
  expect_refused("dense = [1, \"x\"]", "2", "dense: expected a list of numbers");
  expect_refused("overwrite = 1", "2", "overwrite: expected true or false");
  expect_refused("resume = \"x\"", "2", "resume does not go with --out");
  expect_refused("[stop]\nepochs = 3", "2", "stop is no setting of this command");
  expect_refused("config = \"other.toml\"", "2", "config is no setting");
  expect_refused("epochs = 3\nepochs = 4", "3", "no TOML");
  expect_refused("epochs = ", "2", "no TOML");
  expect_refused("model = \"\xff\"", "2", "no TOML");
  expect_refused("data = 1979-05-27", "2", "data: expected text in quotes");
  expect_refused("dense = " + std::string(2000, '[') + std::string(2000, ']'), "2", "no TOML");
  const Ended missing = run({"train", "--config", "nowhere.toml"});
  EXPECT_EQ(missing.code, 2);
  EXPECT_THAT(missing.errors, HasSubstr("nowhere.toml"));
  EXPECT_EQ(run({"train", "--config", folder.path().string()}).code, 2) << "a folder";
  const Ended wrong = run({"train", "--config", write(data() + "epochs = -1\n"), "--out", out});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.errors, AllOf(HasSubstr("epochs = -1 is outside [0, ∞)"), Not(HasSubstr("terminate"))));
}

}  // namespace
}  // namespace thalweg::lab

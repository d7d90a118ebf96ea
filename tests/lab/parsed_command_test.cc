// Tests of commands that are written again from what was parsed.
#include "commands/parsed_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <CLI/CLI.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace thalweg::lab {
namespace {

/// What is written of these arguments, behind `thalweg compare`, with and without `without`.
std::string again(std::vector<std::string> arguments, const std::vector<std::string>& without = {"overwrite"}) {
  CLI::App app{"", "thalweg"};
  CLI::App* const command = app.add_subcommand("compare");
  std::vector<std::string> optimizers, ranges;
  std::vector<std::int64_t> dense;
  std::string out, grid;
  bool overwrite = false, quick = false;
  command->add_option("OPTIMIZER", optimizers);
  command->add_option("--dense", dense)->delimiter(',');
  command->add_option("--range", ranges)->allow_extra_args(false)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_option("--out", out);
  command->add_option("--tune-lr", grid)->expected(0, 1);
  command->add_flag("--overwrite", overwrite);
  command->add_flag("--quick", quick);
  std::string text;
  command->callback([&] { text = parsed_command(*command, without); });
  arguments.insert(arguments.begin(), "compare");
  app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  const std::string head = "cd " + std::filesystem::current_path().string() + " && thalweg compare";
  EXPECT_TRUE(text.starts_with(head)) << text;
  return text.substr(head.size());
}

TEST(ParsedCommand, SaysWhatWasGiven) {
  EXPECT_EQ(again({"rmsprop", "sgd:momentum=0.9", "--out", "runs/a b", "--quick"}),
            " rmsprop sgd:momentum=0.9 --out 'runs/a b' --quick");
  EXPECT_EQ(again({"--dense", "256,64", "--out=x", "rmsprop"}), " rmsprop --dense 256,64 --out x");
  EXPECT_EQ(again({"rmsprop", "--tune-lr"}), " rmsprop --tune-lr");
  EXPECT_EQ(again({"rmsprop", "--out", ""}), " rmsprop --out ''");
  EXPECT_EQ(again({"rmsprop", "--quick=false"}), " rmsprop --quick=false");
  EXPECT_EQ(again({"--range", "lr=0:1", "rmsprop", "--range=a=choice:1|2", "--range=-b"}),
            " rmsprop --range lr=0:1 --range 'a=choice:1|2' --range=-b");
}

TEST(ParsedCommand, LeavesOutFlagsHoweverTheyWereGivenAndNoTextOfAValue) {
  EXPECT_EQ(again({"rmsprop", "--overwrite", "--quick", "--overwrite"}), " rmsprop --quick");
  EXPECT_EQ(again({"rmsprop", "--overwrite=true", "--out", "a"}), " rmsprop --out a");
  EXPECT_EQ(again({"rmsprop", "--out", "a --overwrite b", "--overwrite"}), " rmsprop --out 'a --overwrite b'");
  EXPECT_EQ(again({"rmsprop", "--out", "--overwrite"}), " rmsprop --out=--overwrite");
  EXPECT_EQ(again({"rmsprop", "--overwrite"}, {}), " rmsprop --overwrite");
}

}  // namespace
}  // namespace thalweg::lab

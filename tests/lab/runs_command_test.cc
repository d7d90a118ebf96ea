// Tests of thalweg runs: what it lists, and that it removes nothing but what thalweg wrote.
#include "command.h"
#include "idx_files.h"
#include "store/folder_lock.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace thalweg::lab {
namespace {

using test::Ended;
using testing::HasSubstr;

class RunsCommand : public testing::Test {
 protected:
  RunsCommand() {
    test::write_learnable_dataset(folder_.path(), 200, 40);
    for (const std::string name : {"short", "long"}) {
      const Ended ended = run({"train", "--data", "idx:" + folder_.path().string(), "--dense", "8", "--epochs",
                               name == "long" ? "6" : "1", "--lr", "0.02", "--threads", "1", "--out", path(name)});
      if (ended.code != 0) throw std::runtime_error(ended.errors);
    }
    std::ofstream(path("short/notes.txt")) << "mine";
  }
  std::string path(const std::string& name) const { return (folder_.path() / "runs" / name).string(); }
  Ended run(const std::vector<std::string>& arguments) const { return test::run_command(folder_.path(), arguments); }
  nlohmann::json list() const {
    const Ended ended = run({"runs", "list", path(""), "--json"});
    EXPECT_EQ(ended.code, 0) << ended.errors;
    return nlohmann::json::parse(ended.output);
  }

  test::TemporaryFolder folder_;
};

TEST_F(RunsCommand, ListsWhatIsThereAndDamageToo) {
  std::ofstream(path("short") + "/" + kStudyFile) << "no database";
  const nlohmann::json runs = list();
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[0].at("folder"), path("long"));
  EXPECT_EQ(runs[0].at("kind"), "train");
  EXPECT_EQ(runs[0].at("ended"), 1);
  EXPECT_GT(runs[0].at("value").get<double>(), 0.5);
  EXPECT_EQ(runs[0].at("checkpoint_bytes"), std::filesystem::file_size(path("long/checkpoint.safetensors")));
  EXPECT_GT(runs[0].at("bytes"), runs[0].at("checkpoint_bytes"));
  EXPECT_THAT(runs[1].at("damage").get<std::string>(), HasSubstr("study.sqlite"));
  EXPECT_THAT(run({"runs", "list", path("")}).output, HasSubstr("damaged"));
  EXPECT_EQ(run({"runs", "list", path("nowhere")}).code, 2);
}

TEST_F(RunsCommand, ShowsOneWithItsCommand) {
  const Ended ended = run({"runs", "show", path("long")});
  EXPECT_EQ(ended.code, 0);
  EXPECT_THAT(ended.output, HasSubstr("thalweg train --data"));
  EXPECT_EQ(nlohmann::json::parse(run({"runs", "show", path("long"), "--json"}).output).at("config").at("epochs"), 6);
}

TEST_F(RunsCommand, RemovesOnlyWhenToldAndOnlyWhatIsAStudys) {
  EXPECT_THAT(run({"runs", "delete", path("short")}).output, HasSubstr("Nothing was removed"));
  EXPECT_EQ(list().size(), 2U);
  EXPECT_EQ(run({"runs", "delete", path(""), "--yes"}).code, 0);
  EXPECT_TRUE(std::filesystem::exists(path("short/notes.txt")));
  EXPECT_FALSE(std::filesystem::exists(path("short/study.sqlite")));
  EXPECT_FALSE(std::filesystem::exists(path("long")));
  EXPECT_TRUE(list().empty());
}

TEST_F(RunsCommand, TheBestKeepTheirCheckpoints) {
  EXPECT_EQ(run({"runs", "delete", path(""), "--keep", "1"}).code, 2) << "of what?";
  EXPECT_EQ(run({"runs", "delete", path(""), "--checkpoints", "--keep", "1", "--yes"}).code, 0);
  EXPECT_TRUE(std::filesystem::exists(path("long/checkpoint.safetensors"))) << "six epochs are better than one";
  EXPECT_FALSE(std::filesystem::exists(path("short/checkpoint.safetensors")));
  EXPECT_EQ(run({"report", path("short"), "-o", path("page.html")}).code, 0);
}

TEST_F(RunsCommand, WhatIsInUseStays) {
  const FolderLock lock(path("short"));
  const Ended ended = run({"runs", "delete", path("short"), "--yes"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.errors, HasSubstr("another process is working in this folder"));
  EXPECT_TRUE(std::filesystem::exists(path("short/study.sqlite")));
}

}  // namespace
}  // namespace thalweg::lab

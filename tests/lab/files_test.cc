// Tests of the files that commands are given: outputs that are inputs, and names that are no files.
#include "command.h"
#include "idx_files.h"
#include "store/store.h"
#include "text_file.h"

#include <thalweg/error.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>

namespace thalweg::lab {
namespace {

using test::contents;
using test::Ended;
using test::TemporaryFolder;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;
using testing::ThrowsMessage;

class Files : public testing::Test {
 protected:
  /// Exit code 2 and one line that holds these.
  void refused(const std::vector<std::string>& arguments, const std::vector<std::string>& texts) const {
    const Ended ended = test::run_command(folder_.path(), arguments);
    EXPECT_EQ(ended.code, 2) << testing::PrintToString(arguments) << ended.errors;
    EXPECT_EQ(ended.output, "");
    EXPECT_THAT(ended.errors, StartsWith("thalweg: "));
    EXPECT_EQ(std::ranges::count(ended.errors, '\n'), 1);
    for (const std::string& text : texts) EXPECT_THAT(ended.errors, HasSubstr(text));
  }

  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

  /// A study of one trial that waits.
  void make_study(const std::string& folder, const std::string& name = kStudyFile) const {
    std::filesystem::create_directories(path(folder));
    StudyData study;
    study.name = folder;
    study.kind = "compare";
    study.created = now_utc();
    Store store = Store::create(folder_.path() / folder / name, study);
    TrialData trial;
    trial.optimizer = "sgd";
    store.add_trial(trial);
  }

  TemporaryFolder folder_;
};

TEST_F(Files, AReportReplacesNothingOfARun) {
  make_study("run");
  const std::string study = path("run/study.sqlite"), before = contents(study);
  ASSERT_FALSE(before.empty());
  std::filesystem::create_hard_link(study, path("hard.html"));
  std::filesystem::create_symlink(study, path("soft.html"));
  std::filesystem::create_directory_symlink(path("run"), path("also"));
  for (const char* output : {"run/study.sqlite", "run/../run/study.sqlite", "run/study.sqlite-wal",
                             "run/study.sqlite-shm", "run/checkpoint.safetensors", "elsewhere/study.sqlite"}) {
    refused({"report", path("run"), "-o", path(output)}, {"--output: ", "is the name of a file that runs keep"});
  }
  for (const char* output : {"hard.html", "soft.html"}) {
    refused({"report", path("run"), "-o", path(output)}, {output, "would replace", "study.sqlite, which is read"});
  }
  EXPECT_EQ(contents(study), before);
  // A study by another name, and through a link.
  make_study("named", "mine.db");
  std::filesystem::create_directory_symlink(path("named"), path("link"));
  refused({"report", path("named/mine.db"), "-o", path("link/mine.db")}, {"would replace"});
  refused({"report", path("named/mine.db"), "-o", path("link/mine.db-wal")}, {"belongs to"});
  make_study("csv", "trials.csv");
  refused({"report", path("csv/trials.csv"), "-o", path("page.html"), "--csv", path("csv")},
          {"--csv: ", "would replace"});
  refused({"report", path("run"), "-o", path("numbers/epochs.csv"), "--csv", path("numbers")}, {"--csv: "});
  EXPECT_FALSE(std::filesystem::exists(path("numbers")));
  refused({"report", path("run"), "-o", "trials.csv", "--csv", "."}, {"--csv: "});  // neither is there yet
  EXPECT_EQ(test::run_command(folder_.path(), {"report", path("run"), "-o", path("run/report.html")}).code, 0)
      << "beside the study is a good place";
}

TEST_F(Files, WhatTheSystemRefusesIsToldInWords) {
  const std::string name(300, 'x');  // longer than a name may be
  const Ended ended = test::run_command(folder_.path(), {"report", name});
  EXPECT_NE(ended.code, 0);
  EXPECT_THAT(ended.errors, AllOf(StartsWith("thalweg: xxx"), HasSubstr("File name too long")));
  EXPECT_THAT(ended.errors, testing::Not(HasSubstr("filesystem error")));
}

TEST_F(Files, AComparisonsReportReplacesNoData) {
  test::write_learnable_dataset(folder_.path(), 40, 20);
  const std::string images = path("train-images-idx3-ubyte"), before = contents(images);
  const std::vector<std::string> compare{"compare", "sgd",         "--data",  "idx:" + folder_.path().string(),
                                         "--out",   path("study"), "--report"};
  std::vector<std::string> over_data = compare, over_study = compare;
  over_data.push_back(images);
  refused(over_data, {"--report: ", "would replace"});
  over_study.push_back(path("study/study.sqlite"));
  refused(over_study, {"--report: ", "is the name of a file that runs keep"});
  EXPECT_EQ(contents(images), before);
  EXPECT_FALSE(std::filesystem::exists(path("study")));
}

TEST_F(Files, PagesReplaceOnlyPages) {
  std::ofstream(path("README.md")) << "# My project\n";
  const Ended ended = test::run_command(folder_.path(), {"rules", "--write-pages", folder_.path().string()});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.errors, AllOf(HasSubstr("README.md: is there, and no page of a rule")));
  EXPECT_EQ(contents(path("README.md")), "# My project\n");
  EXPECT_FALSE(std::filesystem::exists(path("rmsprop.md"))) << "all or nothing";
}

TEST_F(Files, WhatIsNoFileIsNotRead) {
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  std::ofstream(path("large")) << std::string(3000, 'x');
  const auto fails = [&](const std::string& file, const char* text) {
    EXPECT_THAT([&] { read_text_file(file, 2048); }, ThrowsMessage<Error>(AllOf(StartsWith(file), HasSubstr(text))));
  };
  fails(path("pipe"), "is a pipe, expected a file");
  fails(folder_.path().string(), "is a folder, expected a file");
  fails("/dev/zero", "is a device, expected a file");
  fails(path("missing"), "cannot be opened: No such file or directory");
  fails(path("large"), "has more than");
  EXPECT_EQ(read_text_file(path("large"), 3000), std::string(3000, 'x'));
  EXPECT_FALSE(read_text_file("/proc/self/status", 1 << 20).empty()) << "files whose size is not known";

  std::filesystem::create_directory(path("run"));
  ASSERT_EQ(mkfifo(path("run/study.sqlite").c_str(), 0600), 0);
  for (const char* command : {"replay", "identify", "report"}) {
    refused({command, path("pipe")}, {"pipe: is a pipe"});
    refused({command, "/dev/zero"}, {"/dev/zero: is a device"});
    refused({command, path("missing")}, {"missing: "});
  }
  for (const char* command : {"replay", "identify"}) refused({command, folder_.path().string()}, {"is a folder"});
  refused({"report", path("run")}, {"study.sqlite: is a pipe"});
}

}  // namespace
}  // namespace thalweg::lab

// Tests of how studies and runs come to be: killed at every call, on full disks, with calls that fail, what is left
// over.
#include "commands/run_folder.h"
#include "idx_files.h"
#include "processes.h"
#include "store/folder_lock.h"
#include "study/study_folder.h"

#include <thalweg/error.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace thalweg::lab {
namespace {

using test::TemporaryFolder;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;
using testing::UnorderedElementsAre;

EpochRecord epoch_record(std::int64_t epoch) {
  EpochRecord record;
  record.epoch = epoch;
  record.step = 10 * epoch;
  return record;
}

TrialData sample_trial() {
  TrialData trial;
  trial.optimizer = "rmsprop";
  trial.status = TrialStatus::finished;
  trial.result.emplace().reason = "enough";
  trial.epochs.push_back(epoch_record(1));
  for (std::int64_t step = 1; step <= 100; ++step) trial.steps.push_back({.step = step, .loss = 1, .lr = 1e-3});
  return trial;
}

CompareConfig compare_config() {
  CompareConfig config;
  config.optimizers = {"rmsprop", "sgd"};
  config.tuning.grid = {1e-3, 1e-2};
  config.tuning.seeds = {101};
  config.seeds = {1, 2};
  return config;
}

TrainingConfig train_config() {
  TrainingConfig config;
  config.optimizer = "rmsprop:lr=0.003";
  return config;
}

std::set<std::string> files_in(const std::filesystem::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.insert(entry.path().filename().string());
  return names;
}

/// What is not about the disk itself is faster in memory.
struct InMemory {
  InMemory() {
    if (std::filesystem::is_directory("/dev/shm")) setenv("TMPDIR", "/dev/shm", 0);
  }
};

class CreationTest : InMemory, public testing::Test {
 protected:
  StudyFolder open_study(bool overwrite = false) const {
    return open_study_folder(out_, compare_config(), "classification", "thalweg compare …", overwrite);
  }
  RunFolder create_run(bool overwrite = false) const {
    return RunFolder::create(out_, train_config(), "classification", overwrite, "thalweg train");
  }
  void remove() const { std::filesystem::remove_all(out_); }
  void expect_study_alone() const { EXPECT_THAT(files_in(out_), UnorderedElementsAre(kStudyFile)); }

  TemporaryFolder folder_;
  std::filesystem::path out_ = folder_.path() / "out";
};

TEST_F(CreationTest, AStudyIsMadeByTheSameCommandWhereverItWasKilled) {
  for (const bool overwrite : {false, true}) {
    const int kills = test::kill_at_every_call(
        [&] {
          remove();
          if (overwrite) open_study().store.add_trial(sample_trial());
        },
        [&] { open_study(overwrite); },
        [&] {
          {
            const StudyFolder study = open_study(overwrite);
            EXPECT_EQ(study.store.load().kind, "compare");
          }
          expect_study_alone();
        });
    EXPECT_GT(kills, 20);
  }
}

TEST_F(CreationTest, ARunIsMadeByTheSameCommandWhereverItWasKilled) {
  for (const bool overwrite : {false, true}) {
    const int kills = test::kill_at_every_call(
        [&] {
          remove();
          if (overwrite) create_run().finish({});
        },
        [&] { create_run(overwrite); },
        [&] {
          create_run(overwrite);
          const StudyData study = Store::open_for_reading(out_ / kStudyFile).load();
          EXPECT_EQ(study.kind, "train");
          ASSERT_EQ(study.trials.size(), 1U);
          EXPECT_EQ(study.trials[0].status, TrialStatus::running);
          expect_study_alone();
        });
    EXPECT_GT(kills, 20);
  }
}

TEST_F(CreationTest, AStudyIsWholeWhereverItsWriterWasKilled) {
  bool added = false;
  const int kills = test::kill_at_every_call(
      [&] {
        remove();
        open_study().store.add_trial(sample_trial());
      },
      [&] { open_study().store.add_trial(sample_trial()); },
      [&] {
        const std::size_t read = Store::open_for_reading(out_ / kStudyFile).load().trials.size();
        const StudyData study = open_study().store.load();
        EXPECT_EQ(read, study.trials.size()) << "a reader sees what the next writer finds";
        EXPECT_GE(study.trials.size(), 1U);
        added = added || study.trials.size() == 2;
        for (const TrialData& trial : study.trials) EXPECT_EQ(trial.steps.size(), 100U);
      });
  EXPECT_GT(kills, 20);
  EXPECT_TRUE(added) << "killed behind its last change, too";
}

TEST_F(CreationTest, AFullDiskIsCalledThatAndTheSameCommandGoesOn) {
  std::filesystem::create_directory(out_);
  const std::string error = test::error_in_child([&] {
    if (!test::mount_small_disk(out_, "4k")) throw std::runtime_error("no disk");
    int refused = 0;
    for (int size = 4; size <= 200; size += 4) {
      for (const bool run : {false, true}) {
        for (const auto& entry : std::filesystem::directory_iterator(out_)) std::filesystem::remove(entry.path());
        test::resize_small_disk(out_, std::to_string(size) + "k");
        const auto work = [&] {
          if (run) {
            create_run().finish({});
          } else {
            open_study().store.add_trial(sample_trial());
          }
        };
        std::string said;
        try {
          work();
        } catch (const Error& full) {
          said = full.what();
        }
        test::resize_small_disk(out_, "10m");
        const std::string at = " (" + std::to_string(size) + " kB)";
        if (said.empty()) continue;
        ++refused;
        if (said.find("disk is full") == std::string::npos && said.find("No space left") == std::string::npos) {
          throw Error("says not that the disk is full: " + said + at);
        }
        work();
        if (Store::open_for_reading(out_ / kStudyFile).load().trials.empty()) throw Error("lost" + at);
      }
    }
    if (refused < 20) throw Error("the disk was never full");
  });
  if (error == "no disk") GTEST_SKIP() << "this user may not mount a disk";
  EXPECT_EQ(error, "");
}

TEST_F(CreationTest, SaysWhichCallFailed) {
  const auto says = [&](std::initializer_list<long> calls, int code, const std::function<void()>& job) {
    return test::error_in_child([&] {
      test::let_calls_fail(calls, code);
      job();
    });
  };
  const auto create = [&] { open_study(); };
  EXPECT_THAT(says({SYS_write}, ENOSPC, create), HasSubstr("No space left on device"));
  EXPECT_THAT(says({SYS_write}, EDQUOT, create), HasSubstr("quota"));
  EXPECT_THAT(says({SYS_fsync}, EIO, create), AllOf(HasSubstr("fsync"), HasSubstr("Input/output error")));
  EXPECT_THAT(says({SYS_flock}, ENOLCK, create), AllOf(HasSubstr("cannot be locked"), HasSubstr("network")));
  EXPECT_THAT(says({SYS_flock}, EOPNOTSUPP, create), HasSubstr("cannot be locked"));
  EXPECT_THAT(files_in(out_), IsEmpty()) << "nothing is left";

  { open_study(); }
  const auto add = [&] { open_study().store.add_trial(sample_trial()); };
  const std::string name = (out_ / kStudyFile).string();
  EXPECT_THAT(says({SYS_pwrite64}, ENOSPC, add), AllOf(HasSubstr(name), HasSubstr("disk is full")));
  EXPECT_THAT(says({SYS_pwrite64}, EDQUOT, add), AllOf(HasSubstr(name), HasSubstr("quota is used up")));
  EXPECT_THAT(says({SYS_pwrite64}, EFBIG, add), AllOf(HasSubstr(name), HasSubstr("ulimit -f")));
  EXPECT_THAT(says({SYS_fsync, SYS_fdatasync}, EIO, add), AllOf(HasSubstr(name), HasSubstr("Input/output error")));
  EXPECT_THAT(open_study().store.load().trials, IsEmpty());
}

TEST_F(CreationTest, WhoHoldsTheLockClearsWhatKilledOnesLeft) {
  std::filesystem::create_directory(out_);
  const auto make = [&](const char* name) { test::write_bytes(out_ / name, {1}); };
  for (const char* name : {"study.sqlite.new", "study.sqlite.new-journal", "study.sqlite.new-wal",
                           "study.sqlite.4321-0.tmp", "checkpoint.safetensors.17-12.tmp"}) {
    make(name);
  }
  { open_study(); }
  expect_study_alone();
  for (const char* name : {"study.sqlite.tmp", "study.sqlite.1.tmp", "study.sqlite.a-1.tmp", "notes.1-2.tmp",
                           "study.sqlite.1-2.tmp.gz", "checkpoint.safetensors.old"}) {
    make(name);
  }
  const std::set<std::string> before = files_in(out_);
  { open_study(); }
  EXPECT_EQ(files_in(out_), before) << "files that thalweg does not make stay";
}

TEST_F(CreationTest, ALogOfAnotherStudyIsNotTakenForTheNewOnes) {
  std::filesystem::create_directory(out_);
  {
    StudyFolder study = open_study();
    study.store.add_trial(sample_trial());
    std::filesystem::copy_file(out_ / "study.sqlite-wal", out_ / "kept");
  }
  std::filesystem::remove(out_ / kStudyFile);
  std::filesystem::rename(out_ / "kept", out_ / "study.sqlite-wal");
  StudyData study;
  study.kind = "compare";
  EXPECT_THAT(Store::create(out_ / kStudyFile, study).load().trials, IsEmpty());
}

TEST_F(CreationTest, TheSecondProcessIsToldWhoTheFirstIs) {
  std::filesystem::create_directory(out_);
  const FolderLock lock(out_);
  const std::string process = "process " + std::to_string(getpid());
  for (const auto& job : {std::function<void()>([&] { open_study(); }), std::function<void()>([&] { create_run(); })}) {
    // Some sandboxes have no /proc/locks.
    const std::string error = test::error_in_child(job);
    EXPECT_THAT(error, HasSubstr("another process is working in this folder"));
    if (std::filesystem::exists("/proc/locks")) {
      EXPECT_THAT(error, HasSubstr("(" + process + ")"));
    }
  }
}

TEST_F(CreationTest, ARunIsReadUnderItsLock) {
  { create_run(); }
  test::write_bytes(out_ / kCheckpointFile, {1});
  const RunFolder first = RunFolder::resume(out_);
  const std::string error = test::error_in_child([&] { RunFolder::resume(out_); });
  EXPECT_THAT(error, HasSubstr("another process is working in this folder")) << "before it has read the checkpoint";
}

TEST_F(CreationTest, OnlyARunWithoutResultIsBegunAnew) {
  const auto refused = [&](const TrainingConfig& config) {
    return test::error_in_child([&] { RunFolder::create(out_, config, "classification", false, "thalweg train"); });
  };
  TrainingConfig other = train_config();
  other.seed = 7;
  { create_run().fail("the disk was full"); }
  EXPECT_EQ(refused(train_config()), "");
  { create_run().add(epoch_record(1)); }
  EXPECT_THAT(refused(other), AllOf(HasSubstr("records of another run"), HasSubstr("--overwrite")));
  EXPECT_EQ(refused(train_config()), "") << "the same configuration gives the same records again";
  { create_run().finish({}); }
  EXPECT_THAT(refused(train_config()), HasSubstr("--overwrite")) << "somebody has removed the checkpoint alone";
  remove();
  { open_study(); }
  EXPECT_THAT(refused(train_config()), HasSubstr("--overwrite"));
  std::filesystem::resize_file(out_ / kStudyFile, 5000);
  EXPECT_THAT(refused(train_config()), AllOf(HasSubstr(kStudyFile), HasSubstr("--overwrite")));
}

TEST_F(CreationTest, AFolderThatIsGoneIsNoticed) {
  const auto elsewhere = folder_.path() / "elsewhere";
  {
    RunFolder run = create_run();
    remove();
    run.fail("nothing more can be kept");  // does not throw
    EXPECT_THAT([&] { run.finish({}); }, ThrowsMessage<Error>(HasSubstr("was removed, moved or replaced")));
  }
  for (const bool replaced : {false, true}) {
    StudyFolder study = open_study();
    std::filesystem::rename(out_, elsewhere);
    if (replaced) std::filesystem::copy(elsewhere, out_);
    EXPECT_THAT([&] { study.store.add_trial(sample_trial()); },
                ThrowsMessage<Error>(HasSubstr("was removed, moved or replaced")));
    EXPECT_THAT([&] { study.store.load(); }, ThrowsMessage<Error>(HasSubstr("was removed, moved or replaced")));
    remove();
    std::filesystem::remove_all(elsewhere);
  }
}

}  // namespace
}  // namespace thalweg::lab

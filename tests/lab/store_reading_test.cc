// Tests of reading a study: nothing is written beside it, whoever reads, whoever writes meanwhile; damage is noticed.
#include "idx_files.h"
#include "processes.h"
#include "store/store.h"
#include "study/study_folder.h"

#include <thalweg/error.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <fstream>
#include <map>
#include <random>
#include <thread>

namespace thalweg::lab {
namespace {

using test::TemporaryFolder;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;

constexpr const char* kCommand = "thalweg compare rmsprop sgd --out study";

TrialData sample_trial(double loss = 1.5) {
  TrialData trial;
  trial.optimizer = "rmsprop";
  trial.lr = 1e-3;
  trial.status = TrialStatus::finished;
  TrainingResult& result = trial.result.emplace();
  result.epochs = 2;
  result.steps = 40;
  result.test = {{"loss", 0.5}, {"accuracy", 0.75}};
  for (const std::int64_t epoch : {1, 2}) {
    EpochRecord& record = trial.epochs.emplace_back();
    record.epoch = epoch;
    record.step = 20 * epoch;
    record.train["loss"] = 0.3 / static_cast<double>(epoch);
    record.units = {{"dense1", 128, epoch}};
  }
  for (std::int64_t step = 1; step <= 40; ++step) trial.steps.push_back({.step = step, .loss = loss, .lr = 1e-3});
  for (std::int64_t step = 10; step <= 40; step += 10) {
    trial.diagnostics.push_back(
        {.step = step,
         .gradient_norm = 1,
         .clipped_norm = 0.5,
         .greatest_norm = 2,
         .layers = {{"a.weight", 12, 1e-9, 0.5, 0.25, 1.0 / 12, 0}, {"a.bias", 3, 1, 2, 3, 0, 2}}});
  }
  return trial;
}

/// All of a study, NaN included.
std::string text_of(const StudyData& study) {
  std::string text = study.name + study.kind + study.command + study.created + study.config.dump() +
                     study.environment.dump() + study.outcome.dump();
  for (const TrialData& trial : study.trials) {
    text += nlohmann::json{trial.id,
                           trial.optimizer,
                           trial.lr,
                           trial.config,
                           to_string(trial.role),
                           to_string(trial.status),
                           trial.error,
                           trial.epochs,
                           trial.steps,
                           trial.diagnostics,
                           trial.result ? nlohmann::json(*trial.result) : nlohmann::json()}
                .dump();
  }
  return text;
}

/// Names, sizes and times of change of all that is in a folder.
std::map<std::string, std::string> traces(const std::filesystem::path& folder) {
  std::map<std::string, std::string> traces;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    traces[entry.path().filename().string()] =
        std::to_string(entry.file_size()) + ' ' + std::to_string(entry.last_write_time().time_since_epoch().count());
  }
  traces["."] = std::to_string(std::filesystem::last_write_time(folder).time_since_epoch().count());
  return traces;
}

class ReadingTest : public testing::Test {
 protected:
  static StudyData sample_study() {
    StudyData study;
    study.name = "sample";
    study.kind = "compare";
    study.command = kCommand;
    study.created = now_utc();
    study.config = {{"optimizers", {"rmsprop"}}};
    study.environment = {{"versions", {{"thalweg", "0"}}}};
    return study;
  }

  void create(int trials) const {
    std::filesystem::remove(file_);
    Store store = Store::create(file_, sample_study());
    for (int i = 0; i < trials; ++i) store.add_trial(sample_trial());
  }
  /// A study with a log that was not merged, as a killed process leaves it.
  void create_killed(int trials) const {
    const auto folder = folder_.path() / "writer";
    std::filesystem::create_directory(folder);
    Store store = Store::create(folder / kStudyFile, sample_study());
    for (int i = 0; i < trials; ++i) store.add_trial(sample_trial());
    for (const char* const part : {"", "-wal"}) {
      std::filesystem::copy_file((folder / kStudyFile).string() + part, file_.string() + part);
    }
  }
  StudyData read() const { return Store::open_for_reading(file_).load(); }
  void run_sql(const std::string& sql) const {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(file_.c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
    sqlite3_close(database);
  }
  void flip(const std::filesystem::path& file, std::size_t byte, int bit) const {
    std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
    stream.seekg(static_cast<std::streamoff>(byte));
    const int value = stream.get() ^ (1 << bit);
    stream.seekp(static_cast<std::streamoff>(byte));
    stream.put(static_cast<char>(value));
  }
  std::string bytes() const {
    std::ifstream stream(file_, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  TemporaryFolder folder_;
  std::filesystem::path study_ = folder_.path() / "study", file_ = study_ / kStudyFile;

  ReadingTest() { std::filesystem::create_directory(study_); }
};

TEST_F(ReadingTest, LeavesNoTrace) {
  create(3);
  const auto closed = traces(study_);
  EXPECT_EQ(read().trials.size(), 3U);
  EXPECT_EQ(traces(study_), closed);

  Store writer = Store::open(file_);
  writer.add_trial(sample_trial());
  const auto open = traces(study_);
  EXPECT_EQ(read().trials.size(), 4U) << "with what is only in the log yet";
  EXPECT_EQ(traces(study_), open);
}

TEST_F(ReadingTest, ReadsTheLogOfAKilledProcess) {
  create_killed(5);
  const auto before = traces(study_);
  const std::string text = text_of(read());
  EXPECT_EQ(traces(study_), before);
  EXPECT_EQ(text_of(Store::open(file_).load()), text) << "as SQLite reads it";
}

TEST_F(ReadingTest, AnotherUserReadsWhatThatUserMayRead) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));
  const auto as_nobody = [&](std::size_t trials) {
    return test::error_in_child([&] {
      test::become_nobody();
      if (read().trials.size() != trials) throw Error("other trials");
    });
  };
  create(2);
  EXPECT_EQ(as_nobody(2), "");
  {
    Store writer = Store::open(file_);
    writer.add_trial(sample_trial());
    EXPECT_EQ(as_nobody(3), "") << "while it is written";
  }
  std::filesystem::remove(file_);
  create_killed(4);
  EXPECT_EQ(as_nobody(4), "") << "a log that waits for its merging";
  std::filesystem::permissions(file_.string() + "-wal", std::filesystem::perms(0600));
  EXPECT_THAT(as_nobody(4), AllOf(HasSubstr("study.sqlite-wal"), HasSubstr("Permission denied"), HasSubstr("latest")));
  std::filesystem::permissions(file_, std::filesystem::perms(0600));
  EXPECT_THAT(as_nobody(4), AllOf(HasSubstr("study.sqlite"), HasSubstr("Permission denied")));
  const std::string writing = test::error_in_child([&] {
    std::filesystem::permissions(file_, std::filesystem::perms(0644));
    std::filesystem::permissions(file_.string() + "-wal", std::filesystem::perms(0644));
    test::become_nobody();
    Store::open(file_);
  });
  EXPECT_THAT(writing, AllOf(HasSubstr("study.sqlite"), HasSubstr("may not be written")));
}

TEST_F(ReadingTest, IsOneMomentsStateWhateverIsWrittenMeanwhile) {
  { const Store store = Store::create(file_, sample_study()); }
  std::atomic<bool> done = false;
  std::thread writing([&] {
    Store store = Store::open(file_);
    TrialData trial = sample_trial();
    for (std::int64_t step = 41; step <= 3000; ++step) trial.steps.push_back({.step = step, .loss = 1, .lr = 1});
    for (int i = 0; i < 60; ++i) store.add_trial(trial);  // about three times the log's size before it is merged
    done = true;
  });
  std::size_t last = 0;
  for (bool more = true; more;) {
    more = !done;
    const StudyData study = read();  // which verifies all checksums
    EXPECT_GE(study.trials.size(), last);
    last = study.trials.size();
  }
  writing.join();
  EXPECT_EQ(last, 60U);
}

TEST_F(ReadingTest, DamageInTheLogIsNoticed) {
  create_killed(5);
  const std::string text = text_of(read());
  const auto log = file_.string() + "-wal";
  const auto size = static_cast<std::size_t>(std::filesystem::file_size(log));
  std::mt19937 random(7);
  int noticed = 0;
  for (int i = 0; i < 200; ++i) {
    const std::size_t byte = i < 32 ? static_cast<std::size_t>(i) : random() % size;
    const int bit = static_cast<int>(random() % 8);
    flip(log, byte, bit);
    try {
      // Damage among the last frames looks like that of a power cut: what they changed does not count.
      const StudyData study = read();
      EXPECT_GE(study.trials.size(), 3U) << "byte " << byte;
      EXPECT_TRUE(study.trials.size() < 5 || text_of(study) == text) << "byte " << byte;
    } catch (const Error& error) {
      ++noticed;
      EXPECT_THAT(error.what(), HasSubstr("study.sqlite"));
      EXPECT_THROW(Store::open(file_), Error) << "nor is it written to";
    }
    flip(log, byte, bit);
  }
  EXPECT_GT(noticed, 100);
  EXPECT_EQ(text_of(read()), text);
}

TEST_F(ReadingTest, EveryFlippedBitIsNoticedOrMeansNothing) {
  create(6);
  const std::string text = text_of(read());
  const std::size_t size = bytes().size();
  std::mt19937 random(5);
  int noticed = 0;
  constexpr int kFlips = 600;
  for (int i = 0; i < kFlips; ++i) {
    const std::size_t byte = i < 100 ? static_cast<std::size_t>(i) : random() % size;
    const int bit = static_cast<int>(random() % 8);
    flip(file_, byte, bit);
    try {
      EXPECT_TRUE(text_of(read()) == text) << "byte " << byte << ", bit " << bit;
    } catch (const Error& error) {
      ++noticed;
      EXPECT_THAT(error.what(), HasSubstr("study.sqlite"));
    }
    flip(file_, byte, bit);
  }
  EXPECT_GT(noticed, kFlips / 20);
  EXPECT_EQ(text_of(read()), text);
}

/// Changes one loss of one trial on the disk, where nobody notices but the checksum.
class DamagedTrial : public ReadingTest {
 protected:
  void damage() const {
    {
      Store store = Store::create(file_, sample_study());
      store.add_trial(sample_trial());
      store.add_trial(sample_trial(-123.456));
      store.add_trial(sample_trial());
    }
    const std::string whole = bytes();
    const double loss = -123.456;
    std::string big_endian(reinterpret_cast<const char*>(&loss), sizeof loss);
    if constexpr (std::endian::native == std::endian::little) std::ranges::reverse(big_endian);
    const std::size_t at = whole.find(big_endian);
    ASSERT_NE(at, std::string::npos);
    flip(file_, at + 6, 3);
  }
};

TEST_F(DamagedTrial, IsNamedWithWhatToDo) {
  damage();
  EXPECT_THAT([&] { read(); },
              ThrowsMessage<Error>(AllOf(HasSubstr(file_.string()), HasSubstr("trial 2 is not"), HasSubstr(kCommand))));
}

TEST_F(DamagedTrial, IsForgottenSoThatItCanBeTrainedAnew) {
  damage();
  Store store = Store::open(file_);
  EXPECT_THAT(store.remove_damaged(), ElementsAre(2));
  EXPECT_THAT(store.remove_damaged(), IsEmpty());
  const StudyData study = store.load();
  ASSERT_EQ(study.trials.size(), 2U);
  EXPECT_EQ(study.trials[0].id, 1);
  EXPECT_EQ(study.trials[1].id, 3);
}

TEST_F(DamagedTrial, StaysWhereTheCommandIsRefused) {
  damage();
  const std::string before = bytes();
  CompareConfig other;
  other.optimizers = {"adam"};
  EXPECT_THAT([&] { open_study_folder(file_.parent_path(), other, "classification", "thalweg compare adam", false); },
              ThrowsMessage<Error>(HasSubstr("holds another comparison")));
  EXPECT_EQ(bytes(), before);
}

TEST_F(ReadingTest, WhoeverChangesARowTakesItsChecksumAway) {
  create(3);
  run_sql("UPDATE trials SET error = 'seen' WHERE id = 1; UPDATE study SET name = 'mine'");
  run_sql(
      "DELETE FROM steps WHERE trial = 2 AND step = 4; UPDATE scores SET value = 7 WHERE trial = 2 AND metric = "
      "'loss'");
  run_sql("INSERT INTO steps VALUES (3, 999, 1, 1)");
  const StudyData study = read();
  EXPECT_EQ(study.name, "mine");
  EXPECT_EQ(study.trials[1].steps.size(), 39U);
  EXPECT_EQ(study.trials[2].steps.size(), 41U);
}

TEST_F(ReadingTest, StudiesOfEarlierVersionsOpenAndGoOn) {
  create(2);
  for (const char* const table : {"trials", "epochs", "steps"}) {
    for (const char* const event : {"INSERT", "UPDATE", "DELETE"}) {
      run_sql(std::string("DROP TRIGGER ") + table + "_" + event + "_checksum");
    }
  }
  run_sql("DROP TRIGGER study_UPDATE_checksum; DROP TABLE checksums");
  EXPECT_EQ(read().trials.size(), 2U);
  {
    Store store = Store::open(file_);
    EXPECT_EQ(store.load().trials.size(), 2U);
    store.add_trial(sample_trial());
  }
  EXPECT_EQ(read().trials.size(), 3U);
}

TEST_F(ReadingTest, NumbersOutOfTheirRangeAreNamed) {
  create(1);
  const auto says = [&](const std::string& sql, const char* what) {
    const std::string before = bytes();
    run_sql(sql);
    EXPECT_THAT([&] { read(); }, ThrowsMessage<Error>(AllOf(HasSubstr(file_.string()), HasSubstr(what))));
    std::ofstream(file_, std::ios::binary) << before;
  };
  says("UPDATE epochs SET epoch = -1 WHERE epoch = 1", "epoch = -1");
  says("UPDATE epochs SET step = 9223372036854775807", "step = 9");
  says("UPDATE epochs SET seconds = -1", "seconds = -1");
  says("INSERT INTO scores VALUES (1, 1, 'validation', 'accuracy', 1.5)", "accuracy = 1.5");
  says("INSERT INTO scores VALUES (1, 1, 'nowhere', 'accuracy', 0.5)", "unknown part 'nowhere'");
  says("INSERT INTO scores VALUES (1, 77, 'train', 'accuracy', 0.5)", "epoch 77");
  says("UPDATE scores SET metric = 'acuracy' WHERE metric = 'accuracy'", "'acuracy'");
  says("UPDATE steps SET step = -5 WHERE step = 5", "step = -5");
  says("UPDATE units SET dead = 129", "dead = 129");
  says("UPDATE units SET epoch = 9 WHERE epoch = 1", "units of epoch 9");
  says("UPDATE gradients SET step = -5 WHERE step = 10", "step = -5");
  says("UPDATE layers SET step = 77 WHERE step = 10", "layers of step 77");
  says("UPDATE layers SET zero_share = 1.5", "zero_share = 1.5");
  says("UPDATE trials SET epochs = -3", "epochs = -3");
  says("UPDATE scores SET value = 75 WHERE part = 'test' AND metric = 'accuracy'", "accuracy = 75");
  says("UPDATE trials SET seconds = 9e999", "seconds = inf");
}

}  // namespace
}  // namespace thalweg::lab

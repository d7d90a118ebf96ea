// Tests of the store: what goes in comes out, readers beside the writer, damaged and foreign files, full disks.
#include "store/store.h"

#include "idx_files.h"
#include "store/folder_lock.h"

#include <thalweg/error.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include <cmath>
#include <csignal>
#include <limits>

namespace thalweg::lab {
namespace {

using test::TemporaryFolder;
using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

StudyData sample_study() {
  StudyData study;
  study.name = "first — „Größe“ 'quoted'";
  study.kind = "compare";
  study.command = "thalweg compare rmsprop 'a b'";
  study.created = now_utc();
  study.config = {{"optimizers", {"rmsprop"}}, {"x", 0.1}};
  study.environment = {{"versions", {{"thalweg", "0"}}}};
  return study;
}

TrialData sample_trial() {
  TrialData trial;
  trial.optimizer = "rmsprop:alpha=0.9";
  trial.lr = 1.0 / 3;
  trial.role = TrialRole::tune;
  trial.config.seed = std::numeric_limits<std::uint64_t>::max();
  trial.config.optimizer = "rmsprop:alpha=0.9";
  trial.config.stop.steps = 17;
  trial.status = TrialStatus::finished;
  trial.result =
      TrainingResult{.outcome = Outcome::stopped,
                     .reason = "patience",
                     .epochs = 2,
                     .steps = 17,
                     .test = MetricValues{{"accuracy", 0.1 + 0.2}},
                     .seconds = 1.5,
                     .review = Review{.examples = 3,
                                      .classes = {"ä", "\n"},
                                      .confusions = {{0, 1, 3}},
                                      .misses = {{.row = 2, .truth = 0, .prediction = 1, .probability = 0.1}}}};
  trial.epochs.push_back({.epoch = 1,
                          .step = 10,
                          .lr = 1e-3,
                          .train = {{"loss", std::numeric_limits<double>::quiet_NaN()}, {"accuracy", 0.5}},
                          .validation = MetricValues{{"loss", std::numeric_limits<double>::infinity()}},
                          .seconds = 0.25,
                          .examples_per_second = 1e5,
                          .units = {{"dense1", 128, 3}, {"dense2", 64, 64}}});
  trial.epochs.push_back(
      {.epoch = 2, .step = 17, .lr = 1e-4, .validation = MetricValues{{"loss", 0.0}, {"accuracy", 1.0}}});
  trial.diagnostics = {{.step = 5,
                        .gradient_norm = 1.0 / 3,
                        .clipped_norm = 5e-324,
                        .greatest_norm = 7,
                        .layers = {{"b.weight", 12, 1e-9, 0.5, 0.25, 1.0 / 12, 0}, {"a.bias", 3, 1, 2, 3, 0, 2}}},
                       {.step = 11,
                        .gradient_norm = 1,
                        .clipped_norm = 1,
                        .greatest_norm = 2,
                        .layers = {{"b.weight", 12, 1, 1, 1, 0, 0}}},
                       {.step = 12, .gradient_norm = 1, .clipped_norm = 1, .greatest_norm = 2, .layers = {}}};
  trial.steps = {{.step = 5, .loss = 2.25, .lr = 1e-3}, {.step = 10, .loss = 5e-324, .lr = 1e-3}};
  return trial;
}

/// All of a trial but its id as text, NaN included.
std::string text_of(const TrialData& trial) {
  nlohmann::json json{{"optimizer", trial.optimizer}, {"lr", trial.lr},       {"role", to_string(trial.role)},
                      {"config", trial.config},       {"error", trial.error}, {"status", to_string(trial.status)},
                      {"epochs", trial.epochs},       {"steps", trial.steps}, {"diagnostics", trial.diagnostics}};
  if (trial.result) json["result"] = *trial.result;
  return json.dump();
}

void run_sql(const std::filesystem::path& file, const char* sql) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &database), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
  sqlite3_close(database);
}

class StoreTest : public testing::Test {
 protected:
  TemporaryFolder folder_;
  std::filesystem::path file_ = folder_.path() / kStudyFile;
};

TEST_F(StoreTest, GivesBackWhatWasStored) {
  const StudyData study = sample_study();
  const TrialData trial = sample_trial();
  std::int64_t id = 0;
  {
    Store store = Store::create(file_, study);
    id = store.add_trial(trial);
    store.set_outcome({{"warnings", {"one"}}});
  }
  const StudyData loaded = Store::open_for_reading(file_).load();
  EXPECT_EQ(loaded.name, study.name);
  EXPECT_EQ(loaded.kind, study.kind);
  EXPECT_EQ(loaded.command, study.command);
  EXPECT_EQ(loaded.created, study.created);
  EXPECT_EQ(loaded.config, study.config);
  EXPECT_EQ(loaded.environment, study.environment);
  EXPECT_EQ(loaded.outcome["warnings"][0], "one");
  ASSERT_EQ(loaded.trials.size(), 1U);
  EXPECT_EQ(loaded.trials[0].id, id);
  EXPECT_EQ(text_of(loaded.trials[0]), text_of(trial));
  // JSON shows neither NaN nor infinity.
  EXPECT_TRUE(std::isnan(loaded.trials[0].epochs[0].train.at("loss")));
  EXPECT_EQ(loaded.trials[0].epochs[0].validation->at("loss"), std::numeric_limits<double>::infinity());
  EXPECT_FALSE(loaded.trials[0].epochs[0].validation->contains("accuracy"));
}

TEST_F(StoreTest, RecordsATrialAsItRuns) {
  Store store = Store::create(file_, sample_study());
  TrialData trial = sample_trial();
  const TrainingResult result = *trial.result;
  const std::vector<EpochRecord> epochs = std::exchange(trial.epochs, {});
  const std::vector<StepRecord> steps = std::exchange(trial.steps, {});
  const std::vector<DiagnosticRecord> diagnostics = std::exchange(trial.diagnostics, {});
  trial.result.reset();
  trial.status = TrialStatus::pending;
  const std::int64_t id = store.add_trial(trial);
  store.restart(id);
  EXPECT_EQ(store.load().trials[0].status, TrialStatus::running);
  store.add_records(id, steps, diagnostics, epochs);
  store.finish(id, result);
  EXPECT_EQ(text_of(store.load().trials[0]), text_of(sample_trial()));

  store.resume(id, 10);
  TrialData half = store.load().trials[0];
  EXPECT_EQ(half.status, TrialStatus::running);
  EXPECT_EQ(half.epochs.size(), 1U);
  EXPECT_EQ(half.steps.size(), 2U);
  ASSERT_EQ(half.diagnostics.size(), 1U);
  EXPECT_EQ(nlohmann::json(half.diagnostics[0]), nlohmann::json(diagnostics[0]));
  EXPECT_FALSE(half.result);

  store.fail(id, "killed");
  EXPECT_EQ(store.load().trials[0].error, "killed");
  EXPECT_EQ(store.load().trials[0].status, TrialStatus::failed);
  store.restart(id);
  const TrialData again = store.load().trials[0];
  EXPECT_TRUE(again.epochs.empty());
  EXPECT_TRUE(again.steps.empty());
  EXPECT_EQ(again.error, "");

  store.remove(id);
  EXPECT_TRUE(store.load().trials.empty());
}

TEST_F(StoreTest, RemovesATrialsRecordsWithIt) {
  Store store = Store::create(file_, sample_study());
  const std::int64_t id = store.add_trial(sample_trial());
  store.remove(id);
  TrialData bare = sample_trial();
  bare.epochs.clear();
  bare.steps.clear();
  ASSERT_EQ(store.add_trial(bare), id) << "SQLite gives the id again, so that left-over records would show";
  EXPECT_TRUE(store.load().trials[0].epochs.empty());
  EXPECT_TRUE(store.load().trials[0].steps.empty());
}

TEST_F(StoreTest, NamesATrialThatIsNotThere) {
  Store store = Store::create(file_, sample_study());
  EXPECT_THAT([&] { store.finish(7, {}); }, ThrowsMessage<Error>(HasSubstr("there is no trial 7")));
  EXPECT_THAT([&] { store.restart(7); }, ThrowsMessage<Error>(HasSubstr("there is no trial 7")));
  EXPECT_THROW(store.add_records(7, {}, {}, std::vector<EpochRecord>(1)), Error);
}

TEST_F(StoreTest, IsReadableWhileItIsWritten) {
  Store writer = Store::create(file_, sample_study());
  const Store reader = Store::open_for_reading(file_);
  EXPECT_TRUE(reader.load().trials.empty());
  for (std::size_t i = 1; i <= 20; ++i) {
    writer.add_trial(sample_trial());
    EXPECT_EQ(reader.load().trials.size(), i);
    EXPECT_EQ(Store::open_for_reading(file_).load().trials.size(), i);
  }
}

TEST_F(StoreTest, KeepsWhatWasWrittenBeforeACrash) {
  {
    Store store = Store::create(file_, sample_study());
    store.add_trial(sample_trial());
    // What a killed process leaves: the database and a log that was not merged.
    for (const char* part : {"", "-wal"}) {
      std::filesystem::copy_file(file_.string() + part, folder_.path() / ("copy" + std::string(part)));
    }
  }
  EXPECT_EQ(Store::open(folder_.path() / "copy").load().trials.size(), 1U);
}

TEST_F(StoreTest, DoesNotReplaceAStudy) {
  { const Store store = Store::create(file_, sample_study()); }
  EXPECT_THAT([&] { Store::create(file_, sample_study()); }, ThrowsMessage<Error>(HasSubstr("exists already")));
}

TEST_F(StoreTest, RefusesForeignAndDamagedFiles) {
  const auto refuses = [&](const std::filesystem::path& file, const char* reason) {
    const auto message = AllOf(HasSubstr(file.string()), HasSubstr(reason));
    EXPECT_THAT([&] { Store::open(file); }, ThrowsMessage<Error>(message));
    EXPECT_THAT([&] { Store::open_for_reading(file); }, ThrowsMessage<Error>(message));
  };
  refuses(folder_.path() / "missing", "no such file");
  refuses(folder_.path(), "is not a regular file");
  const auto empty = folder_.path() / "empty", text = folder_.path() / "text", foreign = folder_.path() / "foreign";
  test::write_bytes(empty, {});
  refuses(empty, "empty");
  test::write_bytes(text, test::Bytes(5000, 'x'));
  refuses(text, "not a database");
  run_sql(foreign, "CREATE TABLE study (id)");
  refuses(foreign, "no study of thalweg");

  {
    Store store = Store::create(file_, sample_study());
    for (int i = 0; i < 50; ++i) store.add_trial(sample_trial());
  }
  const std::uintmax_t size = std::filesystem::file_size(file_);
  const auto newer = folder_.path() / "newer", cut = folder_.path() / "cut", scratched = folder_.path() / "scratched",
             hollow = folder_.path() / "hollow";
  for (const auto& file : {newer, cut, scratched, hollow}) std::filesystem::copy_file(file_, file);
  run_sql(newer, "PRAGMA user_version = 999");
  refuses(newer, "newer thalweg (schema 999");
  run_sql(hollow, "DELETE FROM study");
  refuses(hollow, "holds no study");
  std::filesystem::resize_file(cut, size / 2);
  refuses(cut, "");
  std::fstream stream(scratched, std::ios::binary | std::ios::in | std::ios::out);
  stream.seekp(4096);
  for (std::uintmax_t i = 4096; i < size; ++i) stream.put('\x5a');
  stream.close();
  refuses(scratched, "");
}

TEST_F(StoreTest, SaysWhereAValueHasNoMeaning) {
  {
    Store store = Store::create(file_, sample_study());
    store.add_trial(sample_trial());
  }
  const auto says = [&](const char* sql, const char* reason) {
    run_sql(file_, sql);
    EXPECT_THAT([&] { Store::open_for_reading(file_).load(); },
                ThrowsMessage<Error>(AllOf(HasSubstr(file_.string()), HasSubstr(reason))));
  };
  says("UPDATE trials SET config = '{\"batches\": 3}'", "batches");
  says("UPDATE trials SET config = '{}', outcome = 'great'", "great");
  says("UPDATE study SET environment = '{'", "damaged");
}

TEST_F(StoreTest, IsWholeAfterTheDiskWasFull) {
  Store store = Store::create(file_, sample_study());
  store.add_trial(sample_trial());
  TrialData large = sample_trial();
  for (std::int64_t step = 11; step < 100'000; ++step) large.steps.push_back({.step = step, .loss = 1, .lr = 1});

  // A limit on the size of files stands for a full disk.
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{.rlim_cur = 300'000, .rlim_max = before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  EXPECT_THAT([&] { store.add_trial(large); },
              ThrowsMessage<Error>(AllOf(HasSubstr(file_.string()), HasSubstr("ulimit -f"))));
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);

  EXPECT_EQ(store.load().trials.size(), 1U);
  store.add_trial(large);
  EXPECT_EQ(Store::open_for_reading(file_).load().trials.at(1).steps.size(), large.steps.size());
}

TEST_F(StoreTest, FindsTheStudyOfAFolder) {
  EXPECT_THAT([&] { find_study(folder_.path()); }, ThrowsMessage<Error>(HasSubstr("no run or study")));
  EXPECT_THAT([&] { find_study(folder_.path() / "x"); }, ThrowsMessage<Error>(HasSubstr("no such file or folder")));
  { const Store store = Store::create(file_, sample_study()); }
  EXPECT_EQ(find_study(folder_.path()), file_);
  EXPECT_EQ(find_study(file_), file_);
}

TEST_F(StoreTest, FolderIsLockedUntilTheLockIsGone) {
  {
    const FolderLock lock(folder_.path());
    EXPECT_THAT([&] { FolderLock second(folder_.path()); }, ThrowsMessage<Error>(HasSubstr("another process")));
  }
  const FolderLock lock(folder_.path());
  EXPECT_THROW(FolderLock(folder_.path() / "missing"), Error);
}

}  // namespace
}  // namespace thalweg::lab

// Files that a thalweg of before the first schema of tasks has written: they open, go on and keep their damage.
#include "command.h"
#include "idx_files.h"
#include "report/report.h"
#include "store/store.h"
#include "tasks/metric.h"

#include <thalweg/error.h>

#include <gmock/gmock.h>
#include <sqlite3.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace thalweg::lab {
namespace {

using ::testing::HasSubstr;

const std::filesystem::path kFiles = THALWEG_SCHEMA1;

/// A CSV file without quotes: a map of column to text for each row.
std::vector<std::map<std::string, std::string>> read_rows(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::vector<std::map<std::string, std::string>> rows;
  std::vector<std::string> heads;
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    std::istringstream fields(line + ",");
    std::vector<std::string> cells;
    for (std::string cell; std::getline(fields, cell, ',');) cells.push_back(cell);
    if (heads.empty()) {
      heads = cells;
      continue;
    }
    auto& row = rows.emplace_back();
    for (std::size_t i = 0; i < heads.size(); ++i) row[heads[i]] = cells.at(i);
  }
  return rows;
}

class Schema1 : public testing::Test {
 protected:
  Schema1() {
    std::filesystem::copy(kFiles, folder_.path(),
                          std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing);
  }
  std::filesystem::path study() const { return folder_.path() / "study.sqlite"; }
  std::filesystem::path run() const { return folder_.path() / "run"; }
  std::string data() const { return "idx:" + (folder_.path() / "data").string(); }
  void run_sql(const std::filesystem::path& file, const std::string& sql) const {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(file.c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
    sqlite3_close(database);
  }

  test::TemporaryFolder folder_;
};

TEST_F(Schema1, HoldsWhatItHeld) {
  const std::string before = test::contents(study());
  const StudyData loaded = Store::open_for_reading(study()).load();
  EXPECT_EQ(test::contents(study()), before) << "reading changes nothing";
  EXPECT_EQ(loaded.task, "classification");
  const auto trials = read_rows(kFiles / "trials.csv"), epochs = read_rows(kFiles / "epochs.csv");
  ASSERT_EQ(loaded.trials.size(), trials.size());
  std::size_t records = 0;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    const TrialData& trial = loaded.trials[i];
    EXPECT_EQ(std::to_string(trial.config.seed), trials[i].at("seed"));
    EXPECT_EQ(trial.config.stop.goal, 0.99);
    ASSERT_TRUE(trial.result);
    if (trials[i].at("test_accuracy").empty()) {
      EXPECT_FALSE(trial.result->test);
    } else {
      EXPECT_EQ(trial.result->test->at("accuracy"), std::stod(trials[i].at("test_accuracy")));
      EXPECT_EQ(trial.result->test->at("loss"), std::stod(trials[i].at("test_loss")));
    }
    for (const EpochRecord& record : trial.epochs) {
      const auto& row = epochs.at(records++);
      EXPECT_EQ(record.train.at("loss"), std::stod(row.at("train_loss")));
      EXPECT_EQ(record.train.at("accuracy"), std::stod(row.at("train_accuracy")));
      EXPECT_EQ(record.validation->at("loss"), std::stod(row.at("validation_loss")));
      EXPECT_EQ(record.validation->at("accuracy"), std::stod(row.at("validation_accuracy")));
      EXPECT_EQ(record.examples_per_second, std::stod(row.at("images_per_second")));
    }
  }
  EXPECT_EQ(records, epochs.size());
  EXPECT_THAT(report_text({&loaded, 1}), HasSubstr("seeds: 92.50, 95.00, 97.50"));
}

TEST_F(Schema1, IsBroughtUpToDateByAWriterAndKeepsItsChecksums) {
  const StudyData before = Store::open_for_reading(study()).load();
  { const Store store = Store::open(study()); }
  const StudyData after = Store::open_for_reading(study()).load();
  ASSERT_EQ(after.trials.size(), before.trials.size());
  for (std::size_t i = 0; i < before.trials.size(); ++i) {
    EXPECT_EQ(nlohmann::json(*after.trials[i].result), nlohmann::json(*before.trials[i].result));
    EXPECT_EQ(nlohmann::json(after.trials[i].epochs), nlohmann::json(before.trials[i].epochs));
  }
  run_sql(study(), "DROP TRIGGER scores_UPDATE_checksum; UPDATE scores SET value = 0.5 WHERE trial = 3 AND epoch = 1");
  EXPECT_THAT([&] { Store::open_for_reading(study()).load(); },
              testing::ThrowsMessage<Error>(HasSubstr("trial 3 is not what was written")));
}

TEST_F(Schema1, DamageIsStillKnownAfterwards) {
  run_sql(study(), "DROP TRIGGER epochs_UPDATE_checksum; UPDATE epochs SET train_loss = 7 WHERE trial = 2");
  const auto says = testing::ThrowsMessage<Error>(HasSubstr("trial 2 is not what was written"));
  EXPECT_THAT([&] { Store::open_for_reading(study()).load(); }, says);
  Store store = Store::open(study());
  EXPECT_THAT([&] { store.load(); }, says);
  EXPECT_THAT(store.remove_damaged(), testing::ElementsAre(2));
  EXPECT_EQ(store.load().trials.size(), 11u);
}

TEST_F(Schema1, AStudyTakesMoreSeeds) {
  const std::filesystem::path out = folder_.path() / "study";
  std::filesystem::create_directory(out);
  std::filesystem::rename(study(), out / "study.sqlite");
  const auto compare = [&](const char* seeds) {
    return test::run_command(
        folder_.path(),
        {"compare", "rmsprop", "sgd",       "--data", data(),    "--epochs", "2",         "--tune-epochs",  "2",
         "--batch", "32",      "--dense",   "8",      "--seeds", seeds,      "--tune-lr", "1e-3,1e-2,1e-1", "--goal",
         "0.99",    "--out",   out.string()});
  };
  const test::Ended ended = compare("4");
  EXPECT_EQ(ended.code, 0) << ended.errors;
  EXPECT_THAT(ended.errors, HasSubstr("12 finished trials are kept"));
  EXPECT_THAT(ended.output, HasSubstr("seeds: 92.50, 95.00, 97.50, "));
}

TEST_F(Schema1, ARunGoesOn) {
  const test::Ended ended = test::run_command(
      folder_.path(), {"train", "--resume", run().string(), "--data", data(), "--epochs", "4", "--json"});
  ASSERT_EQ(ended.code, 0) << ended.errors;
  const nlohmann::json result = nlohmann::json::parse(ended.output);
  EXPECT_EQ(result.at("epochs"), 4);
  EXPECT_EQ(result.at("records").size(), 4u);
  EXPECT_GT(result.at("test").at("accuracy").get<double>(), 0.9);
}

}  // namespace
}  // namespace thalweg::lab

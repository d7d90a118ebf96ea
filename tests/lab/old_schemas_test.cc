// Files that earlier versions have written, without reviews (schema 2) and without parameters of trials (3): they open,
// go on and keep their damage.
#include "command.h"
#include "idx_files.h"
#include "store/store.h"

#include <thalweg/error.h>

#include <gmock/gmock.h>
#include <sqlite3.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>

namespace thalweg::lab {
namespace {

using ::testing::HasSubstr;

class OldSchema : public testing::TestWithParam<int> {
 protected:
  OldSchema() {
    std::filesystem::copy(THALWEG_SCHEMAS + std::to_string(GetParam()), folder_.path(),
                          std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing);
  }
  std::filesystem::path study() const { return folder_.path() / "study.sqlite"; }
  std::filesystem::path run() const { return folder_.path() / "run"; }
  void run_sql(const std::string& sql) const {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(study().c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
    sqlite3_close(database);
  }

  test::TemporaryFolder folder_;
};

TEST_P(OldSchema, HoldsWhatItHeld) {
  const std::string before = test::contents(study());
  const StudyData read = Store::open_for_reading(study()).load();
  EXPECT_EQ(test::contents(study()), before) << "reading changes nothing";
  { const Store store = Store::open(study()); }
  const StudyData written = Store::open_for_reading(study()).load();
  ASSERT_EQ(read.trials.size(), 10u);
  ASSERT_EQ(written.trials.size(), read.trials.size());
  for (std::size_t i = 0; i < read.trials.size(); ++i) {
    EXPECT_EQ(nlohmann::json(*written.trials[i].result), nlohmann::json(*read.trials[i].result));
    EXPECT_EQ(read.trials[i].result->review.has_value(), GetParam() > 2 && read.trials[i].role == TrialRole::final);
    EXPECT_FALSE(read.trials[i].number || written.trials[i].number);
    EXPECT_TRUE(read.trials[i].parameters.is_null());
  }
  // What the former command printed.
  EXPECT_NEAR(read.trials[6].result->test.value().at("rmse"), 0.1285, 5e-5);
  run_sql("DROP TRIGGER scores_UPDATE_checksum; UPDATE scores SET value = 0.5 WHERE trial = 3 AND epoch = 1");
  EXPECT_THAT([&] { Store::open_for_reading(study()).load(); },
              testing::ThrowsMessage<Error>(HasSubstr("trial 3 is not what was written")));
}

TEST_P(OldSchema, DamageIsStillKnownAfterwards) {
  run_sql("DROP TRIGGER epochs_UPDATE_checksum; UPDATE epochs SET seconds = 7 WHERE trial = 2");
  const auto says = testing::ThrowsMessage<Error>(HasSubstr("trial 2 is not what was written"));
  EXPECT_THAT([&] { Store::open_for_reading(study()).load(); }, says);
  Store store = Store::open(study());
  EXPECT_THAT([&] { store.load(); }, says);
}

TEST_P(OldSchema, ARunGoesOnAndIsReviewed) {
  const test::Ended ended =
      test::run_command(folder_.path(), {"train", "--resume", run().string(), "--steps", "9", "--json"});
  ASSERT_EQ(ended.code, 0) << ended.errors;
  EXPECT_EQ(nlohmann::json::parse(ended.output).at("epochs"), 3);
  const StudyData study = Store::open_for_reading(run() / "study.sqlite").load();
  ASSERT_TRUE(study.trials.at(0).result->review);
  EXPECT_EQ(study.trials[0].result->review->examples, 24);
}

INSTANTIATE_TEST_SUITE_P(Version, OldSchema, testing::Values(2, 3));

}  // namespace
}  // namespace thalweg::lab

// Tests of thalweg compare that takes more seeds and optimizers, grows its grid, and says how to go on.
#include "command.h"
#include "idx_files.h"
#include "store/store.h"
#include "study/compare_config.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <map>
#include <set>
#include <sstream>

namespace thalweg::lab {
namespace {

using test::Ended;
using test::TemporaryFolder;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class EnlargeCommand : public testing::Test {
 protected:
  EnlargeCommand() { test::write_learnable_dataset(folder_.path(), 400, 80); }

  std::string data() const { return "idx:" + folder_.path().string(); }
  std::string out() const { return (folder_.path() / "study").string(); }
  StudyData load() const { return Store::open_for_reading(find_study(out())).load(); }
  /// Runs this line in a shell that has thalweg on its path; what it says is in `output`.
  Ended shell(const std::filesystem::path& folder, const std::string& command) const {
    const std::string bin = std::filesystem::path(THALWEG_COMMAND).parent_path().string();
    const std::filesystem::path said = folder_.path() / "said";
    const std::string line =
        fmt::format("cd {} && PATH={}:$PATH && {{ {}; }} > {} 2>&1", folder.string(), bin, command, said.string());
    const int status = std::system(line.c_str());
    return {WEXITSTATUS(status), test::contents(said), ""};
  }
  /// Seconds that each finished trial took: no two runs of one have the same.
  static std::map<std::int64_t, double> seconds(const StudyData& study) {
    std::map<std::int64_t, double> seconds;
    for (const TrialData& trial : study.trials) {
      if (trial.status == TrialStatus::finished) seconds[trial.id] = trial.result.value().seconds;
    }
    return seconds;
  }

  TemporaryFolder folder_;
};

TEST_F(EnlargeCommand, TakesMoreSeedsAndOptimizersAndSaysHowToGoOnFromAnyFolder) {
  const std::string common =
      fmt::format(" --data {} --dense 16 --tune-lr 1e-3,1e-2 --epochs 1 --tune-epochs 1 --jobs 1 --out study", data());
  const Ended first = shell(folder_.path(), "thalweg compare rmsprop adam --seeds 2 --overwrite=true" + common);
  ASSERT_EQ(first.code, 0) << first.output;
  const auto before = seconds(load());
  EXPECT_EQ(before.size(), 2U * 2 + 2 * 2);
  const Ended larger = shell(folder_.path(), "thalweg compare rmsprop adam lion --seeds 3" + common);
  ASSERT_EQ(larger.code, 0) << larger.output;
  EXPECT_THAT(larger.output, AllOf(HasSubstr("new seeds: 3"), HasSubstr("new optimizers: lion")));
  const auto now = seconds(load());
  for (const auto& [trial, value] : before) EXPECT_EQ(now.at(trial), value) << "trial " << trial << " ran again";
  EXPECT_EQ(now.size(), 3U * 2 + 3 * 3);

  const TemporaryFolder elsewhere;
  const Ended again = shell(elsewhere.path(), load().command);
  EXPECT_EQ(again.code, 0) << again.output;
  EXPECT_THAT(again.output, HasSubstr("15 finished trials are kept"));
  EXPECT_THAT(load().command, AllOf(HasSubstr("lion --seeds 3"), Not(HasSubstr("overwrite"))));
  const Ended fewer = shell(folder_.path(), "thalweg compare rmsprop adam --seeds 3" + common);
  EXPECT_EQ(fewer.code, 1);
  EXPECT_THAT(fewer.output, AllOf(HasSubstr("(lion)"), HasSubstr(load().command)));
}

TEST_F(EnlargeCommand, GoesOnWithDataThatHasMovedAndRefusesOtherData) {
  const auto compare = [&](const std::string& data, const std::string& seeds) {
    return test::run_command(folder_.path(), {"compare", "rmsprop", "--no-tune-lr", "--dense", "16", "--epochs", "1",
                                              "--jobs", "1", "--seeds", seeds, "--data", data, "--out", out()});
  };
  ASSERT_EQ(compare(data(), "1").code, 0);
  const std::filesystem::path moved = folder_.path() / "moved";
  std::filesystem::create_directory(moved);
  for (const char* part : {"train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"}) {
    const std::string name = std::string(part) + "-ubyte";
    std::filesystem::rename(folder_.path() / name, moved / name);
  }
  const Ended again = compare("idx:" + moved.string(), "2");
  EXPECT_EQ(again.code, 0) << again.errors;
  EXPECT_THAT(again.errors, AllOf(HasSubstr("1 finished trials are kept"), HasSubstr("new seeds: 2")));
  EXPECT_EQ(load().trials.size(), 2U);
  EXPECT_EQ(load().config.at("training").at("data"), "idx:" + moved.string());

  const TemporaryFolder others;
  test::write_learnable_dataset(others.path(), 390, 80);
  const Ended other = compare("idx:" + others.path().string(), "2");
  EXPECT_EQ(other.code, 1);
  EXPECT_THAT(other.errors, HasSubstr("holds other examples"));
}

TEST_F(EnlargeCommand, TheDefaultGridGrowsWhereTheBestRateIsAtItsEdge) {
  const Ended ended = test::run_command(folder_.path(), {"compare", "sgd", "adam", "--quick", "--data", data(),
                                                         "--dense", "16", "--jobs", "1", "--out", out()});
  ASSERT_EQ(ended.code, 0) << ended.errors;
  const StudyData study = load();
  EXPECT_EQ(study.config.at("tuning").at("grid").size(), 3U);
  std::map<std::string, std::set<double>> tuned;
  for (const TrialData& trial : study.trials) {
    if (trial.role == TrialRole::tune) tuned[trial.optimizer].insert(trial.lr);
  }
  EXPECT_GT(tuned.at("sgd").size(), 3U) << "plain sgd learns nothing here with 0.1 in one epoch";
  EXPECT_EQ(tuned.at("sgd"), tuned.at("adam"));
  EXPECT_EQ(nlohmann::json(tuned.at("sgd")), study.outcome.at("grid"));
  EXPECT_THAT(ended.errors, HasSubstr("grows for all optimizers"));
}

TEST_F(EnlargeCommand, RefusesThreadsThatNoMachineHolds) {
  const Ended ended = test::run_command(
      folder_.path(), {"compare", "adam", "--data", data(), "--threads-per-job", "1000", "--out", out()});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.errors, AllOf(HasSubstr("--threads-per-job 1000"), HasSubstr("at most")));
  EXPECT_FALSE(std::filesystem::exists(out()));
}

TEST_F(EnlargeCommand, HelpShowsTheDefaultGrid) {
  const std::string help = test::run_command(folder_.path(), {"compare", "--help"}).output;
  const std::string begin = "The default grid is ";
  ASSERT_THAT(help, AllOf(HasSubstr(begin), HasSubstr("grows"), HasSubstr("--looks 2")));
  std::istringstream numbers(help.substr(help.find(begin) + begin.size()));
  std::vector<double> grid;
  for (double rate; numbers >> rate;) grid.push_back(rate);
  EXPECT_EQ(grid, CompareConfig{}.tuning.grid);
}

}  // namespace
}  // namespace thalweg::lab

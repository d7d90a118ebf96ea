// Tests of suites: what they compare, and the command that trains them.
#include "suites/suite.h"
#include "command.h"
#include "error_of.h"
#include "idx_files.h"
#include "store/folder_lock.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace thalweg::lab {
namespace {

using test::Ended;
using testing::AllOf;
using testing::HasSubstr;
using tests::error_of;

TEST(Suites, TutorialIsFiveRulesOnFourModelsTenTimes) {
  const Suite suite = make_suite("tutorial", /*quick=*/false);
  std::set<std::string> names, models;
  for (const SuitePart& part : suite.parts) {
    EXPECT_TRUE(names.insert(part.name).second) << part.name;
    EXPECT_EQ(part.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-"), std::string::npos) << part.name;
    models.insert(part.config.training.model);
    EXPECT_EQ(part.config.optimizers, (std::vector<std::string>{"rmsprop", "sgd", "adam", "nadam", "adagrad"}));
    EXPECT_EQ(part.config.seeds.size(), 10U);
    EXPECT_TRUE(part.config.tune);
    check(part.config);
  }
  EXPECT_EQ(models, (std::set<std::string>{"linear", "mlp", "cnn", "lstm"}));
}

TEST(Suites, QuickOnesAreSmallAndOtherwiseTheSame) {
  for (const std::string& name : suite_names()) {
    const Suite whole = make_suite(name, false), quick = make_suite(name, true);
    ASSERT_EQ(whole.parts.size(), quick.parts.size());
    for (std::size_t i = 0; i < whole.parts.size(); ++i) {
      const CompareConfig& config = quick.parts[i].config;
      EXPECT_EQ(quick.parts[i].name, whole.parts[i].name);
      EXPECT_EQ(config.optimizers, whole.parts[i].config.optimizers);
      EXPECT_EQ(config.training.model, whole.parts[i].config.training.model);
      EXPECT_LE(config.training.train_limit, 300);
      EXPECT_LE(config.training.stop.epochs, 2);
      EXPECT_LE(config.seeds.size(), 2U);
      check(config);
    }
  }
}

TEST(Suites, AnUnknownOneIsToldWithTheNearest) {
  EXPECT_THAT(error_of([] { make_suite("tutorail", false); }), AllOf(HasSubstr("tutorail"), HasSubstr("tutorial")));
}

class SuiteCommand : public testing::Test {
 protected:
  Ended run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "compare");
    return test::run_command(folder_.path(), std::move(arguments));
  }
  std::string out() const { return (folder_.path() / "suite").string(); }

  test::TemporaryFolder folder_;
};

TEST_F(SuiteCommand, TrainsEveryPartOnceAndReportsThemTogether) {
  const std::string page = (folder_.path() / "page.html").string();
  const std::vector<std::string> arguments{"--suite", "tutorial", "--quick", "--out",
                                           out(),     "--report", page,      "--json"};
  const Ended first = run(arguments);
  ASSERT_EQ(first.code, 0) << first.errors;
  const nlohmann::json json = nlohmann::json::parse(first.output);
  EXPECT_EQ(json.at("suite"), "tutorial");
  for (const SuitePart& part : make_suite("tutorial", true).parts) {
    EXPECT_EQ(json.at("parts").at(part.name).at("optimizers").size(), 5U) << part.name;
    EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(out()) / part.name / kStudyFile));
  }
  EXPECT_THAT(test::contents(page), AllOf(HasSubstr("Over 4 tasks"), HasSubstr("Performance profile by seconds")));

  const Ended again = run(arguments);
  ASSERT_EQ(again.code, 0) << again.errors;
  EXPECT_EQ(again.output, first.output);  // the seconds too: nothing was trained
  EXPECT_THAT(again.errors, HasSubstr("is continued: 20 finished trials are kept"));
}

TEST_F(SuiteCommand, RefusesWhatTheSuiteSaysItself) {
  for (const std::vector<std::string>& flags :
       {std::vector<std::string>{"rmsprop"}, {"--model", "cnn"}, {"--seeds", "3"}, {"--tune-lr", "1e-3,1e-2"}}) {
    std::vector<std::string> arguments{"--suite", "tutorial", "--out", out()};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    const Ended ended = run(arguments);
    EXPECT_EQ(ended.code, 2) << flags[0];
    EXPECT_THAT(ended.errors,
                HasSubstr(flags[0] == "rmsprop" ? "OPTIMIZER is not for it" : flags[0] + " is not for it"));
  }
  EXPECT_EQ(run({"--suite", "tutorail", "--out", out()}).code, 2);
  EXPECT_FALSE(std::filesystem::exists(out()));
}

}  // namespace
}  // namespace thalweg::lab

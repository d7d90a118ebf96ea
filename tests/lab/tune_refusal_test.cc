// Tests of what thalweg tune refuses: each with words that name what is wrong, and with nothing left behind.
#include "error_of.h"
#include "study/trial_files.h"
#include "study/tune_config.h"
#include "tune_command.h"

#include <sstream>

namespace thalweg::lab {
namespace {

using test::Ended;
using testing::AllOf;
using testing::HasSubstr;

class TuneRefusal : public test::TuneCommandTest {
 protected:
  /// A command that is refused before it writes anything.
  void refused(const Words& words, int code, const std::string& says) const {
    const Ended ended = run(words);
    EXPECT_EQ(ended.code, code) << says;
    EXPECT_THAT(ended.errors, HasSubstr(says));
    EXPECT_EQ(ended.output, "");
    EXPECT_FALSE(std::filesystem::exists(path("study"))) << says;
  }
  /// search(), with these words divided at spaces.
  Words of_study(const std::string& more) const {
    std::istringstream text(more);
    Words words;
    for (std::string word; text >> word;) words.push_back(word);
    return search("study", words);
  }
};

TEST_F(TuneRefusal, CommandsThatCannotBeSearches) {
  refused(of_study("--range lr=1e-3:1e-3"), 2, "range 'lr=1e-3:1e-3': a range of no width; LOW must be below HIGH");
  refused(of_study("--range model=choice:mlp|mpl"), 2, "unknown model 'mpl'; did you mean mlp?");
  refused(of_study("--range model=choice:mlp|tabular"), 2, "--model tabular: takes");
  refused(of_study("--range lr=0:1 --folds 500"), 2, "500 validation folds: there are 300 training examples");
  refused(of_study("--range lr=0:1 --trials 4 --task 4"), 2, "--task 4 is outside [0, 3]: the search has 4 trials");
  refused(of_study("--range lr=0:1 --sampler hyperband --epochs 9 --task 1"), 2,
          "--task: the trials of hyperband wait");
  refused(search("study", {"--range", "lr=0:1", "--time", ""}), 2, "--time: '' is no time");
  refused(of_study("--range lr=0:1 -- ./program {rl}"), 2, "the command's {rl} has no value; did you mean lr?");
}

TEST_F(TuneRefusal, Configurations) {
  const auto says = [](const std::vector<std::string>& ranges, const auto& change) {
    TuneConfig config;
    config.ranges = ranges;
    config.seeds = {1};
    config.trials = 20;
    config.training.optimizer = "sgd:lr=0.1";
    config.training.stop.epochs = 4;
    change(config);
    return tests::error_of([&] { check(config); });
  };
  const auto range = [&](const std::vector<std::string>& ranges) { return says(ranges, [](TuneConfig&) {}); };
  EXPECT_THAT(range({"lr=log:0.1:0.1"}), HasSubstr("range 'lr=log:0.1:0.1': a range of no width"));
  EXPECT_THAT(range({"lr=1:0.5"}), HasSubstr("range 'lr=1:0.5': reversed"));
  EXPECT_THAT(range({"lr=log:0:1"}), HasSubstr("must lie above 0, and 0 does not"));
  EXPECT_THAT(range({"lr=-1:1"}), HasSubstr("lr = -1 is outside [0,"));
  EXPECT_THAT(range({"momentun=0:1"}),
              AllOf(HasSubstr("momentun is no option of sgd"), HasSubstr("did you mean momentum")));
  EXPECT_THAT(range({"epochs=int:1:9"}), HasSubstr("epochs decides what trials are measured by"));
  EXPECT_THAT(range({"batch=8:64"}), AllOf(HasSubstr("range 'batch=8:64'"), HasSubstr("int:LOW:HIGH")));
  EXPECT_THAT(range({"optimizer=choice:sgd|adam", "momentum=0:0.9"}),
              AllOf(HasSubstr("range 'momentum=0:0.9': adam has no option momentum"), HasSubstr(":if:optimizer=sgd")));
  EXPECT_THAT(range({"lr=0:1:if:optimizer=sgd"}), HasSubstr("its condition is on 'optimizer', which is no choice"));
  EXPECT_THAT(range({"optimizer=choice:sgd|adam", "lr=0:1:if:optimizer=sdg"}),
              HasSubstr("its condition is on 'sdg', which is no choice of optimizer; did you mean sgd?"));
  EXPECT_THAT(range({}), HasSubstr("there is no --range"));

  const std::vector<std::string> lr{"lr=0.1:1"};
  EXPECT_THAT(says(lr, [](TuneConfig& config) { config.sampler = "hyperbnad"; }),
              HasSubstr("unknown sampler 'hyperbnad'; did you mean hyperband?"));
  EXPECT_THAT(says({"lr=0.1:1", "dense=int:1:9"},
                   [](TuneConfig& config) {
                     config.sampler = "grid";
                     config.trials = 3;
                   }),
              HasSubstr("grid: trials = 3 are too few; the coarsest grid of these ranges has 4 points"));
  EXPECT_THAT(says(lr,
                   [](TuneConfig& config) {
                     config.sampler = kHyperband;
                     config.training.stop.epochs = 2;
                   }),
              HasSubstr("hyperband has nothing to share out of 2 epochs; give --epochs 3 or more"));
  EXPECT_THAT(says(lr, [](TuneConfig& config) { config.folds = 1; }),
              HasSubstr("folds = 1 leaves nothing to train on"));
  EXPECT_THAT(says(lr, [](TuneConfig& config) { config.training.stop.seconds = 1; }), HasSubstr("--seconds"));

  const auto program = [&](const std::vector<std::string>& ranges, const std::vector<std::string>& command) {
    return says(ranges, [&](TuneConfig& config) { config.program.command = command; });
  };
  EXPECT_THAT(program({"x=0:1", "y=0:1"}, {"./program", "{x}"}), HasSubstr("y is in no word of the command"));
  EXPECT_THAT(program({"x=0:1"}, {"./program", "{x}", "{y}"}), HasSubstr("the command's {y} has no value"));
  EXPECT_THAT(program({"seed=0:1"}, {"./program", "{seed}"}), HasSubstr("{seed} is the run's own seed"));
  EXPECT_THAT(program({"{x}=0:1"}, {"./program", "{{x}}"}),
              HasSubstr("range '{x}': a name in a command has no braces"));
  EXPECT_THAT(says({"x=0:1"},
                   [](TuneConfig& config) {
                     config.program.command = {"./program", "{x}"};
                     config.program.metric = "";
                   }),
              HasSubstr("--metric: no name"));
}

TEST_F(TuneRefusal, FoldersThatHoldSomethingElse) {
  const Words words = program("study", {"--range", "x=0:1", "--trials", "1"}, "echo '{{\"loss\": 1}}'");
  const auto says = [&](const Words& command) {
    const std::string before = test::contents(path("study/study.sqlite"));
    const Ended ended = run(command);
    EXPECT_EQ(ended.code, 1);
    EXPECT_EQ(test::contents(path("study/study.sqlite")), before);
    return ended.errors;
  };
  std::filesystem::create_directory(path("study"));
  {
    StudyData comparison;
    comparison.name = "study";
    comparison.kind = "compare";
    comparison.task = "classification";
    comparison.command = "thalweg compare sgd adam";
    comparison.created = "2026-11-27T12:00:00Z";
    comparison.config = comparison.environment = nlohmann::json::object();
    Store::create(path("study/study.sqlite"), comparison);
  }
  EXPECT_THAT(says(words), AllOf(HasSubstr("holds a compare study, no search"), HasSubstr("thalweg compare sgd adam")));
  std::filesystem::remove_all(path("study"));

  ASSERT_EQ(run(words).code, 0);
  Words other = words;
  other.insert(other.begin() + 1, {"--seed", "2"});
  EXPECT_THAT(says(other), AllOf(HasSubstr("holds another search (seed: 1, now 2"), HasSubstr("--overwrite")));
  // PRAGMA user_version, which a later version would raise, is at byte 60 of an SQLite file.
  std::fstream file(path("study/study.sqlite"), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(60).write("\0\0\0\x63", 4);
  file.close();
  EXPECT_THAT(says(words), AllOf(HasSubstr("study.sqlite"), HasSubstr("99"), HasSubstr("newer")));
  EXPECT_THAT(run({"tune", "merge", path("study")}).errors, HasSubstr("there is no plan.json in it"));
}

}  // namespace
}  // namespace thalweg::lab

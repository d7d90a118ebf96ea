// Tests of a comparison's logic on a runner that only pretends to train: plan, choice of lr, going on.
#include "study/run_compare.h"

#include "idx_files.h"
#include "study/plan.h"
#include "study/study_folder.h"
#include "study/worker_messages.h"

#include <thalweg/error.h>
#include <thalweg/options.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace thalweg::lab {
namespace {

using test::TemporaryFolder;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;

CompareConfig sample_config() {
  CompareConfig config;
  config.optimizers = {"rmsprop:lr=0.5", "sgd:momentum=0.9"};
  config.tuning.grid = {1e-3, 1e-2, 1e-1};
  config.tuning.seeds = {101, 102, 103};
  config.tuning.epochs = 2;
  config.seeds = {1, 2};
  config.training.stop.epochs = 5;
  return config;
}

/// What a pretended training ends with.
struct Pretended {
  double accuracy = 0.5, loss = 1;
  bool diverged = false, crashes = false;
};

double lr_of(const TrainingConfig& config) { return parse_options(config.optimizer).get("lr"); }

/// Pretends to train; remembers what it was given.
class FakeRunner {
 public:
  std::function<Pretended(const TrainingConfig&)> train = [](const TrainingConfig&) { return Pretended{}; };
  std::size_t stop_after = 1'000'000;  ///< jobs, then it is interrupted in the middle of one
  std::atomic<bool> stopped = false;
  std::vector<TrainingConfig> given;

  TrialRunner runner() {
    return [this](const std::vector<Job>& jobs, TrialEvents& events) {
      for (const Job& job : jobs) {
        given.push_back(job.config);
        events.started(job.trial);
        events.step(job.trial, {.step = 1, .loss = 2, .lr = 1});
        if (given.size() > stop_after) {
          stopped = true;
          return;
        }
        pretend(job, events);
      }
    };
  }

 private:
  void pretend(const Job& job, TrialEvents& events) const {
    const Pretended end = train(job.config);
    if (end.crashes) return events.failed(job.trial, "killed by SIGSEGV");
    TrainingResult result;
    result.outcome = end.diverged ? Outcome::diverged : Outcome::completed;
    if (job.config.test_at_end) result.test_accuracy = end.accuracy;
    if (!end.diverged) {
      events.epoch(job.trial, {.epoch = 1, .step = 1, .validation_loss = 9, .validation_accuracy = 0.99});
      events.epoch(job.trial,
                   {.epoch = 2, .step = 2, .validation_loss = end.loss, .validation_accuracy = end.accuracy});
    }
    events.finished(job.trial, result);
  }
};

/// The choices that tuning trials with these ends lead to.
std::vector<Choice> choose(const CompareConfig& config, const std::function<Pretended(const TrainingConfig&)>& train) {
  std::vector<TrialData> trials = tuning_trials(config);
  for (TrialData& trial : trials) {
    const Pretended end = train(trial.config);
    trial.status = end.crashes ? TrialStatus::failed : TrialStatus::finished;
    if (end.crashes) continue;
    trial.result.emplace().outcome = end.diverged ? Outcome::diverged : Outcome::completed;
    trial.epochs.push_back({.epoch = 1, .validation_loss = end.loss, .validation_accuracy = end.accuracy});
  }
  return choose_learning_rates(config, trials);
}

TEST(Plan, TunesEveryOptimizerOnTheSameGridAndSeeds) {
  const CompareConfig config = sample_config();
  std::map<std::string, std::set<std::pair<double, std::uint64_t>>> tried;
  for (const TrialData& trial : tuning_trials(config)) {
    EXPECT_EQ(trial.role, TrialRole::tune);
    EXPECT_EQ(trial.config.stop.epochs, 2);
    EXPECT_FALSE(trial.config.test_at_end) << "the test set must not be looked at while tuning";
    EXPECT_EQ(lr_of(trial.config), trial.lr);
    EXPECT_TRUE(tried[trial.optimizer].emplace(trial.lr, trial.config.seed).second);
  }
  ASSERT_EQ(tried.size(), 2U);
  EXPECT_EQ(tried.at("rmsprop"), tried.at("sgd:momentum=0.9"));
  EXPECT_EQ(tried.at("rmsprop").size(), 9U);
}

TEST(Plan, FinalTrialsUseOtherSeedsAndTheChosenRates) {
  const CompareConfig config = sample_config();
  std::vector<Choice> choices(2);
  choices[0] = {.optimizer = "rmsprop", .lr = 1e-3};
  choices[1] = {.optimizer = "sgd:momentum=0.9", .lr = 1e-1};
  const std::vector<TrialData> finals = final_trials(config, choices);
  ASSERT_EQ(finals.size(), 4U);
  for (const TrialData& trial : finals) {
    EXPECT_EQ(trial.role, TrialRole::final);
    EXPECT_TRUE(trial.config.test_at_end);
    EXPECT_EQ(trial.config.stop.epochs, 5);
    EXPECT_TRUE(std::ranges::count(config.tuning.seeds, trial.config.seed) == 0);
    EXPECT_EQ(lr_of(trial.config), trial.optimizer == "rmsprop" ? 1e-3 : 1e-1);
  }
  EXPECT_EQ(parse_options(finals[1].config.optimizer).get("momentum"), 0.9);
}

TEST(Plan, WithoutTuningEachKeepsItsOwnRate) {
  CompareConfig config = sample_config();
  config.tune = false;
  EXPECT_THAT(tuning_trials(config), IsEmpty());
  const std::vector<Choice> choices = choose_learning_rates(config, {});
  EXPECT_EQ(choices[0].lr, 0.5);
  EXPECT_EQ(choices[0].optimizer, "rmsprop:lr=0.5");
  EXPECT_EQ(choices[1].lr, parse_options("sgd").get("lr"));
}

TEST(Choice, TakesTheHighestValidationAccuracy) {
  const auto choices = choose(sample_config(), [](const TrainingConfig& config) {
    return Pretended{.accuracy = 1 - std::abs(lr_of(config) - 1e-2)};
  });
  EXPECT_EQ(choices[0].lr, 1e-2);
  EXPECT_FALSE(choices[0].at_edge);
  EXPECT_EQ(choices[0].validation_accuracy, 1);
}

TEST(Choice, NotesTheEdgesOfTheGrid) {
  for (const double sign : {1.0, -1.0}) {
    const auto choices = choose(sample_config(), [&](const TrainingConfig& config) {
      return Pretended{.accuracy = 0.5 + sign * lr_of(config)};
    });
    EXPECT_EQ(choices[0].lr, sign > 0 ? 1e-1 : 1e-3);
    EXPECT_TRUE(choices[0].at_edge);
  }
  CompareConfig single = sample_config();
  single.tuning.grid = {1e-2};
  EXPECT_FALSE(choose(single, [](const TrainingConfig&) { return Pretended{}; })[0].at_edge)
      << "a grid of one rate is a decision, no edge";
}

TEST(Choice, UsesTheMedianOverSeeds) {
  // 1e-2: one excellent seed, two poor ones. 1e-1: three good ones.
  const auto choices = choose(sample_config(), [](const TrainingConfig& config) {
    const double lr = lr_of(config);
    if (lr == 1e-2) return Pretended{.accuracy = config.seed == 101 ? 0.99 : 0.6};
    return Pretended{.accuracy = lr == 1e-1 ? 0.8 : 0.1};
  });
  EXPECT_EQ(choices[0].lr, 1e-1);
  EXPECT_EQ(choices[0].validation_accuracy, 0.8);
}

TEST(Choice, DivergedIsWorseThanAnyOther) {
  // 1e-2 is excellent where it does not diverge, which is in one of three.
  const auto choices = choose(sample_config(), [](const TrainingConfig& config) {
    const double lr = lr_of(config);
    if (lr == 1e-2) return Pretended{.accuracy = 0.99, .diverged = config.seed != 101};
    return Pretended{.accuracy = lr == 1e-3 ? 0.01 : 0.001};
  });
  EXPECT_EQ(choices[0].lr, 1e-3);
}

TEST(Choice, BreaksTiesByLossThenByTheLowerRate) {
  const auto by_loss = choose(sample_config(), [](const TrainingConfig& config) {
    return Pretended{.accuracy = 0.5, .loss = lr_of(config) == 1e-1 ? 0.5 : 0.6};
  });
  EXPECT_EQ(by_loss[0].lr, 1e-1);
  const auto by_rate = choose(sample_config(), [](const TrainingConfig&) { return Pretended{}; });
  EXPECT_EQ(by_rate[0].lr, 1e-3);
}

TEST(Choice, IgnoresFailedTrialsAndKnowsWhenNoneIsLeft) {
  const auto choices = choose(sample_config(), [](const TrainingConfig& config) {
    return Pretended{.accuracy = lr_of(config), .crashes = lr_of(config) == 1e-1 || config.seed == 102};
  });
  EXPECT_EQ(choices[0].lr, 1e-2);
  const auto none = choose(sample_config(), [](const TrainingConfig& config) {
    return Pretended{.diverged = config.optimizer.starts_with("sgd")};
  });
  EXPECT_TRUE(none[0].lr);
  EXPECT_FALSE(none[1].lr);
}

TEST(CompareConfigCheck, NamesWhatCannotBeCompared) {
  const auto says = [](const std::function<void(CompareConfig&)>& change, const char* what) {
    CompareConfig config = sample_config();
    change(config);
    EXPECT_THAT([&] { check(config); }, ThrowsMessage<Error>(HasSubstr(what)));
  };
  EXPECT_NO_THROW(check(sample_config()));
  says([](CompareConfig& c) { c.optimizers.clear(); }, "no optimizers");
  says([](CompareConfig& c) { c.optimizers = {"rmsprob"}; }, "rmsprop");
  says([](CompareConfig& c) { c.optimizers = {"rmsprop", "rmsprop:lr=1e-3"}; }, "given twice");
  says([](CompareConfig& c) { c.seeds = {1, 2, 1}; }, "seed 1 stands twice");
  says([](CompareConfig& c) { c.seeds = {101}; }, "seed 101 is used for tuning");
  says([](CompareConfig& c) { c.tuning.grid = {1e-2, 1e-3}; }, "not ascending");
  says([](CompareConfig& c) { c.tuning.grid = {}; }, "empty");
  says([](CompareConfig& c) { c.tuning.grid = {0, 1}; }, "outside (0");
  says([](CompareConfig& c) { c.tuning.epochs = 0; }, "tuning epochs = 0");
  says([](CompareConfig& c) { c.training.validation_fraction = 0; }, "validation");
  CompareConfig untuned = sample_config();
  untuned.tune = false;
  untuned.optimizers = {"rmsprop", "rmsprop:lr=1e-3"};
  EXPECT_NO_THROW(check(untuned));
}

class StudyTest : public testing::Test {
 protected:
  StudyEnd run(const CompareConfig& config = sample_config()) {
    StudyFolder folder = open_study_folder(folder_.path(), config, "thalweg compare …", false);
    const StudyHooks hooks{.on_progress = [this](const StudyProgress& progress) { progress_.push_back(progress); },
                           .on_message = [this](const std::string& text) { messages_ += text + '\n'; },
                           .stop_requested = &fake_.stopped};
    fake_.given.clear();
    return run_compare(config, folder.store, fake_.runner(), hooks);
  }
  StudyData load() const { return Store::open_for_reading(folder_.path() / kStudyFile).load(); }

  TemporaryFolder folder_;
  FakeRunner fake_;
  std::string messages_;
  std::vector<StudyProgress> progress_;
};

TEST_F(StudyTest, TunesThenTrainsAndKeepsAllOfIt) {
  fake_.train = [](const TrainingConfig& config) {
    return Pretended{.accuracy =
                         config.optimizer.starts_with("sgd") ? lr_of(config) : 1 - std::abs(lr_of(config) - 1e-2)};
  };
  EXPECT_EQ(run(), StudyEnd::complete);
  const StudyData study = load();
  EXPECT_EQ(study.kind, "compare");
  EXPECT_EQ(study.config, nlohmann::json(sample_config()));
  ASSERT_EQ(study.trials.size(), 18U + 4U);
  for (const TrialData& trial : study.trials) {
    EXPECT_EQ(trial.status, TrialStatus::finished);
    EXPECT_EQ(trial.epochs.size(), 2U);
    EXPECT_EQ(trial.steps.size(), 1U);
    if (trial.role == TrialRole::tune) continue;
    EXPECT_EQ(trial.lr, trial.optimizer == "rmsprop" ? 1e-2 : 1e-1);
  }
  EXPECT_EQ(study.outcome["chosen"]["rmsprop"]["lr"], 1e-2);
  EXPECT_EQ(study.outcome["chosen"]["rmsprop"]["at_edge"], false);
  EXPECT_EQ(study.outcome["chosen"]["sgd:momentum=0.9"]["at_edge"], true);
  ASSERT_EQ(study.outcome["warnings"].size(), 1U);
  EXPECT_THAT(study.outcome["warnings"][0].get<std::string>(), AllOf(HasSubstr("sgd"), HasSubstr("edge")));
  EXPECT_THAT(messages_, HasSubstr("edge"));
}

TEST_F(StudyTest, ProgressRisesToTheEnd) {
  run();
  double last = 0;
  for (const StudyProgress& progress : progress_) {
    EXPECT_GE(progress.fraction, last);
    EXPECT_EQ(progress.total, 22U);
    last = progress.fraction;
  }
  EXPECT_EQ(last, 1);
  EXPECT_EQ(progress_.back().done, 22U);
  EXPECT_EQ(progress_.back().running, 0U);
}

TEST_F(StudyTest, RunAgainTrainsNothingAgain) {
  run();
  const std::string before = load().outcome.dump();
  EXPECT_EQ(run(), StudyEnd::complete);
  EXPECT_THAT(fake_.given, IsEmpty());
  EXPECT_EQ(load().outcome.dump(), before);
}

TEST_F(StudyTest, GoesOnAfterAnInterruption) {
  for (const std::size_t cut : {0U, 7U, 18U, 20U}) {
    const TemporaryFolder fresh;
    fake_.stopped = false;
    fake_.stop_after = cut;
    const auto go = [&] {
      StudyFolder folder = open_study_folder(fresh.path(), sample_config(), "thalweg compare …", false);
      fake_.given.clear();
      return run_compare(sample_config(), folder.store, fake_.runner(), {.stop_requested = &fake_.stopped});
    };
    EXPECT_EQ(go(), StudyEnd::interrupted);
    const StudyData study = Store::open_for_reading(fresh.path() / kStudyFile).load();
    EXPECT_EQ(std::ranges::count(study.trials, TrialStatus::finished, &TrialData::status), static_cast<int>(cut));
    EXPECT_EQ(std::ranges::count(study.trials, TrialStatus::running, &TrialData::status), 0);
    fake_.stopped = false;
    fake_.stop_after = 1000;
    EXPECT_EQ(go(), StudyEnd::complete);
    EXPECT_EQ(fake_.given.size(), 22U - cut);
  }
}

TEST_F(StudyTest, AFailedTrialDoesNotStopItAndIsRetried) {
  fake_.train = [](const TrainingConfig& config) { return Pretended{.accuracy = 0.5, .crashes = config.seed == 2}; };
  EXPECT_EQ(run(), StudyEnd::failed_trials);
  EXPECT_THAT(messages_, AllOf(HasSubstr("SIGSEGV"), HasSubstr("seed 2")));
  const StudyData study = load();
  EXPECT_EQ(std::ranges::count(study.trials, TrialStatus::failed, &TrialData::status), 2);
  EXPECT_EQ(std::ranges::count(study.trials, TrialStatus::finished, &TrialData::status), 20);
  fake_.train = [](const TrainingConfig&) { return Pretended{}; };
  EXPECT_EQ(run(), StudyEnd::complete);
  ASSERT_EQ(fake_.given.size(), 2U);
  EXPECT_EQ(fake_.given[0].seed, 2U);
}

TEST_F(StudyTest, FinalTrialsOfARateNoLongerChosenAreDropped) {
  // The best rate crashes at first, so that the second best is chosen.
  const auto accuracy = [](const TrainingConfig& config) { return 1 - std::abs(lr_of(config) - 1e-2); };
  fake_.train = [&](const TrainingConfig& config) {
    return Pretended{.accuracy = accuracy(config), .crashes = config.seed > 100 && lr_of(config) == 1e-2};
  };
  EXPECT_EQ(run(), StudyEnd::failed_trials);
  EXPECT_EQ(load().outcome["chosen"]["rmsprop"]["lr"], 1e-3);
  fake_.train = [&](const TrainingConfig& config) { return Pretended{.accuracy = accuracy(config)}; };
  EXPECT_EQ(run(), StudyEnd::complete);
  const StudyData study = load();
  EXPECT_EQ(study.trials.size(), 22U);
  for (const TrialData& trial : study.trials) {
    if (trial.role == TrialRole::tune) continue;
    EXPECT_EQ(trial.lr, 1e-2);
  }
}

TEST_F(StudyTest, AnOptimizerThatAlwaysDivergesIsLeftOutWithAWarning) {
  fake_.train = [](const TrainingConfig& config) { return Pretended{.diverged = config.optimizer.starts_with("sgd")}; };
  EXPECT_EQ(run(), StudyEnd::complete);
  EXPECT_EQ(load().trials.size(), 18U + 2U);
  EXPECT_THAT(load().outcome["warnings"].dump(), HasSubstr("sgd:momentum=0.9: no learning rate"));
}

TEST_F(StudyTest, SaysSoIfNothingCouldBeTrained) {
  fake_.train = [](const TrainingConfig&) { return Pretended{.crashes = true}; };
  EXPECT_THAT([&] { run(); }, ThrowsMessage<Error>(HasSubstr("no optimizer could be trained")));
}

TEST_F(StudyTest, AnotherConfigurationIsRefusedByName) {
  run();
  CompareConfig other = sample_config();
  other.training.stop.epochs = 6;
  EXPECT_THAT([&] { run(other); },
              ThrowsMessage<Error>(AllOf(HasSubstr("training.stop.epochs: 5, now 6"), HasSubstr("--overwrite"),
                                         HasSubstr("--out"), HasSubstr("thalweg compare …"))));
  other = sample_config();
  other.optimizers.push_back("adam");
  EXPECT_THAT([&] { run(other); }, ThrowsMessage<Error>(HasSubstr("optimizers.2: none, now \"adam\"")));
  EXPECT_EQ(run(), StudyEnd::complete);
  EXPECT_TRUE(open_study_folder(folder_.path(), other, "", true).store.load().trials.empty());
}

TEST_F(StudyTest, AFolderWithOtherFilesIsLeftAlone) {
  test::write_bytes(folder_.path() / "thesis.tex", {1, 2, 3});
  EXPECT_THAT([&] { run(); }, ThrowsMessage<Error>(AllOf(HasSubstr("not empty"), HasSubstr("--overwrite"))));
  { const StudyFolder folder = open_study_folder(folder_.path(), sample_config(), "", true); }
  EXPECT_EQ(std::filesystem::file_size(folder_.path() / "thesis.tex"), 3U);
}

TEST(Messages, ComeBackAsTheyWere) {
  struct Listener : TrialEvents {
    std::string heard;
    void started(std::int64_t) override {}
    void progressed(std::int64_t trial, const Progress& progress) override {
      heard += std::to_string(trial) + " progress " + std::to_string(progress.batch) + ' ';
    }
    void step(std::int64_t, const StepRecord& record) override { heard += nlohmann::json(record).dump(); }
    void epoch(std::int64_t, const EpochRecord& record) override { heard += nlohmann::json(record).dump(); }
    void finished(std::int64_t, const TrainingResult& result) override { heard += nlohmann::json(result).dump(); }
    void failed(std::int64_t, const std::string& error) override { heard += error; }
  } listener;
  const StepRecord step{.step = 3, .loss = 0.1, .lr = 1e-5};
  const EpochRecord epoch{
      .epoch = 2, .step = 3, .train_loss = 0.3, .validation_loss = 0.7, .validation_accuracy = 0.25};
  const TrainingResult result{
      .outcome = Outcome::diverged, .reason = "loss", .test_loss = std::nullopt, .test_accuracy = 0.1};
  EXPECT_FALSE(deliver(progress_line({1, 2, 3, 4, std::nan(""), 0.5, 1e5}), 7, listener));
  EXPECT_EQ(listener.heard, "7 progress 3 ");
  EXPECT_FALSE(deliver(step_line(step), 7, listener));
  EXPECT_FALSE(deliver(epoch_line(epoch), 7, listener));
  EXPECT_TRUE(deliver(result_line(result), 7, listener));
  EXPECT_TRUE(deliver(error_line("no \"memory\"\nat all \xff"), 7, listener));
  EXPECT_EQ(listener.heard, "7 progress 3 " + nlohmann::json(step).dump() + nlohmann::json(epoch).dump() +
                                nlohmann::json(result).dump() + "no \"memory\"\nat all \xef\xbf\xbd");
  Job job{.trial = 9, .config = {}};
  job.config.seed = 1ULL << 63;
  const Job back = read_job(to_line(job));
  EXPECT_EQ(back.trial, 9);
  EXPECT_EQ(nlohmann::json(back.config), nlohmann::json(job.config));

  for (const char* line :
       {"", "{", "[]", "{}", "{\"hello\": 1}", "{\"step\": {}}", "{\"step\": 3}", "{\"progress\": [1]}",
        "{\"result\": {\"outcome\": \"great\"}}", "{\"error\": 4}", "Segmentation fault"}) {
    EXPECT_THROW(deliver(line, 1, listener), MessageError) << line;
    EXPECT_THROW(read_job(line), Error) << line;
  }
}

}  // namespace
}  // namespace thalweg::lab

// Tests of a search's logic on workers that only pretend to train: what is proposed, stopped, kept and gone on with.
#include "command.h"
#include "fake_search.h"
#include "study/search_state.h"
#include "study/trial_files.h"

#include <thalweg/error.h>
#include <thalweg/files.h>

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

namespace thalweg::lab {
namespace {

using test::FakeWorkers;
using test::found_by;
using test::sample_search;
using test::SearchTest;
using testing::HasSubstr;
using testing::ThrowsMessage;

TEST_F(SearchTest, AnyNumberOfWorkersInAnyOrderFindsTheSame) {
  for (const std::string sampler : {"random", "sobol", "grid", "tpe", kHyperband}) {
    FakeWorkers one;
    one.workers = 1;
    const TuneConfig config = sample_search(sampler, 24);
    const std::string alone = found_by(config, one);
    EXPECT_THAT(alone, HasSubstr("\"number\": 23"));
    for (const int workers : {2, 3, 8, 20}) {
      FakeWorkers many;
      many.workers = workers;
      many.order = static_cast<unsigned>(workers);
      EXPECT_EQ(found_by(config, many), alone) << sampler << " with " << workers << " workers";
    }
  }
}

TEST_F(SearchTest, AProposalSeesWhatTheLagLetsItSee) {
  // Were trial 8 to see trial 1 too, the number of workers would matter; were it not to see trial 0, the lag would be
  // another.
  const auto proposals = [](std::int64_t lag, double first) {
    FakeWorkers workers;
    const auto usual = workers.accuracy;
    int trials = 0;
    std::set<std::string> known;
    workers.workers = 1;
    workers.accuracy = [&, usual](const TrainingConfig& config, std::int64_t epoch) -> std::optional<double> {
      if (known.insert(config.optimizer).second) ++trials;
      return trials == 1 ? first : usual(config, epoch);
    };
    TuneConfig config = sample_search("tpe", 30);
    config.lag = lag;
    std::vector<double> rates;
    const nlohmann::json found = nlohmann::json::parse(found_by(config, workers));
    for (const nlohmann::json& trial : found.at("trials")) {
      rates.push_back(trial.at("parameters").at("lr"));
    }
    return rates;
  };
  for (const std::int64_t lag : {1, 8, 15}) {
    const std::vector<double> good = proposals(lag, 0.99), bad = proposals(lag, 0.01);
    const auto [a, b] = std::ranges::mismatch(good, bad);
    EXPECT_GE(a - good.begin(), lag);
    EXPECT_NE(a, good.end()) << "TPE learns nothing of trial 0";
  }
}

TEST_F(SearchTest, GoesOnAfterAnyInterruptionWithTheSameEnd) {
  for (const std::string sampler : {"tpe", kHyperband}) {
    FakeWorkers undisturbed;
    const TuneConfig config = sample_search(sampler, 20);
    const std::string whole = found_by(config, undisturbed);
    FakeWorkers workers;
    int interruptions = 0;
    do {
      workers.stop_after = 7;
      workers.stopped = false;
      ++workers.order;
      ++interruptions;
      ASSERT_LT(interruptions, 100);
    } while (run(config, workers) == StudyEnd::interrupted);
    EXPECT_GT(interruptions, 5);
    EXPECT_EQ(found(), whole) << sampler;
    for (const auto& [trial, epochs] : workers.trained) {
      EXPECT_LE(epochs, 8) << "trial " << trial << " trained again what a checkpoint had";
    }
    std::filesystem::remove_all(path());
  }
}

TEST_F(SearchTest, TakesMoreTrialsLaterAndThenIsTheLongerSearch) {
  FakeWorkers workers, longer;
  run(sample_search("tpe", 12), workers);
  run(sample_search("tpe", 25), workers);
  EXPECT_EQ(found(), found_by(sample_search("tpe", 25), longer));
  EXPECT_THAT([&] { run(sample_search("tpe", 20), workers); },
              ThrowsMessage<Error>(HasSubstr("has 25 trials, and takes more, not fewer")));
}

TEST_F(SearchTest, TheTrialsOfAGridCannotGrow) {
  FakeWorkers workers;
  run(sample_search("grid", 5), workers);
  EXPECT_THAT([&] { run(sample_search("grid", 9), workers); }, ThrowsMessage<Error>(HasSubstr("cannot grow")));
}

TEST_F(SearchTest, AnotherSearchIsRefusedByName) {
  FakeWorkers workers;
  run(sample_search(), workers);
  TuneConfig other = sample_search();
  other.lag = 4;
  EXPECT_THAT([&] { run(other, workers); }, ThrowsMessage<Error>(HasSubstr("lag: 8, now 4")));
  other = sample_search();
  other.training.stop.epochs = 9;
  EXPECT_THAT([&] { run(other, workers); }, ThrowsMessage<Error>(HasSubstr("training.epochs: 8, now 9")));
}

TEST_F(SearchTest, FailedAndDivergedTrialsAreKeptAndNeverBest) {
  FakeWorkers workers;
  workers.error = [](const TrainingConfig& config) {
    return parse_options(config.optimizer).get("lr") > 0.1 ? std::string("<b>killed</b>") : std::string();
  };
  const auto usual = workers.accuracy;
  workers.accuracy = [&](const TrainingConfig& config, std::int64_t epoch) -> std::optional<double> {
    const double lr = parse_options(config.optimizer).get("lr");
    if (lr < 1e-4 && epoch == 3) return std::nullopt;
    return usual(config, epoch);
  };
  run(sample_search("random", 40), workers);
  const nlohmann::json json = nlohmann::json::parse(found());
  std::set<std::string> states;
  for (const nlohmann::json& trial : json.at("trials")) {
    states.insert(trial.at("state"));
    const double lr = trial.at("parameters").at("lr");
    EXPECT_EQ(trial.at("value").is_null(), lr > 0.1 || lr < 1e-4);
  }
  EXPECT_EQ(states, (std::set<std::string>{"complete", "diverged", "failed"}));
  EXPECT_EQ(json.at("best").at("state"), "complete");
  const std::map<std::int64_t, std::int64_t> before = workers.trained;
  run(sample_search("random", 40), workers);
  EXPECT_EQ(workers.trained, before) << "what failed stays failed: later proposals have seen it";
}

TEST_F(SearchTest, TheBestHasTheBestMeanOverItsSeeds) {
  FakeWorkers workers;
  TuneConfig config = sample_search("random", 12);
  config.seeds = {5, 6, 7};
  config.rejects = false;
  run(config, workers);
  const StudyData study = load();
  const nlohmann::json json = tune_json(study);
  double best = 0;
  for (const nlohmann::json& trial : json.at("trials")) {
    double sum = 0;
    int runs = 0;
    for (const TrialData& run : study.trials) {
      if (run.number != trial.at("number").get<std::int64_t>()) continue;
      sum += *workers.accuracy(run.config, 8);
      ++runs;
      EXPECT_FALSE(run.config.test_at_end);
    }
    EXPECT_EQ(runs, 3);
    EXPECT_DOUBLE_EQ(trial.at("value").get<double>(), sum / 3);
    best = std::max(best, sum / 3);
  }
  EXPECT_DOUBLE_EQ(json.at("best").at("value").get<double>(), best);
}

TEST_F(SearchTest, FoldsAreRunsOfATrial) {
  FakeWorkers workers;
  TuneConfig config = sample_search("random", 3);
  config.folds = 4;
  config.seeds = {5, 6};
  config.rejects = false;
  run(config, workers);
  std::map<std::pair<std::uint64_t, std::int64_t>, int> runs;
  for (const TrialData& trial : load().trials) {
    ++runs[{trial.config.seed, trial.config.validation_fold}];
    EXPECT_EQ(trial.config.validation_folds, 4);
  }
  EXPECT_EQ(runs.size(), 8U);
  for (const auto& [run, count] : runs) EXPECT_EQ(count, 3);
}

TEST_F(SearchTest, AClearlyWorseTrialGetsNoMoreRuns) {
  FakeWorkers workers;
  TuneConfig config = sample_search("random", 30);
  for (std::uint64_t seed = 1; seed <= 10; ++seed) config.seeds.push_back(seed);
  run(config, workers);
  const StudyData study = load();
  const std::vector<TuneTrial> trials = tune_trials(study);
  const auto pruned = std::ranges::count(trials, TrialState::pruned, &TuneTrial::state);
  EXPECT_GT(pruned, 5);
  EXPECT_LT(pruned, 30);
  for (const TuneTrial& trial : trials) {
    if (trial.state == TrialState::pruned) {
      EXPECT_THAT(trial.error, HasSubstr("by a paired test over"));
      EXPECT_GE(trial.number, config.lag) << "there is nothing to be worse than";
    }
  }
  config.rejects = false;
  FakeWorkers all;
  const nlohmann::json without = nlohmann::json::parse(found_by(config, all));
  EXPECT_EQ(without.at("best").at("number"), nlohmann::json::parse(found()).at("best").at("number"));
}

TEST_F(SearchTest, AnEqualTrialIsRarelyRejected) {
  // Values that are luck alone: a trial is no worse than another, so at most one in twenty may be rejected.
  std::size_t rejected = 0, looked_at = 0;
  const Metric& metric = find_metric("accuracy");
  std::mt19937 random(7);
  std::normal_distribution<double> luck;
  for (int repetition = 0; repetition < 2000; ++repetition) {
    std::vector<SearchTrial> trials(2);
    for (std::int64_t number = 0; number < 2; ++number) {
      trials[static_cast<std::size_t>(number)].number = number;
      for (int run = 0; run < 8; ++run) {
        SearchRun& one = trials[static_cast<std::size_t>(number)].runs.emplace_back();
        one.status = TrialStatus::finished;
        one.epochs = {{.epoch = 1, .step = 1, .validation = MetricValues{{"accuracy", 0.5 + 0.01 * luck(random)}}}};
      }
    }
    // Run by run, as a search looks.
    const std::vector<SearchRun> all = trials[1].runs;
    bool out = false;
    for (std::size_t runs = 3; runs < all.size() && !out; ++runs) {
      for (std::size_t i = runs; i < all.size(); ++i) trials[1].runs[i].status = TrialStatus::pending;
      for (std::size_t i = 0; i < runs; ++i) trials[1].runs[i].status = TrialStatus::finished;
      out = !rejection(trials[1], trials, 1, metric).empty();
    }
    ++looked_at;
    rejected += out ? 1 : 0;
  }
  EXPECT_LE(static_cast<double>(rejected) / static_cast<double>(looked_at), 0.05);
  EXPECT_GT(rejected, 0U);
}

TEST_F(SearchTest, HyperbandTrainsTheBestToTheEndAndNoOther) {
  FakeWorkers workers;
  TuneConfig config = sample_search(kHyperband, 13);
  config.training.stop.epochs = 9;
  run(config, workers);
  // R = 9, η = 3: brackets of 9, 5 and 3 trials (Li et al. 2018, table 1); the last one is cut.
  const StudyData study = load();
  const std::vector<TuneTrial> trials = tune_trials(study);
  std::map<std::int64_t, int> epochs;
  for (std::size_t i = 0; i < 9; ++i) ++epochs[trials[i].epochs];
  EXPECT_EQ(epochs, (std::map<std::int64_t, int>{{1, 6}, {3, 2}, {9, 1}}));
  // Who goes on is better at the rung's end than who does not.
  for (const TuneTrial& on : std::span(trials).first(9)) {
    for (const TuneTrial& out : std::span(trials).first(9)) {
      if (out.epochs >= on.epochs) continue;
      EXPECT_GE(*workers.accuracy(on.runs.front()->config, out.epochs),
                *workers.accuracy(out.runs.front()->config, out.epochs));
    }
  }
}

TEST_F(SearchTest, WithATimeLimitTheTrialsAreTheFirstOnes) {
  FakeWorkers workers, all;
  const auto usual = workers.accuracy;
  workers.accuracy = [&](const TrainingConfig& config, std::int64_t epoch) {
    usleep(2000);
    return usual(config, epoch);
  };
  run(sample_search("tpe", 1000), workers, {.seconds = 0.3, .only = {}});
  const nlohmann::json some = nlohmann::json::parse(found()).at("trials");
  ASSERT_GT(some.size(), 2U);
  ASSERT_LT(some.size(), 1000U);
  const nlohmann::json whole =
      nlohmann::json::parse(found_by(sample_search("tpe", static_cast<std::int64_t>(some.size())), all)).at("trials");
  EXPECT_EQ(some, whole);
}

TEST_F(SearchTest, ProgressRisesToTheEnd) {
  for (const std::string sampler : {"random", kHyperband}) {
    FakeWorkers workers;
    progress_.clear();
    run(sample_search(sampler, 15), workers);
    ASSERT_FALSE(progress_.empty());
    for (std::size_t i = 1; i < progress_.size(); ++i) EXPECT_GE(progress_[i].fraction, progress_[i - 1].fraction);
    EXPECT_NEAR(progress_.back().fraction, 1, 1e-9) << sampler;
    EXPECT_EQ(progress_.back().done, progress_.back().total) << sampler;
    EXPECT_EQ(progress_.back().running, 0U);
    std::filesystem::remove_all(path());
  }
}

/// A search by tasks that know of each other by files alone.
class TaskTest : public SearchTest {
 protected:
  TrialFiles files(const TuneConfig& config) const {
    return TrialFiles::open(folder_.path() / "tasks of many", config, "classification", "thalweg tune …");
  }
  bool train(const TrialFiles& files, std::int64_t number, FakeWorkers& workers) {
    const StudyHooks hooks{.on_progress = {},
                           .on_message = [this](const std::string& text) { messages_ += text + '\n'; },
                           .stop_requested = &workers.stopped};
    return train_task(files, number, workers.runner(), hooks, std::chrono::seconds(1));
  }
  std::string merged(const TrialFiles& files) {
    Store store = Store::in_memory(files.plan());
    missing_ = merge(files, store);
    return tune_json(store.load()).dump(1);
  }

  std::vector<std::int64_t> missing_;
};

TEST_F(TaskTest, FindTheSameAsOneProcess) {
  FakeWorkers workers, one;
  const TuneConfig config = sample_search("tpe", 20);
  const TrialFiles shared = files(config);
  // Any order that the lag allows.
  for (const std::int64_t first : {0, 8, 16}) {
    for (std::int64_t number = std::min<std::int64_t>(first + 7, 19); number >= first; --number) {
      EXPECT_TRUE(train(shared, number, workers));
    }
  }
  EXPECT_EQ(merged(shared), found_by(config, one));
  EXPECT_TRUE(missing_.empty());
}

TEST_F(TaskTest, ANumberTwiceTrainsOnceAndAMissingOneIsNamed) {
  FakeWorkers workers;
  const TrialFiles shared = files(sample_search("random", 5));
  for (const std::int64_t number : {0, 1, 3, 1}) EXPECT_TRUE(train(shared, number, workers));
  std::int64_t epochs = 0;
  for (const auto& [trial, count] : workers.trained) epochs += count;
  EXPECT_EQ(epochs, 3 * 8);
  EXPECT_THAT(messages_, HasSubstr("trial 1 is there already"));
  merged(shared);
  EXPECT_EQ(missing_, (std::vector<std::int64_t>{2, 4}));
  EXPECT_THAT([&] { train(shared, 5, workers); }, ThrowsMessage<Error>(HasSubstr("--task 5 is outside [0, 4]")));
}

TEST_F(TaskTest, WhatAKilledProcessLeavesOfATrialGoes) {
  FakeWorkers workers;
  const TrialFiles shared = files(sample_search("random", 2));
  const std::filesystem::path folder = shared.folder_of(0);
  const auto leave = [&] {  // in the middle of writing its result
    std::filesystem::create_directories(folder);
    thalweg::replace_file(folder / "result.json.123-0.tmp", std::string_view("half"));
  };
  leave();
  EXPECT_TRUE(train(shared, 0, workers));
  EXPECT_FALSE(std::filesystem::exists(folder));
  leave();  // and behind it
  EXPECT_TRUE(train(shared, 0, workers));
  EXPECT_FALSE(std::filesystem::exists(folder));
  std::set<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(folder.parent_path())) {
    left.insert(entry.path().filename().string());
  }
  EXPECT_EQ(left, (std::set<std::string>{"0.json"}));

  const std::filesystem::path draft = folder_.path() / "tasks of many" / "plan.json.machine-123.tmp";
  thalweg::replace_file(draft, std::string_view("half"));
  merged(shared);
  EXPECT_TRUE(std::filesystem::exists(draft)) << "trial 1 may yet come";
  EXPECT_TRUE(train(shared, 1, workers));
  merged(shared);
  EXPECT_FALSE(std::filesystem::exists(draft));
}

TEST_F(TaskTest, WaitsForWhatItsProposalSeesAndNoLonger) {
  FakeWorkers workers;
  const TrialFiles shared = files(sample_search("tpe", 20));
  EXPECT_THAT([&] { train(shared, 8, workers); },
              ThrowsMessage<Error>(HasSubstr("no result of trials 0 has come for 1 s")));
  EXPECT_THAT(messages_, HasSubstr("trial 8 waits for trial 0"));
}

TEST_F(TaskTest, GoesOnWhereItWasInterrupted) {
  FakeWorkers workers, one;
  const TuneConfig config = sample_search("random", 2);
  const TrialFiles shared = files(config);
  workers.stop_after = 5;
  EXPECT_FALSE(train(shared, 0, workers));
  workers.stop_after = 1000;
  workers.stopped = false;
  EXPECT_TRUE(train(shared, 0, workers));
  EXPECT_TRUE(train(shared, 1, workers));
  EXPECT_EQ(merged(shared), found_by(config, one));
  for (const auto& [trial, epochs] : workers.trained) EXPECT_LE(epochs, 16) << "with that of the other trial";
  EXPECT_FALSE(std::filesystem::exists(shared.folder_of(0)));
}

TEST_F(TaskTest, MoreTrialsThanWerePlannedFirstAreMergedToo) {
  FakeWorkers workers, one;
  TuneConfig config = sample_search("random", 2);
  for (const std::int64_t number : {0, 1}) EXPECT_TRUE(train(files(config), number, workers));
  config.trials = 3;
  EXPECT_TRUE(train(files(config), 2, workers));
  EXPECT_EQ(merged(TrialFiles::open(folder_.path() / "tasks of many")), found_by(config, one));
  EXPECT_TRUE(missing_.empty());
  config.trials = 2;
  EXPECT_THAT([&] { files(config); }, ThrowsMessage<Error>(HasSubstr("takes more, not fewer")));
}

TEST_F(TaskTest, RefusesAnotherSearchAndDamage) {
  FakeWorkers workers;
  const TuneConfig config = sample_search("random", 3);
  const TrialFiles shared = files(config);
  EXPECT_TRUE(train(shared, 0, workers));
  TuneConfig other = config;
  other.seed = 2;
  EXPECT_THAT([&] { files(other); }, ThrowsMessage<Error>(HasSubstr("seed: 1, now 2")));
  std::string text = test::contents(shared.file_of(0));
  char& digit = text[text.find_first_of("0123456789", text.find("\"lr\":") + 9)];
  digit = digit == '7' ? '8' : '7';
  std::ofstream(shared.file_of(0)) << text;
  EXPECT_THAT([&] { merged(shared); }, ThrowsMessage<Error>(HasSubstr("damaged")));
  EXPECT_THAT([&] { train(shared, 0, workers); }, ThrowsMessage<Error>(HasSubstr("damaged")));
  std::ofstream(shared.file_of(0)) << text.substr(0, text.size() / 2);
  EXPECT_THAT([&] { merged(shared); }, ThrowsMessage<Error>(HasSubstr("0.json")));
}

}  // namespace
}  // namespace thalweg::lab

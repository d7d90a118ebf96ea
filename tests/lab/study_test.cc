// Tests of a comparison's logic on a runner that only pretends to train: what is run, kept and gone on with.
#include "fake_study.h"
#include "study/worker_messages.h"

#include <thalweg/error.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace thalweg::lab {
namespace {

using test::lr_of;
using test::Pretended;
using test::sample_config;
using test::StudyTest;
using test::TemporaryFolder;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;

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
      StudyFolder folder =
          open_study_folder(fresh.path(), sample_config(), "classification", "thalweg compare …", false);
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
              ThrowsMessage<Error>(AllOf(HasSubstr("training.epochs: 5, now 6"), HasSubstr("--overwrite"),
                                         HasSubstr("--out"), HasSubstr("thalweg compare …"))));
  other = sample_config();
  other.looks = 2;
  EXPECT_THAT([&] { run(other); }, ThrowsMessage<Error>(HasSubstr("looks: 1, now 2")));
  EXPECT_EQ(run(), StudyEnd::complete);
  EXPECT_TRUE(open_study_folder(folder_.path(), other, "classification", "", true).store.load().trials.empty());
}

TEST_F(StudyTest, AFolderWithOtherFilesIsLeftAlone) {
  test::write_bytes(folder_.path() / "thesis.tex", {1, 2, 3});
  EXPECT_THAT([&] { run(); }, ThrowsMessage<Error>(AllOf(HasSubstr("not empty"), HasSubstr("--overwrite"))));
  { const StudyFolder folder = open_study_folder(folder_.path(), sample_config(), "classification", "", true); }
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
    void diagnostics(std::int64_t, const DiagnosticRecord& record) override { heard += nlohmann::json(record).dump(); }
    void epoch(std::int64_t, const EpochRecord& record) override { heard += nlohmann::json(record).dump(); }
    void finished(std::int64_t, const TrainingResult& result) override { heard += nlohmann::json(result).dump(); }
    void failed(std::int64_t, const std::string& error) override { heard += error; }
  } listener;
  const StepRecord step{.step = 3, .loss = 0.1, .lr = 1e-5};
  const DiagnosticRecord diagnostics{.step = 3,
                                     .gradient_norm = 0.1,
                                     .clipped_norm = 0.05,
                                     .greatest_norm = 1e-5,
                                     .layers = {{"\"a\"", 3, 1, 2, 3, 0.5, 4}}};
  const EpochRecord epoch{
      .epoch = 2, .step = 3, .train = {{"loss", 0.3}}, .validation = MetricValues{{"loss", 0.7}, {"accuracy", 0.25}}};
  const TrainingResult result{.outcome = Outcome::diverged, .reason = "loss", .test = MetricValues{{"accuracy", 0.1}}};
  EXPECT_EQ(deliver(progress_line({1, 2, 3, 4, std::nan(""), "accuracy", 0.5, 1e5}), 7, listener), Delivered::more);
  EXPECT_EQ(listener.heard, "7 progress 3 ");
  EXPECT_EQ(deliver(step_line(step), 7, listener), Delivered::more);
  EXPECT_EQ(deliver(diagnostics_line(diagnostics), 7, listener), Delivered::more);
  EXPECT_EQ(deliver(epoch_line(epoch), 7, listener), Delivered::more);
  EXPECT_EQ(deliver(result_line(result), 7, listener), Delivered::last);
  EXPECT_EQ(deliver(error_line("no \"memory\"\nat all \xff"), 7, listener), Delivered::last);
  EXPECT_EQ(listener.heard, "7 progress 3 " + nlohmann::json(step).dump() + nlohmann::json(diagnostics).dump() +
                                nlohmann::json(epoch).dump() + nlohmann::json(result).dump() +
                                "no \"memory\"\nat all \xef\xbf\xbd");
  EXPECT_EQ(deliver(begin_line(40), 7, listener), Delivered::more);
  EXPECT_EQ(deliver(checkpoint_line(), 7, listener), Delivered::asks);
  EXPECT_EQ(deliver(paused_line(), 7, listener), Delivered::last);
  Job job{.trial = 9, .config = {}, .checkpoint = "/a b/c", .pause_after = 3};
  job.config.seed = 1ULL << 63;
  job.program = {.words = {"a", "{\"b\"}"}, .metric = "f1", .better = Better::higher, .timeout = 0.5};
  const Job back = read_job(to_line(job));
  EXPECT_EQ(back.trial, 9);
  EXPECT_EQ(nlohmann::json(back.config), nlohmann::json(job.config));
  EXPECT_EQ(back.checkpoint, job.checkpoint);
  EXPECT_EQ(back.pause_after, job.pause_after);
  EXPECT_EQ(nlohmann::json(back.program), nlohmann::json(job.program));

  for (const char* line :
       {"", "{", "[]", "{}", "{\"hello\": 1}", "{\"step\": {}}", "{\"step\": 3}", "{\"diagnostics\": {\"step\": 1}}",
        "{\"progress\": [1]}", "{\"result\": {\"outcome\": \"great\"}}", "{\"error\": 4}", "Segmentation fault"}) {
    EXPECT_THROW(deliver(line, 1, listener), MessageError) << line;
    EXPECT_THROW(read_job(line), Error) << line;
  }
}

}  // namespace
}  // namespace thalweg::lab

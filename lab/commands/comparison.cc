// Carries a comparison out.
#include "commands/comparison.h"

#include "commands/exit.h"
#include "commands/study_runner.h"
#include "commands/task.h"
#include "output/output.h"
#include "study/run_compare.h"
#include "study/study_folder.h"

#include <fmt/core.h>

#include <algorithm>

namespace thalweg::lab {
namespace {

constexpr std::int64_t kEpochs = 8, kTuningEpochs = 2;  // of images and text

std::size_t count_finished(const StudyData& study) {
  return static_cast<std::size_t>(
      std::ranges::count(study.trials, TrialStatus::finished, [](const TrialData& trial) { return trial.status; }));
}

}  // namespace

Dataset open_comparison(CompareConfig& config) {
  TrainingConfig& training = config.training;
  Dataset dataset = open_task(training, config.optimizers, kEpochs);
  std::int64_t& tuning_epochs = config.tuning.epochs;
  if (tuning_epochs == 0) tuning_epochs = is_rows(dataset) ? training.stop.epochs : kTuningEpochs;
  if (config.tune && tuning_epochs < training.stop.epochs) {
    TrainingConfig shortest = training;
    shortest.stop.epochs = tuning_epochs;
    check_optimizers(shortest, dataset, config.optimizers);
  }
  config.data_fingerprint = dataset.fingerprint;
  config.model_fingerprint = model_fingerprint(training.model);
  return dataset;
}

ComparisonRun run_comparison(const CompareConfig& config, const std::string& task, const ComparisonPlace& place,
                             int jobs) {
  StudyFolder folder = open_study_folder(place.folder, config, task, place.command, place.overwrite);
  const StudyEnd end = [&] {
    StudyRunner runner(jobs);
    if (folder.continued) {
      runner.say(fmt::format("{} is continued: {} finished trials are kept", place.folder,
                             count_finished(folder.store.load())));
    }
    for (const std::string& note : folder.notes) runner.say(note);
    if (folder.config.program && !folder.config.tune) runner.say("{lr} is in no word of the command: nothing is tuned");
    return run_compare(folder.config, folder.store, runner.trials(), runner.hooks());
  }();
  ComparisonRun run{end, folder.store.load()};
  if (end == StudyEnd::interrupted) {
    print_message("Interrupted: {} finished trials are kept in {}. To go on, run it again:\n",
                  count_finished(run.study), place.folder);
    print_message_command(run.study.command);
    throw Interrupted{};
  }
  return run;
}

void expect_all_trained(const ComparisonRun& run) {
  if (run.end != StudyEnd::failed_trials) return;
  throw Error(
      fmt::format("some trials failed (see above); run the same command again to retry them: {}", run.study.command));
}

}  // namespace thalweg::lab

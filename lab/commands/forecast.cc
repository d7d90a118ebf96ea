// What a search will take: measured on some steps, reckoned for the rest.
#include "commands/forecast.h"

#include "duration.h"
#include "store/folder_lock.h"
#include "study/search_plan.h"
#include "study/trial_parameters.h"
#include "study/trial_runner.h"
#include "study/worker_pool.h"
#include "training/optimizer.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace thalweg::lab {
namespace {

constexpr std::int64_t kMeasuredSteps = 100;
constexpr double kBytesAStepRecord = 40, kBytesALayer = 90, kBytesAnEpoch = 400, kBytesAStudy = 100e3;

/// Keeps what a trial's records would take.
struct Measured : TrialEvents {
  TrainingResult result;
  std::string error;
  double bytes = 0;

  void started(std::int64_t) override {}
  void progressed(std::int64_t, const Progress&) override {}
  void step(std::int64_t, const StepRecord&) override { bytes += kBytesAStepRecord; }
  void diagnostics(std::int64_t, const DiagnosticRecord& record) override {
    bytes += kBytesALayer * static_cast<double>(record.layers.size());
  }
  void epoch(std::int64_t, const EpochRecord&) override { bytes += kBytesAnEpoch; }
  void finished(std::int64_t, const TrainingResult& end) override { result = end; }
  void failed(std::int64_t, const std::string& why) override { error = why; }
};

/// A folder that is gone at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() : path_((std::filesystem::temp_directory_path() / "thalweg-XXXXXX").string()) {
    if (mkdtemp(path_.data()) == nullptr) throw Error(fmt::format("cannot create a folder {}", path_));
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::filesystem::path path() const { return path_; }

 private:
  std::string path_;
};

std::string size_text(double bytes) {
  return bytes < 1e6 ? fmt::format("{:.0f} KB", bytes / 1e3) : fmt::format("{:.0f} MB", bytes / 1e6);
}

}  // namespace

std::string forecast_text(const TuneConfig& config, int jobs, std::int64_t examples) {
  const SearchSpace space = parse_space(config.ranges);
  const std::int64_t trials = trials_in(config, space);
  const std::string head =
      fmt::format("{} trials of {} run{} each", trials, config.runs(), config.runs() == 1 ? "" : "s");
  if (config.program) return head + ": how long a command of one's own takes is not known\n";

  const Point first = sampler_of(config, space)->propose(0, {});
  TrainingConfig training = with_parameters(config.training, space.parameters(first));
  const std::int64_t steps_per_epoch = run_length(training, examples).steps_per_epoch;
  training.stop.steps = std::min(kMeasuredSteps, steps_per_epoch);
  training.seed = config.seeds.front();
  training.test_at_end = false;
  if (config.folds > 0) {
    training.validation_folds = config.folds;
    training.validation_fold = 1;
  }
  const TemporaryFolder folder;
  const std::filesystem::path checkpoint = folder.path() / kCheckpointFile;
  ListSource source({{.trial = 1, .config = training, .checkpoint = checkpoint}});
  Measured measured;
  WorkerPool({.jobs = 1}).run(source, measured);
  if (!measured.error.empty()) throw Error(fmt::format("the first trial: {}", measured.error));

  const std::int64_t epochs = epochs_in(config, space);
  const auto measured_steps = static_cast<double>(std::max<std::int64_t>(1, measured.result.steps));
  const double all_steps = static_cast<double>(epochs) * static_cast<double>(steps_per_epoch);
  const double workers = static_cast<double>(std::min<std::int64_t>({jobs, config.lag, trials}));
  const double seconds = measured.result.seconds / measured_steps * all_steps / workers;
  // Fewer and fewer steps are looked into as a run gets longer.
  const double records = kBytesAStudy + measured.bytes * static_cast<double>(trials * config.runs()) *
                                            std::min(4.0, all_steps / (measured_steps * static_cast<double>(trials)));
  std::error_code none;
  const auto size = std::filesystem::file_size(checkpoint, none);
  const double checkpoints =
      none ? 0 : static_cast<double>(size) * (config.is_hyperband() ? static_cast<double>(trials) : workers);
  return fmt::format(
      "{}, {} epochs of {} steps in all\nabout {} with {} worker{}, by {:.0f} steps of the first trial (evaluation not "
      "counted)\nabout {} of records, at most {} of checkpoints while trials are under way\n",
      head, epochs, steps_per_epoch, whole_duration(seconds), jobs, jobs == 1 ? "" : "s", measured_steps,
      size_text(records), size_text(checkpoints));
}

}  // namespace thalweg::lab

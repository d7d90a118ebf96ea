// The worker's loop: a line in, a training, lines out.
#include "study/worker.h"

#include "data/dataset.h"
#include "error_text.h"
#include "models/script_model.h"
#include "page/folder.h"
#include "store/folder_lock.h"
#include "study/run_program.h"
#include "study/worker_messages.h"
#include "training/checkpoint.h"
#include "training/defaults.h"
#include "training/split.h"
#include "training/trainer.h"

#include <thalweg/error.h>
#include <thalweg/files.h>

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>

namespace thalweg::lab {
namespace {

constexpr std::chrono::milliseconds kBetweenProgress{200};
constexpr double kSecondsBetweenCheckpoints = 2;  // epochs may be short, and a checkpoint waits for the disk
constexpr int kFolderAttempts = 20;

/// Writes to the study; ends the process if it is gone.
class Teller {
 public:
  Teller() : output_(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)) {
    // Whatever a library prints must not come between the messages.
    dup2(STDERR_FILENO, STDOUT_FILENO);
  }

  void operator()(const std::string& line) const {
    for (std::size_t at = 0; at < line.size();) {
      const ssize_t written = write(output_, line.data() + at, line.size() - at);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) std::_Exit(EXIT_FAILURE);
      at += static_cast<std::size_t>(written);
    }
  }

 private:
  int output_;
};

/// Tells when to tell of progress.
class Pace {
 public:
  bool is_due() {
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < kBetweenProgress) return false;
    last_ = now;
    return true;
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

/// Where the trial stands, if it has a checkpoint. One that is damaged, or of another training, counts as none.
std::optional<RunState> standing(const Job& job, const TrainingConfig& config) {
  if (job.checkpoint.empty() || !std::filesystem::exists(job.checkpoint)) return std::nullopt;
  try {
    const Checkpoint checkpoint = read_checkpoint(job.checkpoint);
    check_resumable(checkpoint.config, checkpoint.threads, config);
    return checkpoint.run;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

/// The study removes the folder of all trials when the last one in it has ended, which may be in between.
void create_trial_folder(const Job& job) {
  for (int attempt = 1;; ++attempt) {
    try {
      return create_folder(job.checkpoint.parent_path());
    } catch (const Error&) {
      if (attempt == kFolderAttempts) throw;
    }
  }
}

/// Makes the trial's folder, with a copy of a TorchScript file, as a run has one.
void prepare_folder(const Job& job) {
  if (job.checkpoint.empty()) return;
  create_trial_folder(job);
  if (is_script_file(job.config.model)) {
    replace_file(job.checkpoint.parent_path() / kModuleFile, read_file(job.config.model));
  }
}

/// Are these jobs about the same examples, divided alike?
bool same_data(const TrainingConfig& a, const TrainingConfig& b) {
  return a.data == b.data && a.data_options == b.data_options && a.folds == b.folds && a.fold == b.fold;
}

/// The data of the job before, taken again by one about the same; all of a study are.
struct OpenData {
  Dataset dataset;
  std::optional<TrainingConfig> of;
};

/// Runs a command in place of a training, and tells likewise.
void run_command(const Job& job, const Teller& tell) {
  if (!job.checkpoint.empty()) create_trial_folder(job);
  tell(begin_line(0));
  Pace pace;
  std::int64_t epoch = 1;
  const ProgramHooks hooks{.on_record =
                               [&](const EpochRecord& record) {
                                 tell(epoch_line(record));
                                 epoch = record.epoch + 1;
                               },
                           .on_wait =
                               [&] {
                                 if (!pace.is_due()) return;
                                 Progress progress{};
                                 progress.epoch = progress.epochs = epoch;
                                 progress.batches = 1;
                                 tell(progress_line(progress));
                               }};
  tell(result_line(run_program(job.program, hooks)));
}

/// Trains and tells all of it, the end too.
void run(const Job& job, OpenData& data, const Teller& tell) {
  Pace pace;
  std::atomic<bool> pause = false;
  TrainingHooks hooks;
  hooks.on_progress = [&](const Progress& progress) {
    if (!pace.is_due()) return;
    tell(progress_line(progress));
  };
  hooks.on_step = [&](const StepRecord& record) { tell(step_line(record)); };
  hooks.on_diagnostics = [&](const DiagnosticRecord& record) { tell(diagnostics_line(record)); };
  hooks.on_epoch = [&](const EpochRecord& record) {
    tell(epoch_line(record));
    if (record.epoch == job.pause_after) pause = true;
  };
  hooks.before_checkpoint = [&] {
    tell(checkpoint_line());
    std::string answer;
    if (!std::getline(std::cin, answer)) std::_Exit(EXIT_FAILURE);  // the study is gone
  };
  hooks.on_checkpoint_failed = [](const std::string& why) { std::cerr << why << std::endl; };
  hooks.stop_requested = &pause;

  if (!data.of || !same_data(*data.of, job.config)) {
    data.of.reset();
    data.dataset = open_training_data(job.config);
    data.of = job.config;
  }
  TrainingConfig config = job.config;
  choose_defaults(config, data.dataset);
  const std::optional<RunState> state = standing(job, config);
  tell(begin_line(state ? state->step : 0));
  if (!state) prepare_folder(job);
  if (state && job.pause_after && std::ssize(state->epochs) >= *job.pause_after) pause = true;
  const Checkpointing checkpointing{
      .file = job.checkpoint, .least_seconds = kSecondsBetweenCheckpoints, .resume = state.has_value()};
  const TrainingResult result = train(config, data.dataset, hooks, checkpointing);
  tell(result.outcome == Outcome::interrupted ? paused_line() : result_line(result));
}

}  // namespace

void serve_as_worker(pid_t parent) {
  // Ends as any process does, so that the study can tell by what.
  for (const int number : {SIGINT, SIGTERM}) std::signal(number, SIG_DFL);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) return;  // died before the line above
  const Teller tell;
  OpenData data;
  for (std::string line; std::getline(std::cin, line);) {
    try {
      const Job job = read_job(line);
      job.program.words.empty() ? run(job, data, tell) : run_command(job, tell);
    } catch (const std::exception& error) {
      tell(error_line(error_text(error)));
    }
  }
}

}  // namespace thalweg::lab

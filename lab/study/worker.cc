// The worker's loop: a line in, a training, lines out.
#include "study/worker.h"

#include "data/dataset.h"
#include "error_text.h"
#include "study/worker_messages.h"
#include "training/split.h"
#include "training/trainer.h"

#include <thalweg/error.h>

#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>

namespace thalweg::lab {
namespace {

constexpr std::chrono::milliseconds kBetweenProgress{200};

/// Writes to the study; ends the process if it is gone.
class Teller {
 public:
  Teller() : output_(dup(STDOUT_FILENO)) {
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

/// `dataset`: of the job before, taken again if this one is about the same; all of a study are.
TrainingResult run(const Job& job, Dataset& dataset, const Teller& tell) {
  auto last = std::chrono::steady_clock::now();
  TrainingHooks hooks;
  hooks.on_progress = [&](const Progress& progress) {
    const auto now = std::chrono::steady_clock::now();
    if (now - last < kBetweenProgress) return;
    last = now;
    tell(progress_line(progress));
  };
  hooks.on_step = [&](const StepRecord& record) { tell(step_line(record)); };
  hooks.on_diagnostics = [&](const DiagnosticRecord& record) { tell(diagnostics_line(record)); };
  hooks.on_epoch = [&](const EpochRecord& record) { tell(epoch_line(record)); };
  if (dataset.name != job.config.data) dataset = open_training_data(job.config);
  return train(job.config, dataset, hooks, {});
}

}  // namespace

void serve_as_worker(pid_t parent) {
  // Ends as any process does, so that the study can tell by what.
  for (const int number : {SIGINT, SIGTERM}) std::signal(number, SIG_DFL);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) return;  // died before the line above
  const Teller tell;
  Dataset dataset;
  for (std::string line; std::getline(std::cin, line);) {
    try {
      tell(result_line(run(read_job(line), dataset, tell)));
    } catch (const std::exception& error) {
      tell(error_line(error_text(error)));
    }
  }
}

}  // namespace thalweg::lab

// Runs one training: the loop over epochs and batches, stop conditions, checkpoints and resume.
#pragma once

#include "data/dataset.h"
#include "training/config.h"
#include "training/event_place.h"
#include "training/records.h"

#include <atomic>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>

namespace thalweg::lab {

/// Where the run is right now; for progress bars. Called after every step, must be quick.
struct Progress {
  std::int64_t epoch, epochs, batch, batches;
  double loss;         ///< mean over this epoch so far
  std::string metric;  ///< the task's primary one; empty where this epoch has no value of it yet
  double value = 0;    ///< of the metric, likewise
  double examples_per_second = 0;
  std::int64_t examples = 0;  ///< trained in this epoch so far
};

struct TrainingHooks {
  std::function<void(const Progress&)> on_progress;
  std::function<void(const StepRecord&)> on_step;               ///< every `step_every` steps
  std::function<void(const DiagnosticRecord&)> on_diagnostics;  ///< at the steps of training/diagnostics.h
  std::function<void(const EpochRecord&)> on_epoch;
  /// In steps that are looked into (training/diagnostics.h), the gradient of each parameter, before the step is taken:
  /// its elements in any order, of one that has rows alone those.
  std::function<void(std::int64_t step, const std::string& parameter, std::span<const float> gradient)> on_gradient;
  /// Where the run's event file stands when a checkpoint is written; empty if there is none.
  std::function<EventPlace()> event_place;
  /// Before each checkpoint: what was recorded so far should be safe when it is there.
  std::function<void()> before_checkpoint;
  /// Where a checkpoint could not be written, and why: the training goes on. If empty, it ends by that Error.
  std::function<void(const std::string&)> on_checkpoint_failed;
  /// After this process' first step. Whatever a computer may lack to train at all has shown by then.
  std::function<void()> on_started;
  std::int64_t step_every = 50;
  /// Set by a signal handler: the step is finished, a checkpoint written, the run ends as `interrupted`.
  const std::atomic<bool>* stop_requested = nullptr;
};

struct Checkpointing {
  std::filesystem::path file;    ///< one safetensors file: model, optimizer, position; empty: none are written
  std::int64_t every_steps = 0;  ///< beside every epoch's end; 0: epochs only
  double least_seconds = 0;      ///< between two of them at epochs' ends, unless the run stops there
  bool resume = false;           ///< continue from `file`
};

/// Trains on `dataset`, which is what `config.data` names. A run that diverges (LossWatch, or a gradient, validation or
/// test loss that is not finite) is an outcome, not an exception. Throws thalweg::Error for bad configuration, data or
/// checkpoint, or where the system does not let as many threads start.
TrainingResult train(const TrainingConfig& config, const Dataset& dataset, const TrainingHooks& hooks,
                     const Checkpointing& checkpointing);

}  // namespace thalweg::lab

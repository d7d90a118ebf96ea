// Checkpoint: all that a training needs to continue as if it had never stopped, in one safetensors file.
#pragma once

#include "data/dataset.h"
#include "models/model.h"
#include "tasks/objective.h"
#include "training/config.h"
#include "training/divergence.h"
#include "training/records.h"

#include <thalweg/libtorch.h>
#include <thalweg/safetensors.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace thalweg::lab {

/// How far a run is. There is no generator state: shuffling and first values come from counters.
struct RunState {
  std::int64_t epoch = 1;  ///< in progress
  std::int64_t batch = 0;  ///< batches of it that are done
  std::int64_t step = 0;   ///< steps of the whole run that are done
  Tally epoch_tally;       ///< over this epoch's batches, as they were trained
  double epoch_seconds = 0;
  double seconds = 0;                 ///< training time of the whole run
  double unrecorded_loss = 0;         ///< sum over the steps since the last StepRecord …
  std::int64_t unrecorded_steps = 0;  ///< … and their number
  double greatest_gradient_norm = 0;  ///< since the last DiagnosticRecord
  LossWatch losses;                   ///< a checkpoint of an earlier version begins it anew
  std::optional<double> best_validation_loss;
  std::int64_t epochs_without_improvement = 0;
  std::vector<EpochRecord> epochs;  ///< that are complete
};

/// What a checkpoint file holds.
struct Checkpoint {
  TrainingConfig config;
  int threads = 1;                   ///< that really ran
  std::string data;                  ///< Dataset::fingerprint; empty in checkpoints of earlier versions
  std::string data_folder;           ///< Dataset::origin, where `config.data` may be relative; empty likewise
  Dataset dataset;                   ///< inputs, target and schema; none in checkpoints of earlier versions
  std::int64_t examples = 0;         ///< in the training part
  Scaling scaling;                   ///< by its statistics
  std::vector<float> class_weights;  ///< of the loss; none: all 1
  RunState run;
  /// As read: `model/NAME` (parameters and buffers), `best/NAME` (those of the best epoch) and `optimizer/…`.
  safetensors::Contents contents;
};

/// A model's parameters and buffers by name.
using Weights = std::vector<std::pair<std::string, torch::Tensor>>;

/// Those of the model, which share its memory.
Weights weights_of(const Model& model);

/// Replaces `file` atomically; `checkpoint.contents` is not used. `best`: of the best epoch; may be empty.
void write_checkpoint(const std::filesystem::path& file, const Checkpoint& checkpoint, const Model& model,
                      const Weights& best, const libtorch::Optimizer& optimizer);

/// Throws Error if the file is missing, damaged, or no training checkpoint, or if a number in it is out of range.
Checkpoint read_checkpoint(const std::filesystem::path& file);

/// Weights of a model by name, with the checkpoint's configuration, data and scaling as metadata `training`: for other
/// programs.
safetensors::Contents exported_weights(const Checkpoint& checkpoint, const Model& model);

/// Outputs of the checkpoint's model, where its last layer says so: earlier versions gave it at least 10 classes.
std::optional<std::int64_t> outputs_of(const Checkpoint& checkpoint);

/// Copies weights and optimizer state out of `checkpoint.contents`. Throws Error, which names tensor and sizes, if they
/// do not fit.
void restore(const Checkpoint& checkpoint, Model& model, libtorch::Optimizer& optimizer);

/// The weights of the best epoch, if the checkpoint has them. Throws Error as `restore`.
Weights best_weights(const Checkpoint& checkpoint, const Model& model);

/// Copies weights into a model of the same.
void set_weights(Model& model, const Weights& weights);

/// Throws Error that names the first difference between the configuration of a checkpoint and the one to continue with,
/// unless it is one that may change: stop conditions (but not the length that a cosine schedule is measured by),
/// whether the test set is used, where the data lie, and `threads` 0 for whatever number the checkpoint was made with.
void check_resumable(const TrainingConfig& saved, int saved_threads, const TrainingConfig& config);

/// Are these the examples that the run began with? True if the checkpoint does not know.
bool has_same_data(const Checkpoint& checkpoint, const Dataset& dataset);
/// Throws Error that says how to go on if they are not.
void check_same_data(const Checkpoint& checkpoint, const Dataset& dataset);

}  // namespace thalweg::lab

// Checkpoint: all that a training needs to continue as if it had never stopped, in one safetensors file. Knows no
// LibTorch: its weights are put into a model by training/weights.h.
#pragma once

#include "data/dataset.h"
#include "tasks/tally.h"
#include "training/config.h"
#include "training/divergence.h"
#include "training/event_place.h"
#include "training/records.h"

#include <thalweg/safetensors.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
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
  std::optional<EventPlace> events{};  ///< of a run that writes an event file
  /// As read: `model/NAME` (parameters and buffers), `best/NAME` (those of the best epoch) and `optimizer/…`.
  safetensors::Contents contents;
};

/// Throws Error if the file is missing, damaged, or no training checkpoint, or if a number in it is out of range.
Checkpoint read_checkpoint(const std::filesystem::path& file);

/// The name of the metadata that say all but the tensors …
inline constexpr const char* kTrainingMetadata = "training";
/// … and their text, JSON.
std::string training_text(const Checkpoint& checkpoint);
/// Reads them into a checkpoint that has its contents. Throws std::exception as read_checkpoint, without the file.
void read_training(const std::string& text, Checkpoint& checkpoint);
/// What other programs are told beside a model's weights: configuration, data and scaling, likewise.
std::string exported_text(const Checkpoint& checkpoint);

/// Throws Error that names the first difference between the configuration of a checkpoint and the one to continue with,
/// unless it is one that may change: stop conditions (but not the length that a cosine schedule is measured by),
/// whether the test set is used, where the data lie, and `threads` 0 for whatever number the checkpoint was made with.
void check_resumable(const TrainingConfig& saved, int saved_threads, const TrainingConfig& config);

/// Are these the examples that the run began with? True if the checkpoint does not know.
bool has_same_data(const Checkpoint& checkpoint, const Dataset& dataset);
/// Throws Error that says how to go on if they are not.
void check_same_data(const Checkpoint& checkpoint, const Dataset& dataset);
/// Throws Error unless a training on so many examples of these data, scaled so, with so many batches an epoch goes on
/// where the checkpoint stands.
void check_continues(const Checkpoint& checkpoint, const Dataset& dataset, std::int64_t examples,
                     const Scaling& scaling, std::int64_t batches);

}  // namespace thalweg::lab

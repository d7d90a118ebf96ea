// What a training run reports: steps, epochs, outcome. The store keeps them, the report shows them.
#pragma once

#include "models/unit_counts.h"
#include "tasks/metric.h"
#include "training/review.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace thalweg::lab {

/// A mean over the training steps since the last record.
struct StepRecord {
  std::int64_t step = 0;  ///< of the whole run, from 1
  double loss = 0;
  double lr = 0;
};

/// One parameter in one step: what StepReport says of it.
struct LayerRecord {
  std::string parameter;        ///< its name in the model: `dense1.weight`
  std::int64_t elements = 0;    ///< that it has
  double gradient_norm = 0;     ///< L2, before clipping
  double parameter_norm = 0;    ///< L2, after the step
  double update_norm = 0;       ///< L2 of what the step added to it
  double zero_share = 0;        ///< of the gradient's elements that are 0, [0, 1]
  std::int64_t non_finite = 0;  ///< elements of the gradient that are infinite or NaN
};

/// One of the steps that are looked into (training/diagnostics.h).
struct DiagnosticRecord {
  std::int64_t step = 0;     ///< of the whole run, from 1
  double gradient_norm = 0;  ///< L2 of all gradients together, before clipping
  double clipped_norm = 0;   ///< likewise after clipping by a norm; clipping by a value is not counted
  /// The greatest of the gradients' norms, after clipping by the global norm, in all steps since the record before.
  double greatest_norm = 0;
  std::vector<LayerRecord> layers;  ///< in the model's order; none where a run has diverged between two such steps
};

/// Values are `loss` and the task's metrics, by name.
struct EpochRecord {
  std::int64_t epoch = 0;                    ///< from 1
  std::int64_t step = 0;                     ///< steps done so far
  double lr = 0;                             ///< at the epoch's last step
  MetricValues train{};                      ///< over the epoch's batches, as they were trained
  std::optional<MetricValues> validation{};  ///< absent without a validation part
  double seconds = 0;               ///< training time since the start, evaluation left out, resumed parts included
  double examples_per_second = 0;   ///< of this epoch's training
  std::vector<UnitCounts> units{};  ///< hidden dense layers behind ReLU, by the validation part
};

enum class Outcome {
  completed,    ///< ran to its epochs or steps
  stopped,      ///< a stop condition was met; `reason` says which
  diverged,     ///< a loss or a gradient was not finite, or losses stayed far above the first; `reason` says which
  interrupted,  ///< by a signal, or paused by its study; a checkpoint was written
  pruned,       ///< its study trains it no further, since it is not among the best; `reason` says by what
};

struct TrainingResult {
  Outcome outcome = Outcome::completed;
  std::string reason;
  std::int64_t epochs = 0, steps = 0;
  std::optional<MetricValues> test{};
  double seconds = 0;              ///< as EpochRecord::seconds
  std::optional<Review> review{};  ///< of the test part; absent where it was not evaluated
};

std::string to_string(Outcome outcome);
/// Throws thalweg::Error for a name that is none.
Outcome outcome_of(const std::string& name);
void to_json(nlohmann::json& json, const StepRecord& record);
void from_json(const nlohmann::json& json, StepRecord& record);
void to_json(nlohmann::json& json, const DiagnosticRecord& record);
void from_json(const nlohmann::json& json, DiagnosticRecord& record);
/// `{"epoch", "step", "lr", "train": {METRIC: value}, "validation": {…} or null, "seconds", "examples_per_second",
/// "units":
/// [{"layer", "units", "dead"}]}`.
void to_json(nlohmann::json& json, const EpochRecord& record);
/// Also of the form that was written when all trainings were classifications.
void from_json(const nlohmann::json& json, EpochRecord& record);
void to_json(nlohmann::json& json, const TrainingResult& result);
void from_json(const nlohmann::json& json, TrainingResult& result);

}  // namespace thalweg::lab

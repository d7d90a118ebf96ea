// What a training run reports: steps, epochs, outcome. The store keeps them, the report shows them.
#pragma once

#include "tasks/metric.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace thalweg::lab {

/// A mean over the training steps since the last record.
struct StepRecord {
  std::int64_t step = 0;  ///< of the whole run, from 1
  double loss = 0;
  double lr = 0;
};

/// Values are `loss` and the task's metrics, by name.
struct EpochRecord {
  std::int64_t epoch = 0;                    ///< from 1
  std::int64_t step = 0;                     ///< steps done so far
  double lr = 0;                             ///< at the epoch's last step
  MetricValues train{};                      ///< over the epoch's batches, as they were trained
  std::optional<MetricValues> validation{};  ///< absent without a validation part
  double seconds = 0;              ///< training time since the start, evaluation left out, resumed parts included
  double examples_per_second = 0;  ///< of this epoch's training
};

enum class Outcome {
  completed,    ///< ran to its epochs or steps
  stopped,      ///< a stop condition was met; `reason` says which
  diverged,     ///< a loss or a gradient was not finite, or losses stayed far above the first; `reason` says which
  interrupted,  ///< by a signal; a checkpoint was written
};

struct TrainingResult {
  Outcome outcome = Outcome::completed;
  std::string reason;
  std::int64_t epochs = 0, steps = 0;
  std::optional<MetricValues> test{};
  double seconds = 0;  ///< as EpochRecord::seconds
};

std::string to_string(Outcome outcome);
/// Throws thalweg::Error for a name that is none.
Outcome outcome_of(const std::string& name);
void to_json(nlohmann::json& json, const StepRecord& record);
void from_json(const nlohmann::json& json, StepRecord& record);
/// `{"epoch", "step", "lr", "train": {METRIC: value}, "validation": {…} or null, "seconds", "examples_per_second"}`.
void to_json(nlohmann::json& json, const EpochRecord& record);
/// Also of the form that was written when all trainings were classifications.
void from_json(const nlohmann::json& json, EpochRecord& record);
void to_json(nlohmann::json& json, const TrainingResult& result);
void from_json(const nlohmann::json& json, TrainingResult& result);

}  // namespace thalweg::lab

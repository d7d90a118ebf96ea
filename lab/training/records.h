// What a training run reports: steps, epochs, outcome. The store keeps them, the report shows them.
#pragma once

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

/// Losses are mean cross-entropy in nats, accuracies in [0, 1].
struct EpochRecord {
  std::int64_t epoch = 0;  ///< from 1
  std::int64_t step = 0;   ///< steps done so far
  double lr = 0;           ///< at the epoch's last step
  double train_loss = 0;   ///< mean over the epoch's batches, as they were trained
  double train_accuracy = 0;
  std::optional<double> validation_loss;  ///< absent without a validation part
  std::optional<double> validation_accuracy;
  double seconds = 0;            ///< training time since the start, evaluation left out, resumed parts included
  double images_per_second = 0;  ///< of this epoch's training
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
  std::optional<double> test_loss, test_accuracy;
  double seconds = 0;  ///< as EpochRecord::seconds
};

std::string to_string(Outcome outcome);
/// A loss for people: `0.4321`; where that would be long, `1.726e+23`; `nan` without a sign.
std::string loss_text(double loss);
void to_json(nlohmann::json& json, const StepRecord& record);
void from_json(const nlohmann::json& json, StepRecord& record);
void to_json(nlohmann::json& json, const EpochRecord& record);
void from_json(const nlohmann::json& json, EpochRecord& record);
void to_json(nlohmann::json& json, const TrainingResult& result);
void from_json(const nlohmann::json& json, TrainingResult& result);

}  // namespace thalweg::lab

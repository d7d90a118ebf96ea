// TrainedModel: the model of a run's checkpoint, ready to predict.
#pragma once

#include "models/model.h"
#include "tasks/objective.h"
#include "tasks/task.h"
#include "training/checkpoint.h"

#include <filesystem>
#include <memory>
#include <string>

namespace thalweg::lab {

/// Has the weights that a training's end evaluates: those of the best epoch where they are restored, else the averages
/// where the optimizer keeps any, else the last ones.
struct TrainedModel {
  Checkpoint checkpoint;  ///< its contents are read
  const Task* task = nullptr;
  std::shared_ptr<Model> model;
  std::unique_ptr<Objective> objective;
};

/// The model that a run's configuration names: of a TorchScript file the copy beside the run's checkpoint, if there is
/// one.
std::string model_of(const TrainingConfig& config, const std::filesystem::path& checkpoint);

/// Throws thalweg::Error as read_checkpoint, and if weights and model do not fit.
TrainedModel load_trained_model(const std::filesystem::path& checkpoint);

}  // namespace thalweg::lab

// TrainedModel: the model of a run's checkpoint, ready to predict.
#pragma once

#include "models/model.h"
#include "tasks/objective.h"
#include "tasks/task.h"
#include "training/checkpoint.h"

#include <filesystem>
#include <memory>

namespace thalweg::lab {

/// Has the weights that a training's end evaluates: those of the best epoch where they are restored, else the averages
/// where the optimizer keeps any, else the last ones.
struct TrainedModel {
  Checkpoint checkpoint;  ///< its contents are read
  const Task* task = nullptr;
  std::shared_ptr<Model> model;
  std::unique_ptr<Objective> objective;
};

/// Throws thalweg::Error as read_checkpoint, and if weights and model do not fit.
TrainedModel load_trained_model(const std::filesystem::path& checkpoint);

}  // namespace thalweg::lab

// Which examples of a data set train, validate and test.
#pragma once

#include "data/dataset.h"
#include "training/config.h"

#include <cstdint>
#include <vector>

namespace thalweg::lab {

/// The data of a training, divided as its configuration says: open_dataset and, of a fold, take_fold.
Dataset open_training_data(const TrainingConfig& config);

/// Indices in rising order: `training` and `validation` share out the training part.
struct Split {
  std::vector<std::int64_t> training, validation, test;
};

/// Draws `validation_fraction` of the first `train_limit` training examples by `split_seed`, of each class the same
/// share where the data's parts are drawn; of data in order the last ones. With validation folds it is one of them;
/// else, of a format that has a validation part of its own, that one, unless the fraction is 0. Throws thalweg::Error
/// if that is not one example, or for folds of data in order, or more folds than examples.
Split split(const Dataset& dataset, const TrainingConfig& config);

/// What each class counts in the loss: 1, or, balanced, examples / (classes × examples of the class), 0 without any.
/// Empty if all are 1. Throws thalweg::Error for weights of a target that has no classes.
std::vector<float> class_weights(const Dataset& dataset, const TrainingConfig& config,
                                 const std::vector<std::int64_t>& training);

}  // namespace thalweg::lab

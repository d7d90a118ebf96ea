// Which images of a data set train, validate and test.
#pragma once

#include "data/dataset.h"
#include "training/config.h"

#include <cstdint>
#include <vector>

namespace thalweg::lab {

/// Indices in rising order: `training` and `validation` share out the training set, `test` is of the test set.
struct Split {
  std::vector<std::int64_t> training, validation, test;
};

/// Draws `validation_fraction` of the first `train_limit` training images by `split_seed`. Throws thalweg::Error if
/// that is not one image.
Split split(const Dataset& dataset, const TrainingConfig& config);

}  // namespace thalweg::lab

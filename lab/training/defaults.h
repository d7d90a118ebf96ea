// What a training takes where its configuration leaves the choice: batch, epochs, early stopping.
#pragma once

#include "data/dataset.h"
#include "training/config.h"

#include <cstdint>

namespace thalweg::lab {

constexpr std::int64_t kUsualEpochs = 10;  ///< of images and text

/// Are the examples rows of a table or windows of a series?
bool is_rows(const Dataset& dataset);

/// Chooses what is 0 in the configuration.
///
/// - Images and text: batches of 64 examples, `epochs` epochs.
/// - Rows of tables and windows of series: batches of about a fiftieth of the rows, 16 to 256 (of ratings 1,024), and
/// as many epochs as give
///   4,000 steps, 10 to 2,000. Where the epochs are chosen so, nothing is said of stopping and there is a validation
///   part, a tenth of the epochs without a better validation loss ends the run, and the best weights are restored.
void choose_defaults(TrainingConfig& config, const Dataset& dataset, std::int64_t epochs = kUsualEpochs);

}  // namespace thalweg::lab

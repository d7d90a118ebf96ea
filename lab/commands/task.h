// Checks what a training is to be about, before anything is written, and opens its data.
#pragma once

#include "data/dataset.h"
#include "training/config.h"
#include "training/defaults.h"

#include <span>
#include <string>

namespace thalweg::lab {

/// The data set of this training, whose configuration gets what it leaves to be chosen; `epochs`: of images and text,
/// likewise. Throws UsageError for what the command line has wrong (values, unknown data set or model, a model that
/// does not take such data, and as check_optimizers), thalweg::Error for missing and damaged data.
Dataset open_task(TrainingConfig& config, std::span<const std::string> optimizers, std::int64_t epochs = kUsualEpochs);

/// Of a TorchScript file's content; empty for the lab's own models.
std::string model_fingerprint(const std::string& model);

/// Throws UsageError for an optimizer that does not go with the model or the run's length.
void check_optimizers(const TrainingConfig& config, const Dataset& dataset, std::span<const std::string> optimizers);

}  // namespace thalweg::lab

// The optimizer of a training, as its configuration describes it.
#pragma once

#include "training/config.h"

#include <thalweg/description.h>

#include <cstdint>
#include <string>

namespace thalweg::lab {

/// What thalweg::parse_description reads. Throws Error, too, for what a training does by itself or not at all: the
/// accumulation, a loss scale, step numbers of rows, steps without a check.
Description read_optimizer(const std::string& text);

/// The description without its rate, which is tuned, or stands in a column of its own.
std::string without_lr(Description description);

/// How long the training is at most, with so many training examples. Its batch and epochs are chosen already.
RunLength run_length(const TrainingConfig& config, std::int64_t examples);

/// Throws thalweg::Error if an epoch would have a batch of one example, over which `--batch-norm` cannot normalise.
void check_batches(const TrainingConfig& config, std::int64_t examples);

/// What the training runs: with the configuration's schedule where the optimizer's text has none.
Description optimizer_of(const TrainingConfig& config);

}  // namespace thalweg::lab

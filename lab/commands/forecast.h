// What a search will take, before it is begun.
#pragma once

#include "study/tune_config.h"

#include <cstdint>
#include <string>

namespace thalweg::lab {

/// How many trials, how long with so many workers, and how much disk, in words: after some steps of its first trial, in
/// a worker, of which the rest is reckoned. Of a program only the trials are known. `examples`: in the training part.
/// Throws thalweg::Error if not even these can be trained.
std::string forecast_text(const TuneConfig& config, int jobs, std::int64_t examples);

}  // namespace thalweg::lab

// Models that are dense layers on one input, flattened.
#pragma once

#include "models/model.h"

namespace thalweg::lab {

/// Hidden layers by `options`.
std::shared_ptr<Model> make_dense_model(const ModelShape& shape, const ModelOptions& options, std::uint64_t seed);

/// Without hidden layers.
std::shared_ptr<Model> make_single_layer(const ModelShape& shape, const ModelOptions& options, std::uint64_t seed);

}  // namespace thalweg::lab

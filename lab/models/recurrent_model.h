// Models that are recurrent layers and one dense layer: lstm and gru.
#pragma once

#include "models/model.h"
#include "models/recurrent_kernels.h"

namespace thalweg::lab {

/// Of this kind of cell, by `hidden`, `layers` and `dropout` of the options. Inputs: rows of images (all channels of a
/// row are one step), series, or characters, which are embedded. Classes and numbers are predicted from the last step,
/// characters at every step. Dropout is on what each layer hands on.
std::shared_ptr<Model> make_recurrent_model(Cell cell, const ModelShape& shape, const ModelOptions& options,
                                            std::uint64_t seed);

/// The registry's entry of such a model.
ModelEntry recurrent_entry(const char* name, const char* meaning,
                           std::shared_ptr<Model> (*make)(const ModelShape&, const ModelOptions&, std::uint64_t));

}  // namespace thalweg::lab

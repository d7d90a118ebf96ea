// First values of parameters, drawn by counter.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>

namespace thalweg::lab {

/// Uniform in ±bound. Element i of the row-major tensor is number i of the stream of this name (the parameter's full
/// name in its model), so a value depends on nothing but seed, name and place.
torch::Tensor draw(const std::string& name, torch::IntArrayRef shape, double bound, std::uint64_t seed);

}  // namespace thalweg::lab

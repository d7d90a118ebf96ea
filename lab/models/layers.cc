// Layers with named parameters whose first values are drawn by counter.
#include "models/layers.h"

#include "models/first_values.h"

#include <cmath>

namespace thalweg::lab {

namespace {

double weight_bound(Followed followed, std::int64_t fan_in) {
  return std::sqrt((followed == Followed::by_relu ? 6.0 : 1.0) / static_cast<double>(fan_in));
}

torch::Tensor draw_bias(const std::string& name, std::int64_t outputs, std::int64_t fan_in, std::uint64_t seed) {
  return draw(name + ".bias", {outputs}, 1 / std::sqrt(static_cast<double>(fan_in)), seed);
}

}  // namespace

Dense::Dense(const std::string& name, std::int64_t inputs, std::int64_t outputs, Followed followed,
             std::uint64_t seed) {
  weight_ =
      register_parameter("weight", draw(name + ".weight", {outputs, inputs}, weight_bound(followed, inputs), seed));
  bias_ = register_parameter("bias", draw_bias(name, outputs, inputs, seed));
}

Convolution::Convolution(const std::string& name, std::int64_t inputs, std::int64_t outputs, std::int64_t kernel,
                         std::uint64_t seed)
    : padding_(kernel / 2) {
  const std::int64_t fan_in = inputs * kernel * kernel;
  const torch::Tensor first =
      draw(name + ".weight", {outputs, inputs, kernel, kernel}, weight_bound(Followed::by_relu, fan_in), seed);
  weight_ = register_parameter("weight", first.clone(torch::MemoryFormat::ChannelsLast));
  bias_ = register_parameter("bias", draw_bias(name, outputs, fan_in, seed));
}

}  // namespace thalweg::lab

// Layers with named parameters whose first values are drawn by counter.
#include "models/layers.h"

#include "models/first_values.h"

#include <cmath>

namespace thalweg::lab {

namespace {

double weight_bound(Followed followed, std::int64_t fan_in) {
  const double gain = followed == Followed::by_relu ? 6.0 : followed == Followed::by_tanh ? 3.0 : 1.0;
  return std::sqrt(gain / static_cast<double>(fan_in));
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

Embedding::Embedding(const std::string& name, const std::vector<std::int64_t>& sizes, std::int64_t width,
                     std::uint64_t seed) {
  std::int64_t rows = 0;
  std::vector<std::int64_t> offsets;
  for (const std::int64_t size : sizes) {
    offsets.push_back(rows);
    rows += size;
  }
  torch::Tensor first = draw(name + ".weight", {rows, width}, 1, seed);
  for (const std::int64_t offset : offsets) first[offset].zero_();
  weight_ = register_parameter("weight", first);
  if (offsets.size() > 1) offsets_ = torch::tensor(offsets, torch::kInt64);
}

torch::Tensor Embedding::forward(const torch::Tensor& codes) const {
  return torch::embedding(weight_, offsets_.defined() ? codes + offsets_ : codes);
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

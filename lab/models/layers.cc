// Layers with named parameters whose first values are drawn by counter.
#include "models/layers.h"

#include "models/first_values.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

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
  for (const std::int64_t size : sizes) {
    offsets_.push_back(rows);
    rows += size;
  }
  torch::Tensor first = draw(name + ".weight", {rows, width}, 1, seed);
  for (const std::int64_t offset : offsets_) first[offset].zero_();
  weight_ = register_parameter("weight", first);
  if (offsets_.size() > 1) offset_tensor_ = torch::tensor(offsets_, torch::kInt64);
}

torch::Tensor Embedding::forward(const torch::Tensor& codes) const {
  return torch::embedding(weight_, offset_tensor_.defined() ? codes + offset_tensor_ : codes);
}

std::string Embedding::script(const std::string& codes) const {
  if (offsets_.size() == 1) return fmt::format("torch.embedding(self.embedding_weight, {})", codes);
  return fmt::format("torch.embedding(self.embedding_weight, {} + torch.tensor([{}]))", codes,
                     fmt::join(offsets_, ", "));
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

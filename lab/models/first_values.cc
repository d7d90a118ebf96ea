// First values of parameters, drawn by counter.
#include "models/first_values.h"

#include <thalweg/random.h>

namespace thalweg::lab {

torch::Tensor draw(const std::string& name, torch::IntArrayRef shape, double bound, std::uint64_t seed) {
  torch::Tensor values = torch::empty(shape, torch::kFloat32);
  const Random random(seed, RandomPurpose::initial_weights, name);
  float* const to = values.data_ptr<float>();
  for (std::int64_t i = 0; i < values.numel(); ++i) {
    to[i] = static_cast<float>((2 * random.uniform(static_cast<std::uint64_t>(i)) - 1) * bound);
  }
  return values;
}

}  // namespace thalweg::lab

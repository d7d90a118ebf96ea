// Dropout whose draws come from a counter.
#include "models/dropout.h"

#include <thalweg/random.h>

#include <utility>

namespace thalweg::lab {

Dropout::Dropout(std::string name, double share, std::shared_ptr<const DrawPlace> place)
    : name_(std::move(name)), share_(share), place_(std::move(place)) {}

torch::Tensor Dropout::forward(const torch::Tensor& x) const {
  torch::Tensor mask = torch::empty(x.sizes(), torch::kFloat32);
  const Random random(place_->seed, RandomPurpose::dropout, name_, static_cast<std::uint32_t>(place_->step));
  const auto kept = static_cast<float>(1 / (1 - share_));
  float* const to = mask.data_ptr<float>();
  for (std::int64_t i = 0; i < mask.numel(); ++i)
    to[i] = random.uniform(static_cast<std::uint64_t>(i)) < share_ ? 0.0f : kept;
  return x * mask;
}

}  // namespace thalweg::lab

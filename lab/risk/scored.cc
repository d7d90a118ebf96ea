// Scored: probabilities of logits.
#include "risk/scored.h"

#include <algorithm>
#include <cmath>

namespace thalweg::lab {

std::int64_t Scored::positives() const {
  return std::ranges::count_if(positive, [](char each) { return each != 0; });
}

Scored scored_of(const std::vector<float>& logits, const std::vector<char>& positive) {
  Scored scored{.positive = positive};
  scored.probabilities.reserve(logits.size());
  for (const float logit : logits) scored.probabilities.push_back(1 / (1 + std::exp(-static_cast<double>(logit))));
  return scored;
}

}  // namespace thalweg::lab

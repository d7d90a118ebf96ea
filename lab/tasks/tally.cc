// Tally: adds up.
#include "tasks/tally.h"

#include <cstddef>

namespace thalweg::lab {

Tally& Tally::operator+=(const Tally& other) {
  loss += other.loss;
  examples += other.examples;
  sums.resize(other.sums.size());
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += other.sums[i];
  scores.insert(scores.end(), other.scores.begin(), other.scores.end());
  positive.insert(positive.end(), other.positive.begin(), other.positive.end());
  return *this;
}

}  // namespace thalweg::lab

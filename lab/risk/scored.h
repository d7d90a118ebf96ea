// Scored: what a model says of examples of two classes, and what is true of them.
#pragma once

#include <cstdint>
#include <vector>

namespace thalweg::lab {

/// Examples of two classes. The positive one is the class that is to be found: a loan that goes bad.
struct Scored {
  std::vector<double> probabilities{};  ///< of the positive class, in [0, 1], one an example
  std::vector<char> positive{};         ///< 1 where it is true, else 0; as many

  std::int64_t size() const { return std::ssize(probabilities); }
  std::int64_t positives() const;
};

/// Of logits, the positive class's minus the other's: 1 / (1 + e^−logit).
Scored scored_of(const std::vector<float>& logits, const std::vector<char>& positive);

}  // namespace thalweg::lab

// each_rating: goes over examples of users, items and what is between them, in pieces that stay small.
#pragma once

#include "data/dataset.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace thalweg::lab {

/// Calls `use(user, item, target)` for each of these examples, in their order: codes and scaled targets.
void each_rating(const Dataset& dataset, std::span<const std::int64_t> examples, const Scaling& scaling,
                 const auto& use) {
  constexpr std::size_t kPiece = 4096;
  std::vector<std::int64_t> codes(2 * kPiece);
  std::vector<float> targets(kPiece);
  for (std::size_t begin = 0; begin < examples.size(); begin += kPiece) {
    const std::size_t count = std::min(kPiece, examples.size() - begin);
    dataset.examples->load(examples.subspan(begin, count), scaling,
                           {{std::span(codes).first(2 * count)}, std::span(targets).first(count)});
    for (std::size_t i = 0; i < count; ++i) use(codes[2 * i], codes[2 * i + 1], static_cast<double>(targets[i]));
  }
}

}  // namespace thalweg::lab

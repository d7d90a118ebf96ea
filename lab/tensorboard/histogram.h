// Histogram: how many of a tensor's elements lie in each of TensorBoard's usual buckets.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace thalweg::lab {

/// Bucket i has the values in (limits[i − 1], limits[i]]; the first one begins at `least`.
struct Histogram {
  double least = 0, greatest = 0;  ///< of the finite values; 0 where there are none
  double count = 0;                ///< of finite values
  double sum = 0, sum_of_squares = 0;
  std::vector<double> limits{}, counts{};  ///< from the first bucket that has a value to the last one
};

/// Of the values that are finite. Limits are 0 and ± 10⁻¹² · 1.1ᵏ up to 10²⁰, as TensorFlow's histograms have them:
/// narrow where gradients lie; of neighbours without values there is one bucket.
Histogram histogram_of(std::span<const float> values);

}  // namespace thalweg::lab

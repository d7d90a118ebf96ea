// What training does to one clip of sound: moved in time, mixed with noise, louder or quieter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace thalweg::lab {

/// In this order.
struct ClipVariation {
  std::int64_t later = 0;               ///< samples, of any size; what comes into it is 0
  std::optional<double> noise_ratio{};  ///< dB: of the clip's mean square to that of the noise in it
  std::size_t noise_begin = 0;  ///< sample of the noise that the clip begins with, which begins again at its end
  double gain = 0;              ///< dB
};

/// Does it to the clip. What leaves [−1, 1] is cut off there. A clip of 0 alone, or noise of 0, stays without noise.
void vary_clip(std::span<float> clip, const ClipVariation& variation, std::span<const float> noise);

/// Ten seconds of white noise: uniform in ±1, drawn by the seed.
std::shared_ptr<const std::vector<float>> white_noise(std::uint64_t seed);

}  // namespace thalweg::lab

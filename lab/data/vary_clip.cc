// What training does to one clip of sound: moved in time, mixed with noise, louder or quieter.
#include "data/vary_clip.h"

#include "data/clip_dataset.h"

#include <thalweg/random.h>

#include <algorithm>
#include <cmath>

namespace thalweg::lab {
namespace {

void move_clip(std::span<float> clip, std::int64_t later) {
  const std::int64_t size = std::ssize(clip), moved = std::clamp(later, -size, size);
  if (moved > 0) {
    std::move_backward(clip.begin(), clip.end() - moved, clip.end());
    std::fill(clip.begin(), clip.begin() + moved, 0.0f);
  } else if (moved < 0) {
    std::move(clip.begin() - moved, clip.end(), clip.begin());
    std::fill(clip.end() + moved, clip.end(), 0.0f);
  }
}

double square(float x) { return static_cast<double>(x) * static_cast<double>(x); }

void add_noise(std::span<float> clip, double ratio, std::size_t begin, std::span<const float> noise) {
  double clip_squares = 0, noise_squares = 0;
  for (std::size_t i = 0; i < clip.size(); ++i) {
    clip_squares += square(clip[i]);
    noise_squares += square(noise[(begin + i) % noise.size()]);
  }
  if (clip_squares == 0 || noise_squares == 0) return;
  const auto factor = static_cast<float>(std::sqrt(clip_squares / noise_squares) * std::pow(10, -ratio / 20));
  for (std::size_t i = 0; i < clip.size(); ++i) clip[i] += factor * noise[(begin + i) % noise.size()];
}

}  // namespace

void vary_clip(std::span<float> clip, const ClipVariation& variation, std::span<const float> noise) {
  move_clip(clip, variation.later);
  if (variation.noise_ratio && !noise.empty()) add_noise(clip, *variation.noise_ratio, variation.noise_begin, noise);
  const auto factor = static_cast<float>(std::pow(10, variation.gain / 20));
  for (float& sample : clip) sample = std::clamp(factor * sample, -1.0f, 1.0f);
}

std::shared_ptr<const std::vector<float>> white_noise(std::uint64_t seed) {
  const Random random(seed, RandomPurpose::augmentation, "white noise");
  std::vector<float> noise(10 * kClipRate);
  for (std::size_t i = 0; i < noise.size(); ++i) noise[i] = static_cast<float>(2 * random.uniform(i) - 1);
  return std::make_shared<const std::vector<float>>(std::move(noise));
}

}  // namespace thalweg::lab

// Random bits from a counter: the same arguments give the same bits, so there is no generator state to save.
#pragma once

#include <thalweg/api.h>

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace thalweg::inline v0_1 {

/// What random bits are for. Streams of different purposes are independent. Numbers are part of the promise.
enum class RandomPurpose : std::uint32_t {
  initial_weights = 1,
  shuffle = 2,
  split = 3,
  dropout = 4,
  bootstrap = 5,
  search = 6,
  rounding = 7,
  test = 8,
  augmentation = 9,
  generation = 10,
};

/// A stream of random numbers that can be read at any position. Philox 4×32-10 (Salmon et al. 2011, "Parallel random
/// numbers: as easy as 1, 2, 3"): seed, purpose and name give the key, position and step are the counter. Each position
/// has one block of bits, which all functions draw from: read a position by one of them only.
class THALWEG_API Random {
 public:
  /// `name` tells streams of one purpose apart (a parameter's name, say), `step` the epochs or steps of one name.
  Random(std::uint64_t seed, RandomPurpose purpose, std::string_view name = {}, std::uint32_t step = 0);

  std::uint32_t bits(std::uint64_t position) const;
  /// Uniform in [0, 1), a multiple of 2⁻³².
  double uniform(std::uint64_t position) const;
  /// Standard normal (Box-Muller). Its last bit depends on the system's `log` and `cos`.
  double normal(std::uint64_t position) const;
  /// Uniform in {0 … bound − 1}, without bias. Throws Error if bound is 0.
  std::uint64_t below(std::uint64_t bound, std::uint64_t position) const;
  /// Permutes (Fisher-Yates, with the positions 1 … size − 1).
  void shuffle(std::span<std::int64_t> items) const;

 private:
  std::array<std::uint32_t, 4> block(std::uint64_t position, std::uint32_t attempt) const;

  std::array<std::uint32_t, 2> key_;
  std::uint32_t step_;
};

}  // namespace thalweg::inline v0_1

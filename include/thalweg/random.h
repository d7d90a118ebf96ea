// Random bits from a counter: the same arguments give the same bits, so there is no generator state to save.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace thalweg {

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
};

/// A stream of random numbers that can be read at any position. Philox 4×32-10 (Salmon et al. 2011, "Parallel random
/// numbers: as easy as 1, 2, 3") keyed by the seed; purpose, name, step and position are the counter.
class Random {
 public:
  /// `name` tells streams of one purpose apart (a parameter's name, say), `step` the epochs or steps of one name.
  Random(std::uint64_t seed, RandomPurpose purpose, std::string_view name = {}, std::uint32_t step = 0);

  std::uint32_t bits(std::uint64_t position) const;
  /// Uniform in [0, 1), a multiple of 2⁻³².
  double uniform(std::uint64_t position) const;
  /// Standard normal (Box-Muller).
  double normal(std::uint64_t position) const;
  /// Uniform in {0 … bound − 1}, without bias. bound ≥ 1.
  std::uint64_t below(std::uint64_t bound, std::uint64_t position) const;
  /// Permutes (Fisher-Yates).
  void shuffle(std::span<std::int64_t> items) const;

 private:
  std::uint64_t seed_;
  std::uint32_t purpose_;
  std::uint32_t name_;
  std::uint32_t step_;
};

}  // namespace thalweg

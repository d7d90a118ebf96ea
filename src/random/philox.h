// Philox 4×32-10: four random words from a counter and a key.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace thalweg::inline v0_1::philox {

using Words = std::array<std::uint32_t, 4>;
using Key = std::array<std::uint32_t, 2>;

/// Salmon, Moraes, Dror, Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3", with ten rounds. For a fixed key
/// it is a bijection of the counters.
constexpr Words philox(Words counter, Key key) {
  constexpr int kRounds = 10;
  constexpr std::uint64_t kMultiplier0 = 0xD2511F53;
  constexpr std::uint64_t kMultiplier1 = 0xCD9E8D57;
  constexpr Key kWeyl = {0x9E3779B9, 0xBB67AE85};
  for (int round = 0; round < kRounds; ++round) {
    const std::uint64_t product0 = kMultiplier0 * counter[0];
    const std::uint64_t product1 = kMultiplier1 * counter[2];
    counter = {static_cast<std::uint32_t>(product1 >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(product1),
               static_cast<std::uint32_t>(product0 >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(product0)};
    key = {key[0] + kWeyl[0], key[1] + kWeyl[1]};
  }
  return counter;
}

/// The 64 bits of words[pair · 2] (high half) and words[pair · 2 + 1].
constexpr std::uint64_t word_pair(const Words& words, std::size_t pair) {
  return std::uint64_t{words[pair * 2]} << 32 | words[pair * 2 + 1];
}

}  // namespace thalweg::inline v0_1::philox

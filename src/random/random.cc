// Random streams on Philox: the key tells streams apart, the counter is position, step and attempt.
#include "thalweg/random.h"

#include "random/philox.h"
#include "thalweg/error.h"

#include <cmath>
#include <numbers>
#include <utility>

namespace thalweg::inline v0_1 {
namespace {

constexpr std::uint32_t low(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
constexpr std::uint32_t high(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }

// 64-bit FNV-1a. Its weak mixing does no harm here: it only has to tell names apart, Philox mixes.
constexpr std::uint64_t hash_of(std::string_view name) {
  std::uint64_t hash = 0xCBF29CE484222325;
  for (const char character : name) {
    hash = (hash ^ static_cast<unsigned char>(character)) * 0x100000001B3;
  }
  return hash;
}

}  // namespace

Random::Random(std::uint64_t seed, RandomPurpose purpose, std::string_view name, std::uint32_t step) : step_(step) {
  const std::uint64_t hash = hash_of(name);
  const philox::Words words =
      philox::philox({low(hash), high(hash), static_cast<std::uint32_t>(purpose), 0}, {low(seed), high(seed)});
  key_ = {words[0], words[1]};
}

std::array<std::uint32_t, 4> Random::block(std::uint64_t position, std::uint32_t attempt) const {
  return philox::philox({low(position), high(position), step_, attempt}, key_);
}

std::uint32_t Random::bits(std::uint64_t position) const { return block(position, 0)[0]; }

double Random::uniform(std::uint64_t position) const { return bits(position) * 0x1p-32; }

double Random::normal(std::uint64_t position) const {
  const philox::Words words = block(position, 0);
  // The radius needs a number in (0, 1], the angle one in [0, 1); each takes 53 of its 64 bits.
  const double for_radius = static_cast<double>((philox::word_pair(words, 0) >> 11) + 1) * 0x1p-53;
  const double for_angle = static_cast<double>(philox::word_pair(words, 1) >> 11) * 0x1p-53;
  return std::sqrt(-2 * std::log(for_radius)) * std::cos(2 * std::numbers::pi * for_angle);
}

std::uint64_t Random::below(std::uint64_t bound, std::uint64_t position) const {
  if (bound == 0) {
    throw Error("random: bound = 0 is outside [1, 2^64)");
  }
  // The numbers below 2⁶⁴ mod bound are one too many for an equal share, so they are drawn again.
  const std::uint64_t excess = (0 - bound) % bound;
  for (std::uint32_t attempt = 0;; ++attempt) {
    const philox::Words words = block(position, attempt);
    for (std::size_t pair = 0; pair < 2; ++pair) {
      const std::uint64_t candidate = philox::word_pair(words, pair);
      if (candidate >= excess) {
        return candidate % bound;
      }
    }
  }
}

void Random::shuffle(std::span<std::int64_t> items) const {
  for (std::size_t last = items.size(); last-- > 1;) {
    std::swap(items[last], items[below(last + 1, last)]);
  }
}

}  // namespace thalweg::inline v0_1

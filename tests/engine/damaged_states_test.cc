// Damaged states: whatever is done to a saved state's bytes, an optimizer takes it over wholly or not at all.
//
// THALWEG_DAMAGED_STATES=N damages N states (3,000 otherwise).
#include "engine/numbers.h"
#include "engine/without_checksum.h"

#include <thalweg/error.h>
#include <thalweg/optimizer.h>
#include <thalweg/random.h>
#include <thalweg/rules/adagrad.h>
#include <thalweg/rules/nadam.h>
#include <thalweg/rules/rmsprop.h>

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

using Bytes = std::vector<std::byte>;

/// An optimizer in which everything is in use that a state may hold.
struct Busy {
  Busy(const Options& options, const Settings& settings) : optimizer(options, settings) {
    optimizer.add_group("other", options);
    optimizer.add_group("third", Adagrad{}, 0.5);
    optimizer.add("layer.weight", weight, {2, 3});
    optimizer.add("layer.bias", bias, optimizer.group("other"));
    optimizer.add("\u00fc/ \"quoted\"", named);
    optimizer.add("turned", turned, Shape({2, 2}, {1, 2}), optimizer.group("third"));
    optimizer.add("empty", empty, {0, 4});
    for (std::uint32_t number = 0; number < 3; ++number) step(number);
  }

  void step(std::uint32_t number) {
    optimizer.step({{"layer.weight", random_numbers<float>(6, 1, "weight", number)},
                    {"layer.bias", random_numbers<double>(3, 1, "bias", number)},
                    {"turned", random_numbers<float>(4, 1, "turned", number)},
                    {"\u00fc/ \"quoted\"", random_numbers<float>(1, 1, "named", number)}});
  }
  /// Of one parameter alone: the others only take averages, where there are any.
  void step_one() { optimizer.step({{"layer.bias", random_numbers<double>(3, 1, "bias")}}); }

  std::vector<float> weight = random_numbers<float>(6, 1, "theta"), named{1}, turned{1, 2, 3, 4}, empty;
  std::vector<double> bias = random_numbers<double>(3, 1, "theta");
  Optimizer optimizer;
};

/// The bytes after one to three damages; most are done to the header, where there is most to be understood.
Bytes damaged(Bytes bytes, const Random& random) {
  std::uint64_t at = 0;
  const auto below = [&](std::size_t bound) { return static_cast<std::size_t>(random.below(bound, at++)); };
  for (std::size_t more = 1 + below(3); more > 0 && !bytes.empty(); --more) {
    const std::size_t header = bytes.size() - std::min<std::size_t>(bytes.size() - 1, 200);
    const std::size_t place = below(below(8) == 0 ? bytes.size() : header);
    const auto position = bytes.begin() + static_cast<std::ptrdiff_t>(place);
    switch (below(8)) {
      case 0:
        *position = static_cast<std::byte>(below(256));
        break;
      case 1:
        *position ^= std::byte{1} << below(8);
        break;
      case 2:
        bytes.erase(position);
        break;
      case 3:
        bytes.insert(position, static_cast<std::byte>(below(256)));
        break;
      case 4:  // one character of JSON for another
        *position = static_cast<std::byte>("0123456789-+.eE\"{}[],:tfn \\"[below(27)]);
        break;
      case 5: {  // a piece once more
        const std::size_t length = std::min<std::size_t>(1 + below(40), bytes.size() - place);
        const Bytes piece(position, position + static_cast<std::ptrdiff_t>(length));
        bytes.insert(position, piece.begin(), piece.end());
        break;
      }
      case 6: {  // a piece less
        const std::size_t length = std::min<std::size_t>(1 + below(40), bytes.size() - place);
        bytes.erase(position, position + static_cast<std::ptrdiff_t>(length));
        break;
      }
      default:
        if (below(4) == 0) bytes.resize(place);
    }
  }
  return bytes;
}

void damage(const Options& options, const Settings& settings, std::uint64_t first, std::uint64_t count) {
  Busy busy(options, settings);
  const Bytes good = safetensors::to_bytes(busy.optimizer.state());
  const Bytes plain = without_checksum(good);  // with it nearly all damage would be noticed before it is looked at
  std::uint64_t refused = 0, taken = 0;
  for (std::uint64_t i = first; i < first + count; ++i) {
    SCOPED_TRACE(options.text() + ", damage " + std::to_string(i));
    const Bytes bad = damaged(plain, Random(i, RandomPurpose::test, "damage"));
    try {
      busy.optimizer.load(safetensors::from_bytes(bad, "damaged"));
      // What was taken over is a state like any other: it is saved and loaded, and it steps.
      const Bytes now = safetensors::to_bytes(busy.optimizer.state());
      busy.optimizer.load(safetensors::from_bytes(now, "again"));
      ASSERT_EQ(safetensors::to_bytes(busy.optimizer.state()), now);
      busy.step(static_cast<std::uint32_t>(i));
      busy.step_one();
      busy.optimizer.load(busy.optimizer.state());
      busy.optimizer.load(safetensors::from_bytes(good, "good"));
      ++taken;
    } catch (const Error& error) {
      ASSERT_NE(std::string(error.what()), "");
      ++refused;
    }
    ASSERT_EQ(safetensors::to_bytes(busy.optimizer.state()), good) << "half of it was taken over";
  }
  // Damage to the elements themselves cannot be noticed without a checksum.
  EXPECT_GT(refused, count / 2);
  EXPECT_GT(taken, 0u);
}

TEST(DamagedStates, AreTakenOverWhollyOrNotAtAll) {
  const char* wanted = std::getenv("THALWEG_DAMAGED_STATES");
  const std::uint64_t count = (wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 3000) / 3;
  const Settings settings{.clip = {ClipBy::global_norm, 3}, .average = {.kind = AverageKind::ema, .decay = 0.9}};
  damage(RMSprop{.momentum = 0.5, .centered = true}, settings, 0, count);
  Settings shared = settings;
  shared.step_count = StepCount::shared;
  damage(Nadam{}, shared, count, count);
  // In the middle of an accumulated step.
  damage(Nadam{},
         {.step_count = StepCount::per_row,
          .dynamic_loss_scale = {.on = true, .interval = 7},
          .accumulation = {.calls = 2},
          .check = Check::guard},
         2 * count, count);
}

}  // namespace
}  // namespace thalweg::tests

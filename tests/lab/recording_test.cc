// Recorded runs that were damaged: `replay` and `identify` read them, or refuse them with an error of thalweg's own.
#include "replay/recording.h"
#include "identify/unknown_run.h"
#include "idx_files.h"
#include "replay/replay.h"

#include <thalweg/error.h>
#include <thalweg/random.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

namespace thalweg::lab {
namespace {

using nlohmann::json;

/// Recordings in which every key is in use.
json recordings() {
  const json plain = json::parse(R"({
    "id": "plain", "peer": "torch", "rule": "adam", "options": {"lr": 0.1, "betas": [0.5, 0.75], "eps": 1e-3},
    "dtype": "float64", "lr_schedule": [[1, 0.1], [2, 0.05]], "theta0": [1, 2, 3], "splits": [1, 2],
    "shapes": [[], [2, 1]], "losses": [1, null, 0.5], "rtol": 1e-3, "grads": [[1, -1, 2], null, [0.5, 0, 1e-30]], "theta": {"1": [1, 2, 3], "3": [1, 2, 3]},
    "clip": {"by": "norm", "limit": 2, "eps": 1e-6}, "average": {"kind": "ema", "decay": 0.5}, "ema": [1, 2, 3],
    "known": {"rule": "adam", "lr": 0.1, "amsgrad": false}})");
  const json table = json::parse(R"({
    "peer": "keras", "rule": "rmsprop", "dtype": "float32", "theta0": [1, 2, 3, 4], "shape": [2, 2],
    "options": {"learning_rate": {"class_name": "ExponentialDecay", "config": {"initial_learning_rate": 0.1,
      "decay_steps": 2, "decay_rate": 0.5, "staircase": true}}, "rho": 0.5, "use_ema": true},
    "sparse_rows": [[0], [1, 0]], "grads": [[1, 2, 0, 0], [1, 2, 3, 4]], "theta": {"2": [1, 2, 3, 4]}})");
  const json first_values = json::parse(R"({
    "peer": "tf1", "rule": "rmsprop", "peer_name": "ResourceApplyRMSProp", "dtype": "float64", "theta0": [1], "grads": [[1]],
    "options": {"lr": 0.1, "rho": 0.5, "momentum": 0.5, "epsilon": 1e-3, "ms0": 0.5, "mom0": 0}})");
  return {plain, table, first_values};
}

/// Random choices.
class Dice {
 public:
  explicit Dice(std::uint32_t number) : random_(20261126, RandomPurpose::test, "damaged recordings", number) {}
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_.below(bound, at_++)); }

 private:
  Random random_;
  std::uint64_t at_ = 0;
};

/// Something else somewhere in it.
void damage(json& value, Dice& dice) {
  if (value.is_structured() && !value.empty() && dice.below(6) != 0) {
    auto part = value.begin();
    std::advance(part, dice.below(value.size()));
    if (dice.below(8) == 0) {
      value.erase(part);
    } else {
      damage(*part, dice);
    }
    return;
  }
  static const json others = json::parse(
      R"([null, true, -1, 0, 3, 1e300, 18446744073709551615, "", "adam", "\u0000", [], [[]], {}, {"1": 2}, [1, null],
          -9223372036854775808, 4294967296, 0.5, "Infinity", [[1, 2], [3]], {"by": "value"}])");
  value = others[dice.below(others.size())];
}

std::string damaged_text(const json& recorded, Dice& dice) {
  json changed = recorded;
  std::string text;
  if (dice.below(4) != 0) {
    for (std::size_t more = 1 + dice.below(2); more > 0; --more) damage(changed, dice);
    text = changed.dump();
  } else {
    text = changed.dump();
    for (std::size_t more = 1 + dice.below(3); more > 0 && !text.empty(); --more) {
      const std::size_t place = dice.below(text.size());
      if (dice.below(3) == 0) {
        text.erase(place, 1 + dice.below(20));
      } else {
        text[place] = static_cast<char>(dice.below(256));
      }
    }
  }
  return text;
}

/// True if it was read; false if it was refused. Everything else is a failure.
template <class F>
bool is_read(const std::string& text, F&& read) {
  try {
    read();
    return true;
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()), "") << text;
  } catch (const std::exception& error) {
    ADD_FAILURE() << "not thalweg's error: " << error.what() << "\n" << text;
  }
  return false;
}

TEST(DamagedRecordings, AreReadOrRefused) {
  const test::TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "damaged.json";
  const json all = recordings();
  std::ofstream(file) << all;
  ASSERT_EQ(read_replay_file(file).size(), 3u) << "undamaged they are read";

  std::size_t replayed = 0, identified = 0;
  constexpr std::uint32_t kCount = 3000;
  for (std::uint32_t number = 0; number < kCount; ++number) {
    Dice dice(number);
    const std::string text = damaged_text(all[dice.below(all.size())], dice);
    std::ofstream(file, std::ios::trunc) << text;
    replayed += is_read(text, [&] {
      for (const ReplayCase& recorded : read_replay_file(file)) replay(recorded);
    });
    identified += is_read(text, [&] { identify::read_unknown_runs(file, {}); });
  }
  EXPECT_GT(replayed, kCount / 20) << "some damages are harmless";
  EXPECT_LT(replayed, kCount / 2);
  EXPECT_GT(identified, kCount / 20);
  EXPECT_LT(identified, kCount);
}

}  // namespace
}  // namespace thalweg::lab

// What PyTorch's schedulers have in their states, and what it is here.
#pragma once

#include "checkpoint/json.h"

#include <thalweg/schedule.h>

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::inline v0_1::dialects {

/// A scheduler's `state_dict()` while it is read, and the param group that goes with it.
struct TorchSchedulerState {
  const json::Object& state;
  const json::Object& group;
  std::size_t index;           ///< of the group
  std::string what;            ///< `torch StepLR: `, in front of every message
  bool follows_other = false;  ///< in a SequentialLR

  // All throw Error if there is no such key, or no number inside the range.
  const json::Value& at(std::string_view key) const;
  double number(std::string_view key, double low = -std::numeric_limits<double>::infinity()) const;
  double whole(std::string_view key, double low) const;
  bool boolean(std::string_view key) const;
  /// The group's entry of a list that has one for each group: a rate, in [0, ∞).
  double of_group(std::string_view key) const;
  /// A rate that a scheduler left in the group.
  double in_group(std::string_view key) const;
  /// The rate that the schedule began with.
  double base() const { return of_group("base_lrs"); }
  /// rate / of. Throws Error if this is infinite.
  double ratio(std::string_view key, double rate, double of) const;
};

/// A key of a state that is an option of the kind.
struct TorchSchedulerKey {
  std::string_view name;
  std::string_view option = {};                             ///< thalweg's, if it is called otherwise
  double least = -std::numeric_limits<double>::infinity();  ///< that PyTorch allows, if thalweg allows less
  double most = std::numeric_limits<double>::infinity();
  bool whole = false;  ///< PyTorch compares it with whole numbers
};

/// One of PyTorch's classes.
struct TorchScheduler {
  std::string_view name;
  std::string_view mark;  ///< the key that tells it from those behind it in the list
  Schedule::Kind kind = {};
  std::vector<TorchSchedulerKey> keys = {};
  std::vector<std::string_view> others = {};  ///< keys that `finish` reads, or that act on no number
  /// Fills in what follows from several keys and from the group, and gives the rate that factors are of.
  double (*finish)(const TorchSchedulerState& state, Schedule::Kind& kind) = nullptr;
  std::string_view refused = {};  ///< why it has no counterpart
};

/// All of them, those first whose keys others have too.
const std::vector<TorchScheduler>& torch_schedulers();

/// The class whose parts stand one after another.
inline constexpr std::string_view kTorchSequence = "SequentialLR";

}  // namespace thalweg::inline v0_1::dialects

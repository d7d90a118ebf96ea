// Which instruction sets this machine can run, and where their functions are in Highway's tables.
#include "backends/cpu/targets.h"

#include "text.h"

#include <thalweg/error.h>
#include <thalweg/kernels/targets.h>
#include <thalweg/suggest.h>

#include <algorithm>

namespace thalweg::inline v0_1::cpu {
namespace {

/// Bits of the usable targets; a lower bit is a better target. Found once: in a virtual machine each look at the
/// processor takes tens of microseconds.
const std::vector<std::int64_t>& usable() {
  static const std::vector<std::int64_t> targets = [] {
    std::vector<std::int64_t> result;
    const std::int64_t bits = hwy::SupportedTargets() & HWY_TARGETS;
    for (std::int64_t rest = bits; rest != 0; rest &= rest - 1) result.push_back(rest & -rest);
    // The static target runs everywhere, whether the machine reports it or not.
    if ((bits & HWY_STATIC_TARGET) == 0) result.push_back(HWY_STATIC_TARGET);
    return result;
  }();
  return targets;
}

}  // namespace

std::vector<std::string> supported_targets() {
  std::vector<std::string> names;
  for (std::int64_t target : usable()) names.emplace_back(hwy::TargetName(target));
  return names;
}

std::int64_t find_target(std::string_view name) {
  for (std::int64_t target : usable()) {
    if (name == "auto" || name == hwy::TargetName(target)) return target;
  }
  std::vector<std::string> known = supported_targets();
  known.insert(known.begin(), {"auto", "reference"});
  throw Error("settings: backend '" + printable(name) + "' is unknown or cannot run on this machine" +
              suggest(name, known));
}

std::size_t table_index(std::int64_t target, std::size_t table_size) {
  if (table_size == 1) return 0;  // built for one target only
  hwy::ChosenTarget chosen;
  chosen.Update(target);
  return chosen.GetIndex();
}

}  // namespace thalweg::inline v0_1::cpu

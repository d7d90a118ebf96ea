// The settings of a training in one list: flags, JSON, ranges, help and what a resumed run may change come from it.
#pragma once

#include "training/config.h"

#include <thalweg/rule.h>

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

namespace thalweg::lab {

/// Where a setting's value is kept.
using SettingValue =
    std::variant<std::string*, bool*, int*, std::int64_t*, std::uint64_t*, double*, std::vector<std::int64_t>*,
                 std::vector<std::string>*, std::optional<std::int64_t>*, std::optional<double>*, Schedule*>;

/// Is this a type of values that need not be set?
template <class T>
inline constexpr bool kIsOptional =
    std::is_same_v<T, std::optional<std::int64_t>> || std::is_same_v<T, std::optional<double>>;

/// What a resumed run may have another value of.
enum class OnResume {
  fixed,
  free,
  free_unless_measured,  ///< by a schedule whose length is the run's
};

/// Headings of `--help`, in their order.
enum class SettingGroup { model, data, stop, optimizer, run, none };

struct Setting {
  const char* name;     ///< in JSON: train_limit; the flag is --train-limit
  const char* meaning;  ///< one line
  SettingGroup group;   ///< none: it has no flag
  SettingValue value;
  Range range = {};  ///< of its numbers
  OnResume on_resume = OnResume::fixed;
};

/// All settings of this configuration, which must live as long as they do.
std::vector<Setting> settings_of(TrainingConfig& config);

/// The value as JSON: null where an optional one is not set.
nlohmann::json value_json(const Setting& setting);

/// The flag of the setting of this name: `--train-limit`.
std::string flag_of(const char* setting);

/// Throws Error if a number is outside its range.
void check(const Setting& setting);

}  // namespace thalweg::lab

// A group's description, out of its options and the names of its parameters.
#pragma once

#include <thalweg/description.h>

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace thalweg::inline v0_1 {

/// The group of these options, with its rate, beside the first group's.
GroupDescription describe_group(const std::string& pattern, const Options& options, double lr_scale,
                                const Options& first);

/// Patterns that fit the parameters of one group alone.
class NamePatterns {
 public:
  void add(std::string_view name, std::size_t group);
  /// For this name: `*.bias` where all that end so are in one group, else the whole name.
  std::string of(std::string_view name) const;

 private:
  std::map<std::string, std::optional<std::size_t>, std::less<>> group_of_ending_;  // nothing where they are in several
};

}  // namespace thalweg::inline v0_1

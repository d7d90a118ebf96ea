// A group's description, out of its options and the names of its parameters.
#include "description/describe_group.h"

#include <algorithm>

namespace thalweg::inline v0_1 {
namespace {

/// `.bias` of `layer.bias`; nothing if there is no dot.
std::string_view ending_of(std::string_view name) { return name.substr(std::min(name.rfind('.'), name.size())); }

}  // namespace

GroupDescription describe_group(const std::string& pattern, const Options& options, double lr_scale,
                                const Options& first) {
  GroupDescription group{.pattern = pattern, .rule = {}};
  group.lr_scale = lr_scale;
  const bool same_rule = &options.rule() == &first.rule();
  if (!same_rule) group.rule = options.rule().name;
  const Options without = same_rule ? first : Options(options.rule());
  for (const OptionInfo& option : options.rule().options) {
    const double value = options.get(option.name), scale = option.name == "lr" ? lr_scale : 1;
    if (value != without.get(option.name) * scale) group.options.emplace(option.name, value);
  }
  return group;
}

void NamePatterns::add(std::string_view name, std::size_t group) {
  const auto [ending, is_new] = group_of_ending_.try_emplace(std::string(ending_of(name)), group);
  if (!is_new && ending->second != group) ending->second.reset();
}

std::string NamePatterns::of(std::string_view name) const {
  const std::string_view ending = ending_of(name);
  const auto found = group_of_ending_.find(ending);
  const bool is_of_one = !ending.empty() && found != group_of_ending_.end() && found->second.has_value();
  return is_of_one ? "*" + exact_pattern(ending) : exact_pattern(name);
}

}  // namespace thalweg::inline v0_1

// A group's description, out of its options and the names of its parameters.
#include "description/describe_group.h"

#include "text.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace thalweg {
namespace {

/// What comes to the rate when it is multiplied by the scale, to the last digit; the shortest, if several do.
double before_scale(double rate, double scale) {
  const double quotient = rate / scale;
  double result = quotient, candidate = quotient;
  const auto try_next = [&](double towards) {
    candidate = std::nextafter(candidate, towards);
    if (candidate * scale != rate) return;
    if (result * scale != rate || to_text(candidate).size() < to_text(result).size()) result = candidate;
  };
  for (const double towards : {0.0, std::numeric_limits<double>::infinity()}) {
    candidate = quotient;
    for (int i = 0; i < 2; ++i) try_next(towards);
  }
  return result;
}

/// `.bias` of `layer.bias`; nothing if there is no dot.
std::string_view ending_of(std::string_view name) { return name.substr(std::min(name.rfind('.'), name.size())); }

}  // namespace

GroupDescription describe_group(const std::string& pattern, const Options& options, double lr_scale,
                                const Options& first) {
  GroupDescription group{.pattern = pattern, .rule = {}};
  // A rate that is not 0 is not one that was multiplied by 0.
  group.lr_scale = lr_scale == 0 && options.get("lr") != 0 ? 1 : lr_scale;
  const bool same_rule = &options.rule() == &first.rule();
  if (!same_rule) group.rule = options.rule().name;
  const Options without = same_rule ? first : Options(options.rule());
  for (const OptionInfo& option : options.rule().options) {
    const double value = options.get(option.name), scale = option.name == "lr" ? group.lr_scale : 1;
    if (value == without.get(option.name) * scale) continue;
    group.options.emplace(option.name, scale > 0 ? before_scale(value, scale) : value);
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
  const bool is_plain = ending.find_first_of("*?]") == std::string_view::npos;
  std::string pattern = is_of_one && is_plain ? "*" + std::string(ending) : std::string(name);
  std::ranges::replace(pattern, ']', '?');  // which a pattern may not hold
  return pattern;
}

}  // namespace thalweg

// Small things of a rule's description: ranges as text, names of kinds, options by name.
#include <thalweg/rule.h>

#include "text.h"

namespace thalweg::inline v0_1 {

std::string Range::text() const {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const bool unbounded = high == kInfinity;
  return (low == -kInfinity ? "(−∞" : (low_open ? "(" : "[") + to_text(low)) + ", " +
         (unbounded ? "∞" : to_text(high)) + (high_open ? ")" : "]");
}

std::string_view to_string(ColumnKind kind) {
  switch (kind) {
    case ColumnKind::average:
      return "average";
    case ColumnKind::second_moment:
      return "second moment";
    case ColumnKind::maximum:
      return "maximum";
    case ColumnKind::parameter_like:
      return "parameter-like";
    case ColumnKind::sign:
      return "sign";
  }
  return "unknown";
}

std::string_view to_string(ColumnShape shape) {
  switch (shape) {
    case ColumnShape::parameter:
      return "parameter";
    case ColumnShape::rows:
      return "rows";
    case ColumnShape::columns:
      return "columns";
    case ColumnShape::one:
      return "one";
  }
  return "unknown";
}

int RuleInfo::find_option(std::string_view option) const {
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (options[i].name == option) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace thalweg::inline v0_1

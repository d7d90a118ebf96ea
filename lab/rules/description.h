// Description: all that thalweg knows of a rule, collected for people and programs.
#pragma once

#include <thalweg/dialects.h>
#include <thalweg/rule.h>

#include <cstddef>
#include <string>
#include <vector>

namespace thalweg::lab {

/// How a state column is used.
struct ColumnUse {
  const ColumnInfo* column;
  std::vector<std::string> options;  ///< it is kept with one of them; none of them: always
  std::string first_value;           ///< a number, or the option that gives it
};

struct Description {
  const RuleInfo* rule;
  std::vector<ColumnUse> columns;
  std::vector<PeerOptimizer> peers;     ///< who else computes it
  std::size_t least_bytes, most_bytes;  ///< of state per f32 parameter
};

Description describe(const RuleInfo& rule);

// Texts that recur.
std::string bytes_text(const Description& description);  ///< `4–12`
std::string default_text(const OptionInfo& option);
std::string range_text(const OptionInfo& option);
std::string kept_text(const ColumnUse& use);  ///< `always`, or `with momentum`
/// A value of this option: `0.9`, `true`.
std::string value_text(const OptionInfo& option, double value);
std::string joined(const std::vector<std::string>& words, const char* between);

}  // namespace thalweg::lab

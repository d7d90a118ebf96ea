// The registry: the list of rules, thalweg's own and those that are added to it.
#include <thalweg/error.h>
#include <thalweg/kernels/engine_rule.h>
#include <thalweg/rules.h>
#include <thalweg/suggest.h>

#include "parameters.h"
#include "text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <mutex>
#include <string>
#include <vector>

namespace thalweg::inline v0_1 {

// Rules of a family have one set of kernels, compiled in a source of their own.
#define THALWEG_DECLARE_KERNELS(Struct)           \
  template <>                                     \
  Kernels RuleKernels<Struct>::cpu(std::int64_t); \
  template <>                                     \
  Kernels RuleKernels<Struct>::reference();
THALWEG_RULE_FAMILIES(THALWEG_DECLARE_KERNELS)

namespace {

/// Pointers to the rules, sorted by name. Rules are added at any time, by any thread.
class Registry {
 public:
  static Registry& instance() {
    static Registry registry;
    return registry;
  }

  std::vector<const RuleInfo*> all() {
    const std::lock_guard lock(mutex_);
    return rules_;
  }

  void add(const Rule& rule) {
    const std::lock_guard lock(mutex_);
    const auto place = std::ranges::lower_bound(rules_, rule.name, {}, &RuleInfo::name);
    if (place != rules_.end() && (*place)->name == rule.name) {
      throw Error("add_rule: the name " + in_quotes(rule.name) + " is taken");
    }
    rules_.insert(place, &rule);
  }

 private:
  Registry() {
#define THALWEG_MAKE_RULE(Struct, Family) make_rule<Struct, Family>(),
    static const std::array own{THALWEG_RULES_AND_FAMILIES(THALWEG_MAKE_RULE)};
    for (const Rule& rule : own) rules_.push_back(&rule);
    std::ranges::sort(rules_, {}, &RuleInfo::name);
  }

  std::mutex mutex_;
  std::vector<const RuleInfo*> rules_;
};

}  // namespace

void add_rule(const Rule& rule) {
  const auto is_plain = [](unsigned char c) { return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '_'; };
  if (rule.name.empty() || !std::ranges::all_of(rule.name, is_plain)) {
    throw Error("add_rule: the name " + in_quotes(rule.name) +
                " is not made of lower-case letters, digits and underscores");
  }
  for (const ColumnInfo& column : rule.columns) {
    if (is_reserved_column(column.name)) {
      throw Error("add_rule: " + std::string(rule.name) + " has a column " + in_quotes(column.name) +
                  ", a name that every optimizer's state uses for another");
    }
  }
  if (rule.find_option("lr") < 0) throw Error("add_rule: " + std::string(rule.name) + " has no option lr");
  Registry::instance().add(rule);
}

std::vector<const RuleInfo*> rules() { return Registry::instance().all(); }

const RuleInfo& rule(std::string_view name) {
  std::vector<std::string> known;
  for (const RuleInfo* info : rules()) {
    if (info->name == name) return *info;
    known.emplace_back(info->name);
  }
  throw Error("unknown rule '" + printable(name) + "'" + suggest(name, known));
}

}  // namespace thalweg::inline v0_1

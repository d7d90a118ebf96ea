// Param groups: what PyTorch's own optimizers, and those of other packages, keep for a group of parameters.
#include "description/describe_group.h"
#include "dialects/dialect.h"
#include "naming.h"
#include "text.h"

#include <map>
#include <set>

namespace thalweg::inline v0_1 {
namespace {

using dialects::Dialect;

std::string called(const Dialect& dialect, std::size_t group) {
  return std::string(dialect.name) + " options: param_groups[" + std::to_string(group) + "]";
}

/// The parameters of several groups, by their names.
class GroupNames {
 public:
  GroupNames(const Dialect& dialect, const std::vector<json::Object>& groups)
      : dialect_(dialect), names_(groups.size()) {
    for (std::size_t i = 0; i < groups.size(); ++i) {
      for (std::string& name : read(groups[i], called(dialect, i))) {
        if (const auto [other, is_new] = group_of_.emplace(name, i); !is_new) {
          throw Error(called(dialect, i) + ": parameter " + in_quotes(name) + " is also in param_groups[" +
                      std::to_string(other->second) + "]");
        }
        patterns_.add(name, i);
        names_[i].push_back(std::move(name));
      }
    }
  }

  /// Patterns that fit the group's parameters and those of no other: `*.bias` where all of that name are in it.
  /// Without names of parameters the group's own name is one.
  std::set<std::string> patterns(std::size_t group, const Translation& read) const {
    std::set<std::string> result;
    for (const std::string& name : names_[group]) result.insert(patterns_.of(name));
    if (!result.empty()) return result;
    if (!read.group_name.empty()) {
      check_own(read.group_name, group);
      return {read.group_name};
    }
    throw Error(called(dialect_, group) +
                " does not say by name which parameters it has: give names as `params`, or a pattern, as *.bias, as "
                "`name`");
  }

 private:
  /// The group's own name as a pattern must fit no parameter of another group.
  void check_own(const std::string& pattern, std::size_t group) const {
    for (const auto& [name, other] : group_of_) {
      if (other == group || !fits_pattern(pattern, name)) continue;
      throw Error(called(dialect_, group) + ": its name, " + in_quotes(pattern) +
                  ", is the pattern of its parameters, and fits " + in_quotes(name) + " of param_groups[" +
                  std::to_string(other) + "]");
    }
  }

  /// Nothing if parameters are counted, as `state_dict()` does, and not named beside it.
  static std::vector<std::string> read(const json::Object& group, const std::string& what) {
    std::vector<std::string> result;
    for (const char* key : {"param_names", "params"}) {
      const auto list = group.find(key);
      if (list == group.end() || !list->second.is_array()) continue;
      const json::Array& names = list->second.array(what);
      if (names.empty() || !names.front().is_string()) continue;
      for (const json::Value& name : names) result.push_back(name.string(what + ": " + key));
      break;
    }
    return result;
  }

  const Dialect& dialect_;
  std::vector<std::vector<std::string>> names_;
  std::map<std::string, std::size_t> group_of_;
  NamePatterns patterns_;
};

}  // namespace

std::vector<std::string_view> dialects::keys_of_groups() {
  // name and lr_scale: read below. From initial_lr on: what PyTorch's schedulers leave in a group; they act through lr
  // and momentum.
  return {"params",   "param_names", "foreach", "fused",  "capturable",   "differentiable", "name",
          "lr_scale", "initial_lr",  "max_lr",  "min_lr", "max_momentum", "base_momentum",  "swa_lr"};
}

std::vector<json::Object> dialects::param_groups(const Dialect& dialect, const json::Value& value) {
  const std::string what = std::string(dialect.name) + " options";
  const bool is_state_dict = value.is_object() && value.find("param_groups", what) != nullptr;
  if (value.is_object() && !is_state_dict) return {value.object(what)};
  const json::Value& list = is_state_dict ? value.at("param_groups", what) : value;
  const std::string name = is_state_dict ? what + ": param_groups" : what;
  if (!is_state_dict && (!list.is_array() || list.array(name).empty())) return {list.object(name)};  // which it is not
  if (list.array(name).empty()) throw Error(name + " has no groups");
  std::vector<json::Object> groups;
  for (const json::Value& group : list.array(name)) {
    groups.push_back(group.object(name + "[" + std::to_string(groups.size()) + "]"));
  }
  return groups;
}

Translation dialects::read_group(const Dialect& dialect, const Optimizer& optimizer, std::string_view told,
                                 const json::Object& group) {
  Translation result = read(dialect, optimizer, told, group);
  // A group's name may be anything for PyTorch, a number for one.
  if (const auto name = group.find("name"); name != group.end() && name->second.is_string()) {
    result.group_name = name->second.string("name");
  }
  if (const auto scale = group.find("lr_scale"); scale != group.end()) {
    const std::string what = prefix(dialect, optimizer) + "lr_scale";
    result.lr_scale = scale->second.number(what);
    if (const Range allowed = at_least(0); !allowed.contains(result.lr_scale)) {
      throw Error(what + " = " + to_text(result.lr_scale) + " is outside " + allowed.text());
    }
  }
  return result;
}

Translation dialects::read_groups(const Dialect& dialect, const std::vector<json::Object>& groups,
                                  const std::function<Translation(const json::Object&)>& read) {
  Translation result = read(groups[0]);
  if (groups.size() > 1) {
    const GroupNames names(dialect, groups);
    for (std::size_t i = 1; i < groups.size(); ++i) {
      const std::string what = called(dialect, i);
      const Translation own = naming(what + ": ", [&] { return read(groups[i]); });
      if (own.settings.clip != result.settings.clip) {
        throw Error(what + ": clips otherwise than the first group, and clipping is the whole optimizer's here");
      }
      for (const std::string& pattern : names.patterns(i, own)) {
        result.groups.push_back(describe_group(pattern, own.options, own.lr_scale, result.options));
      }
    }
  }
  // A description has an lr_scale in its groups alone: the first group's is of all that the others leave.
  if (result.lr_scale != 1) {
    result.groups.push_back(describe_group("*", result.options, result.lr_scale, result.options));
  }
  naming(std::string(dialect.name) + " options: ", [&] { check(result); });
  return result;
}

void dialects::check_nesterov(const Dialect& dialect, const Optimizer& optimizer, const Options& options,
                              Texts& texts) {
  if (options.get("nesterov") == 0) return;
  // The constructors refuse both; without momentum there is nothing to look along.
  if (options.get("momentum") == 0) {
    for (auto& [key, text] : texts) text = key == "nesterov" ? "false" : text;
  } else if (options.get("dampening") != 0) {
    throw Error(std::string(options.rule().name) + ": nesterov = true with dampening has no counterpart in " +
                std::string(dialect.name) + "'s " + std::string(optimizer.name));
  }
}

}  // namespace thalweg::inline v0_1

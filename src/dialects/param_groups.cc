// Param groups: what PyTorch's own optimizers, and those of other packages, keep for a group of parameters.
#include "dialects/dialect.h"
#include "text.h"

namespace thalweg {

std::vector<std::string_view> dialects::keys_of_groups() {
  // name and lr_scale: read below. From initial_lr on: what PyTorch's schedulers leave in a group; they act through lr
  // and momentum.
  return {"params",   "param_names", "foreach", "fused",  "capturable",   "differentiable", "name",
          "lr_scale", "initial_lr",  "max_lr",  "min_lr", "max_momentum", "base_momentum",  "swa_lr"};
}

json::Object dialects::one_group(const Dialect& dialect, const json::Value& value) {
  const std::string what = std::string(dialect.name) + " options";
  const bool is_state_dict = value.is_object() && value.find("param_groups", what) != nullptr;
  if (value.is_object() && !is_state_dict) return value.object(what);
  const json::Value& list = is_state_dict ? value.at("param_groups", what) : value;
  const std::string name = is_state_dict ? what + ": param_groups" : what;
  if (!is_state_dict && (!list.is_array() || list.array(name).empty())) return list.object(name);  // which it is not
  const json::Array& groups = list.array(name);
  if (groups.size() == 1) return groups.front().object(name + "[0]");
  throw Error(name + " has " + std::to_string(groups.size()) +
              " groups; give one of them at a time, param_groups[0] for the first");
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

}  // namespace thalweg

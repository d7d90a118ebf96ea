// What each framework's optimizers call a rule's options and state, and their defaults.
#include "dialects/dialect.h"
#include "dialects/torch_state.h"

#include <algorithm>

namespace thalweg::inline v0_1 {
namespace {

using dialects::Dialect;
using dialects::Key;

/// AMSGrad is a switch of some Adams.
bool computes(const dialects::Optimizer& optimizer, const RuleInfo& rule) {
  if (optimizer.rule == rule.name) return true;
  return rule.name == "amsgrad" && std::ranges::find(optimizer.keys, "amsgrad", &Key::name) != optimizer.keys.end();
}

double default_of(std::string_view rule_name, std::string_view option) {
  const RuleInfo& info = rule(rule_name);
  return info.options[static_cast<std::size_t>(info.find_option(option))].default_value;
}

PeerOption describe(const dialects::Optimizer& optimizer, const RuleInfo& rule, std::string_view option) {
  PeerOption result{.option = option, .key = {}, .value = default_of(optimizer.rule, option)};
  for (const dialects::Fixed& fixed : optimizer.fixed) {
    if (fixed.option == option) result.value = fixed.value;
  }
  for (const Key& key : optimizer.keys) {
    const bool first = key.thalweg_name() == option, second = key.second == option;
    if (!first && !second) continue;
    result.key = std::string(key.name) + (key.second.empty() ? "" : first ? "[0]" : "[1]");
    result.note = key.note;
    if (key.required) {
      result.value = std::nullopt;
    } else if (key.second.empty() && key.fallback) {
      result.value = key.fallback;
    }
  }
  const bool is_keras2 = std::ranges::find(dialects::keras2().optimizers, &optimizer,
                                           [](const auto& o) { return &o; }) != dialects::keras2().optimizers.end();
  if (is_keras2 && rule.name == "rmsprop" && option == "eps_inside") result.note = "true with momentum, else false";
  if (option == "amsgrad" && rule.name == "amsgrad") result.value = 1;
  return result;
}

/// Do the options do anything, once everything that has a key is switched on, or nothing?
void mark_idle(PeerOptimizer& peer, const RuleInfo& rule) {
  Options off(rule), on(rule);
  for (const PeerOption& option : peer.options) {
    const OptionInfo& info = rule.options[static_cast<std::size_t>(rule.find_option(option.option))];
    if (option.key.empty()) {
      for (Options* options : {&off, &on}) options->set(option.option, option.value.value());
    } else if (info.type == OptionType::boolean) {
      on.set(option.option, 1.0);
    } else if (info.default_value == 0) {
      on.set(option.option, 0.5);
    }
  }
  for (PeerOption& option : peer.options) {
    option.matters = dialects::matters(on, option.option) || dialects::matters(off, option.option);
  }
}

}  // namespace

std::vector<PeerOptimizer> peer_optimizers(const RuleInfo& rule) {
  std::vector<PeerOptimizer> result;
  for (const Dialect* dialect : dialects::all()) {
    for (const dialects::Optimizer& optimizer : dialect->optimizers) {
      if (!computes(optimizer, rule)) continue;
      PeerOptimizer& peer =
          result.emplace_back(PeerOptimizer{dialect->name, optimizer.name, step_count_of(*dialect, optimizer), {}});
      for (const OptionInfo& option : rule.options) peer.options.push_back(describe(optimizer, rule, option.name));
      mark_idle(peer, rule);
      for (const dialects::Slot& slot : optimizer.slots) {
        peer.columns.emplace_back(slot.column, slot.key.substr(0, slot.key.size() - 1));
      }
      if (dialect != &dialects::torch()) continue;
      for (const dialects::TorchColumn& column : dialects::torch_state_of(optimizer.name).columns) {
        peer.columns.emplace_back(column.ours, column.theirs);
      }
    }
  }
  return result;
}

}  // namespace thalweg::inline v0_1

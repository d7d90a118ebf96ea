// PyTorch's optimizers, as of 2.13.
#include "dialects/dialect.h"
#include "text.h"

namespace thalweg {
namespace {

using dialects::Dialect;
using dialects::Key;

constexpr Key kBetas{.name = "betas", .option = "beta1", .second = "beta2"};

}  // namespace

const Dialect& dialects::torch() {
  // thalweg's defaults are PyTorch's, so none stands here.
  static const std::vector<Key> adam{
      {"lr"}, kBetas, {"eps"}, {"amsgrad"}, {"weight_decay"}, {"decoupled_weight_decay"}, {"maximize"}};
  static const Dialect dialect{
      .name = "torch",
      .step_count = StepCount::per_parameter,
      .optimizers =
          {{.name = "SGD",
            .rule = "sgd",
            .keys = {{"lr"}, {"momentum"}, {"dampening"}, {"nesterov"}, {"weight_decay"}, {"maximize"}}},
           {.name = "RMSprop",
            .rule = "rmsprop",
            .keys = {{"lr"}, {"alpha"}, {"eps"}, {"momentum"}, {"centered"}, {"weight_decay"}, {"maximize"}}},
           {.name = "Adagrad",
            .rule = "adagrad",
            .keys = {{"lr"}, {"lr_decay"}, {"eps"}, {"initial_accumulator_value"}, {"weight_decay"}, {"maximize"}}},
           {.name = "Adadelta", .rule = "adadelta", .keys = {{"lr"}, {"rho"}, {"eps"}, {"weight_decay"}, {"maximize"}}},
           {.name = "Adam", .rule = "adam", .keys = adam},
           {.name = "AdamW", .rule = "adamw", .keys = adam},
           {.name = "Adamax", .rule = "adamax", .keys = {{"lr"}, kBetas, {"eps"}, {"weight_decay"}, {"maximize"}}},
           {.name = "NAdam",
            .rule = "nadam",
            .keys = {{"lr"},
                     kBetas,
                     {"eps"},
                     {"momentum_decay"},
                     {"weight_decay"},
                     {"decoupled_weight_decay"},
                     {"maximize"}}},
           {.name = "RAdam",
            .rule = "radam",
            .keys = {{"lr"}, kBetas, {"eps"}, {"weight_decay"}, {"decoupled_weight_decay"}, {"maximize"}}},
           {.name = "Rprop",
            .rule = "rprop",
            .keys = {{"lr"},
                     {.name = "etas", .option = "eta_minus", .second = "eta_plus"},
                     {.name = "step_sizes", .option = "step_min", .second = "step_max"},
                     {"maximize"}}}},
      // PyTorch 1.13's RAdam differs from Adamax in having no `maximize`, SparseAdam in having no `weight_decay`.
      .marks = {{"SGD", {"dampening"}},
                {"RMSprop", {"alpha", "centered"}},
                {"Adagrad", {"lr_decay"}},
                {"Adadelta", {"rho"}, {"alpha"}},
                {"Rprop", {"etas"}},
                {"NAdam", {"momentum_decay"}},
                {"AdamW", {"amsgrad"}, {}, "decoupled_weight_decay"},
                {"Adam", {"amsgrad"}},
                {"RAdam", {"betas", "decoupled_weight_decay"}},
                {"Adamax", {"betas", "weight_decay", "maximize"}}},
      // name and lr_scale: read below. From initial_lr on: what PyTorch's schedulers leave in a group; they act through
      // lr and momentum.
      .passed_over = {"params", "param_names", "foreach", "fused", "capturable", "differentiable", "name", "lr_scale",
                      "initial_lr", "max_lr", "min_lr", "max_momentum", "base_momentum", "swa_lr"},
      .packages = {"torch"},
      .keeps_other_keys = true,
  };
  return dialect;
}

namespace {

/// Without a name: are these keys Adam's, or those of AdamW as PyTorch had them before 2.7?
void check_is_no_adamw(const json::Object& config) {
  const auto decay = config.find("weight_decay");
  const bool decays = decay == config.end() || decay->second.number("torch options: weight_decay") != 0;
  if (!decays || config.contains("decoupled_weight_decay")) return;
  throw Error(
      "torch: these keys do not tell the optimizer, whose weight_decay is " +
      std::string(decay == config.end() ? "not given" : "not 0") +
      ": before PyTorch 2.7 the groups of Adam (coupled decay) and AdamW (decoupled) had the same keys; name it: Adam "
      "or AdamW");
}

/// The one group of what may be a group, a list of them or a whole `state_dict()`.
json::Object one_group(const json::Value& value) {
  const std::string what = "torch options";
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

}  // namespace

Translation dialects::read_torch_group(const Optimizer& optimizer, std::string_view told, const json::Object& group) {
  Translation result = read(torch(), optimizer, told, group);
  // A group's name may be anything for PyTorch, a number for one.
  if (const auto name = group.find("name"); name != group.end() && name->second.is_string()) {
    result.group_name = name->second.string("name");
  }
  if (const auto scale = group.find("lr_scale"); scale != group.end()) {
    const std::string what = prefix(torch(), optimizer) + "lr_scale";
    result.lr_scale = scale->second.number(what);
    if (const Range allowed = at_least(0); !allowed.contains(result.lr_scale)) {
      throw Error(what + " = " + to_text(result.lr_scale) + " is outside " + allowed.text());
    }
  }
  return result;
}

Translation from_torch(std::string_view json, std::string_view rule) {
  const json::Object config = one_group(dialects::parse_value(dialects::torch(), json));
  const std::string_view told = dialects::bare_name(dialects::torch(), rule);
  const dialects::Optimizer& optimizer = dialects::choose(dialects::torch(), told, config);
  if (told.empty() && optimizer.name == "Adam") check_is_no_adamw(config);
  return dialects::read_torch_group(optimizer, told, config);
}

dialects::Texts dialects::write_torch(const Optimizer& optimizer, const Options& options) {
  Texts texts = write(torch(), optimizer, options);
  if (options.rule().name == "sgd" && options.get("nesterov") != 0) {
    // PyTorch refuses both; without momentum there is nothing to look along.
    if (options.get("momentum") == 0) {
      for (auto& [key, text] : texts) text = key == "nesterov" ? "false" : text;
    } else if (options.get("dampening") != 0) {
      throw Error("sgd: nesterov = true with dampening has no counterpart in torch's SGD");
    }
  }
  return texts;
}

std::string to_torch(const Translation& translation) {
  const Options& options = translation.options;
  dialects::check_settings(dialects::torch(), translation.settings, /*expressed=*/false);
  if (translation.schedule) throw Error("the schedule has no counterpart in torch's param groups");
  return dialects::to_json(dialects::write_torch(dialects::optimizer_for(dialects::torch(), options), options));
}

}  // namespace thalweg

// PyTorch's optimizers, as of 2.13.
#include "dialects/dialect.h"
#include "text.h"

#include <limits>

namespace thalweg::inline v0_1 {
namespace {

using dialects::Dialect;
using dialects::Key;

constexpr Key kBetas{.name = "betas", .option = "beta1", .second = "beta2"};
// Adafactor takes None for the ε of the parameter's type. For parameters of float64 see from_torch_state.
constexpr double kNoEps1 = std::numeric_limits<float>::epsilon();

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
           {.name = "Adafactor",
            .rule = "adafactor",
            .keys = {{"lr"},
                     {"beta2_decay"},
                     {.name = "eps", .option = "eps1", .second = "eps2", .null = kNoEps1},
                     {.name = "d", .option = "clip_threshold", .least = 1},
                     {"weight_decay"},
                     {"maximize"}}},
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
                {"Adafactor", {"beta2_decay"}},
                {"Rprop", {"etas"}},
                {"NAdam", {"momentum_decay"}},
                {"AdamW", {"amsgrad"}, {}, "decoupled_weight_decay"},
                {"Adam", {"amsgrad"}},
                {"RAdam", {"betas", "decoupled_weight_decay"}},
                {"Adamax", {"betas", "weight_decay", "maximize"}}},
      .passed_over = keys_of_groups(),
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

}  // namespace

Translation from_torch(std::string_view json, std::string_view rule) {
  const Dialect& torch = dialects::torch();
  const std::vector<json::Object> groups = dialects::param_groups(torch, dialects::parse_value(torch, json));
  const std::string_view told = dialects::bare_name(torch, rule);
  const dialects::Optimizer& optimizer = dialects::choose(torch, told, groups[0]);
  return dialects::read_groups(torch, groups, [&](const json::Object& group) {
    if (told.empty() && optimizer.name == "Adam") check_is_no_adamw(group);
    return dialects::read_group(torch, optimizer, told, group);
  });
}

dialects::Texts dialects::write_torch(const Optimizer& optimizer, const Options& options) {
  Texts texts = write(torch(), optimizer, options);
  if (options.rule().name == "sgd") check_nesterov(torch(), optimizer, options, texts);
  return texts;
}

std::string to_torch(const Description& description) {
  const Dialect& torch = dialects::torch();
  const dialects::Optimizer& optimizer = dialects::optimizer_for(torch, description.options);
  dialects::check_settings(torch, description.settings, /*expressed=*/false);
  if (description.schedule) throw Error("the schedule has no counterpart in torch's param groups");
  std::string first = dialects::to_json(dialects::write_torch(optimizer, description.options));
  if (description.groups.empty()) return first;
  std::string result = "[" + first;
  for (const GroupDescription& group : description.groups) {
    const Options options = description.options_of(group);
    if (dialects::optimizer_for(torch, options).name != optimizer.name) {
      throw Error("group[" + printable(group.pattern) + "]: the rule " + group.rule + " beside " +
                  std::string(description.options.rule().name) +
                  " has no counterpart in torch, whose optimizers have one");
    }
    dialects::Texts texts = dialects::write_torch(optimizer, options);
    texts.emplace_back("name", json::in_quotes(group.pattern));
    if (group.lr_scale != 1) texts.emplace_back("lr_scale", json::to_string(group.lr_scale));
    result += ", " + dialects::to_json(texts);
  }
  return result + "]";
}

}  // namespace thalweg::inline v0_1

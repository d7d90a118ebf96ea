// timm's optimizers (pytorch-image-models), as of 1.0.31: those that neither PyTorch nor another package has as they
// are.
#include "dialects/dialect.h"
#include "text.h"

#include <optional>
#include <utility>

namespace thalweg::inline v0_1 {
namespace {

using dialects::Dialect;
using dialects::Texts;

constexpr double kMostNorm = 1;                       // LAMB's max_grad_norm
constexpr double kRelativeLr = 1e-2, kWarmLr = 1e-6;  // Adafactor's rates without `lr`, and with `warmup_init`
constexpr double kSecondBeta = 0.999;                 // Adafactor's, which it does not look at

}  // namespace

const Dialect& dialects::timm() {
  static const OnlyValue cautious{"caution", false,
                                  "takes out of a step what goes against the gradient, which has no counterpart"};
  static const OnlyValue corrected{
      "corrected_weight_decay", false,
      "decays by λη²/η₁, η₁ being the first rate, which has no counterpart; set weight_decay to λη/η₁ whenever η "
      "changes instead"};
  static const std::vector<std::string_view> passed_over = [] {
    std::vector<std::string_view> keys = keys_of_groups();
    keys.insert(keys.end(), {"step", "max_lr_snapshot"});  // state that LAMB keeps in its groups
    return keys;
  }();
  static const Dialect dialect{
      .name = "timm",
      .step_count = StepCount::per_parameter,
      .optimizers =
          {{.name = "Lamb",
            .rule = "lamb",
            .keys = {{"lr"},
                     {"bias_correction", "correct_bias"},
                     {.name = "betas", .option = "beta1", .second = "beta2"},
                     {"eps"},
                     {"weight_decay", {}, 0.01},
                     {"grad_averaging"},
                     {"trust_clip"},
                     {"always_adapt", {}, 0},
                     {"decoupled_decay", "decoupled_weight_decay"}},
            .only = {cautious, corrected},
            .passed_over = {"max_grad_norm"},  // read below
            .step_count = StepCount::shared},
           {.name = "Lars",
            .rule = "lars",
            .keys = {{"lr"},
                     {"momentum"},
                     {"dampening"},
                     {"weight_decay"},
                     {"nesterov"},
                     {"trust_coeff", "trust_coefficient"},
                     {"eps"},
                     {"trust_clip"},
                     {"always_adapt"}}},
           {.name = "Adafactor",
            .rule = "adafactor",
            .keys = {{.name = "lr", .fallback = kRelativeLr, .note = "`lr` = None: 0.01, with `warmup_init` 1e-06"},
                     {"eps", "eps1", 1e-30},
                     {"eps_scale", "eps2"},
                     {.name = "clip_threshold", .positive = true},
                     {"decay_rate", "beta2_decay"},
                     {.name = "betas", .option = "momentum", .null = 0, .note = "`betas[0]`, `betas` = None"},
                     {"weight_decay"},
                     {.name = "scale_parameter", .note = "`scale_parameter` = true; false with `lr`"},
                     {.name = "relative_step", .note = "true without `lr`"},
                     {"warmup_init"},
                     {.name = "min_dim_size_to_factor",
                      .fallback = 17,
                      .shift = 1,
                      .whole = true,
                      .note = "`min_dim_size_to_factor` = 16, which a side must exceed"}},
            .fixed = {{"eps_inside", 1}, {"decay_with_scale", 1}},
            .only = {cautious},
            .passed_over = {"beta1"}}},  // what a group has in place of betas
      .marks = {{"Lamb", {"betas", "grad_averaging"}},
                {"Lamb", {"max_grad_norm"}},
                {"Lars", {"trust_coeff"}},
                {"Adafactor", {"eps_scale"}},
                {"Adafactor", {"min_dim_size_to_factor"}},
                {"Adafactor", {"scale_parameter"}}},
      .passed_over = passed_over,
      .refused = {{"lambc", "is Lamb with trust_clip; give that"},
                  {"lambw", "is Lamb with decoupled_decay; give that"},
                  {"lambcw", "is Lamb with trust_clip and decoupled_decay; give that"},
                  {"larc", "is Lars with trust_clip; give that"},
                  {"nlars", "is Lars with nesterov; give that"},
                  {"nlarc", "is Lars with nesterov and trust_clip; give that"}},
      .packages = {"timm"},
      .keeps_other_keys = true,
  };
  return dialect;
}

namespace {

/// Adafactor's keys as its table has them: those of its constructor, or of a group that steps have gone over.
json::Object adafactor_keys(json::Object config, const std::string& prefix) {
  if (auto beta1 = config.extract("beta1")) {
    config.insert_or_assign("betas", beta1.mapped());
  } else if (const auto betas = config.find("betas"); betas != config.end() && !betas->second.is_null()) {
    const json::Array& pair = betas->second.array(prefix + "betas");
    if (pair.size() != 2) {
      throw Error(prefix + "betas has " + std::to_string(pair.size()) + " elements; allowed are 2");
    }
    const json::Value first = pair[0];
    betas->second = first;
  }
  const auto is_true = [&](const char* key, bool fallback) {
    const auto member = config.find(key);
    return member == config.end() ? fallback : member->second.boolean(prefix + key);
  };
  const auto lr = config.find("lr");
  const bool has_lr = lr != config.end() && !lr->second.is_null();
  const bool is_relative = is_true("relative_step", !has_lr), warms_up = is_true("warmup_init", false);
  if (!is_relative && !has_lr) throw Error(prefix + "lr is missing, which relative_step = false needs");
  if (!is_relative && warms_up) {
    throw Error(prefix + "warmup_init = true with an lr: the warm-up is of the rate that is taken without one");
  }
  config["relative_step"] = is_relative;
  if (is_relative) {
    config["lr"] = warms_up ? kWarmLr : kRelativeLr;  // a group has the rate of its last step there
  } else if (is_true("scale_parameter", true)) {
    config["scale_parameter"] = false;  // the rate is taken as it is
  }
  return config;
}

/// Every gradient divided by max(1, ‖g‖ / limit), with the norm over all of them.
Clip clip_of(const json::Object& config, const std::string& prefix) {
  double limit = kMostNorm;
  if (const auto given = config.find("max_grad_norm"); given != config.end()) {
    if (given->second.is_null()) return {};
    limit = given->second.number(prefix + "max_grad_norm");
  }
  if (!(limit > 0)) throw Error(prefix + "max_grad_norm = " + to_text(limit) + " is outside (0, ∞); null is none");
  return {.by = ClipBy::global_norm, .limit = limit, .eps = 0};
}

/// Adafactor's rate is one of the class's own, or one that is taken as it is.
void write_adafactor_rate(const Options& options, Texts& texts) {
  const auto fail = [](const std::string& what) {
    throw Error("adafactor: " + what + " has no counterpart in timm's Adafactor");
  };
  const bool is_relative = options.get("relative_step") != 0, warms_up = options.get("warmup_init") != 0;
  if (!is_relative && options.get("scale_parameter") != 0) fail("scale_parameter = true without relative_step");
  if (is_relative && options.get("lr") != (warms_up ? kWarmLr : kRelativeLr)) {
    fail("lr = " + to_text(options.get("lr")) + " with relative_step = true");
  }
  for (auto& [key, text] : texts) {
    if (key == "lr" && is_relative) text = "null";
    if (key == "warmup_init" && !is_relative) text = "false";
    if (key == "betas" && text != "null") text = "[" + text + ", " + to_text(kSecondBeta) + "]";
  }
  std::erase_if(texts, [](const auto& entry) { return entry.first == "relative_step"; });
}

}  // namespace

Texts dialects::write_timm(const Optimizer& optimizer, const Options& options) {
  Texts texts = write(timm(), optimizer, options);
  if (optimizer.name == "Lamb") texts.emplace_back("max_grad_norm", "null");
  if (optimizer.name == "Lars") check_nesterov(timm(), optimizer, options, texts);
  if (optimizer.name == "Adafactor") write_adafactor_rate(options, texts);
  return texts;
}

Translation from_timm(std::string_view json, std::string_view rule) {
  const Dialect& timm = dialects::timm();
  const std::vector<json::Object> groups = dialects::param_groups(timm, dialects::parse_value(timm, json));
  const std::string_view told = dialects::bare_name(timm, rule);
  const dialects::Optimizer& optimizer = dialects::choose(timm, told, groups[0]);
  const std::string prefix = dialects::prefix(timm, optimizer);
  return dialects::read_groups(timm, groups, [&](json::Object group) {
    if (optimizer.name == "Adafactor") group = adafactor_keys(std::move(group), prefix);
    Translation result = dialects::read_group(timm, optimizer, told, group);
    if (optimizer.name == "Lamb") result.settings.clip = clip_of(group, prefix);
    return result;
  });
}

}  // namespace thalweg::inline v0_1

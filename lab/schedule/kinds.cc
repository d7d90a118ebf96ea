// Tells the kinds of schedules and their options.
#include "schedule/kinds.h"

#include "output/table.h"

#include <thalweg/schedule.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <variant>
#include <vector>

namespace thalweg::lab {
namespace {

using nlohmann::ordered_json;

constexpr std::array<KindWords, std::variant_size_v<thalweg::Schedule::Kind>> kKinds{{
    {"constant", "a factor for some time, then 1; without steps it stays", "ConstantLR", ""},
    {"step", "multiplied by gamma after every so many steps", "StepLR", "ExponentialDecay with staircase"},
    {"multi_step", "multiplied by gamma at each milestone", "MultiStepLR", ""},
    {"linear", "in a straight line from start to end", "LinearLR", "PolynomialDecay of power 1"},
    {"exponential", "multiplied by gamma in every so many steps, smoothly or in stairs", "ExponentialLR",
     "ExponentialDecay"},
    {"polynomial", "from 1 down to floor, as a power of the steps that are left", "PolynomialLR", "PolynomialDecay"},
    {"cosine", "from 1 down to floor along half a wave", "CosineAnnealingLR", "CosineDecay"},
    {"cosine_restarts", "a cosine that begins anew, each time longer and lower if asked for",
     "CosineAnnealingWarmRestarts", "CosineDecayRestarts"},
    {"one_cycle", "up to 1 and down to almost nothing", "OneCycleLR", ""},
    {"cyclic", "up and down between floor and 1, again and again", "CyclicLR", ""},
    {"piecewise_constant", "one value up to each boundary, and one behind the last", "", "PiecewiseConstantDecay"},
    {"inverse_time", "1 / (1 + rate · time)", "", "InverseTimeDecay"},
    {"plateau", "multiplied by factor when a metric has not become better for some epochs", "ReduceLROnPlateau",
     "ReduceLROnPlateau"},
}};

constexpr std::array<SharedOption, 6> kShared{{
    {"warmup", "0", "[0, ∞)", "steps in which the factor rises to what it is without"},
    {"warmup_from", "0", "[0, 1]", "the share of it that the warm-up begins at"},
    {"warmup_kind", "linear", "linear, exponential", "by as much, or by the same ratio, with every step"},
    {"interval", "step", "step, epoch", "what all lengths but warmup count"},
    {"then", "", "a schedule", "the next part, from whose first step on k counts from 0 again"},
    {"length", "steps", "(0, ∞)", "when the next part begins, of a part that another follows"},
}};

std::string joined(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : std::string(separator)) + part;
  return text;
}

/// `floor=0 (−∞, ∞)`, `cycle=false (true, false)`, `milestones (numbers, as 1/2/3)`.
std::string option_text(const ScheduleInfo::Option& option) {
  const bool is_range = option.allowed.starts_with('(') || option.allowed.starts_with('[');
  const std::string allowed = is_range ? option.allowed : '(' + option.allowed + ')';
  return fmt::format("{}{}{} {}", option.name, option.default_value.empty() ? "" : "=", option.default_value, allowed);
}

const KindWords& words_of(std::string_view name) { return *std::ranges::find(kKinds, name, &KindWords::name); }

}  // namespace

std::span<const KindWords> kind_words() { return kKinds; }
std::span<const SharedOption> shared_options() { return kShared; }

std::string kinds_text(std::size_t width) {
  std::string text;
  for (const ScheduleInfo& kind : schedules()) {
    const KindWords& words = words_of(kind.name);
    std::vector<std::string> peers, options;
    if (!words.torch.empty()) peers.push_back(fmt::format("PyTorch {}", words.torch));
    if (!words.keras.empty()) peers.push_back(fmt::format("Keras {}", words.keras));
    for (const ScheduleInfo::Option& option : kind.options) options.push_back(option_text(option));
    text +=
        fmt::format("{}: {}\n    {}\n    {}\n", kind.name, words.meaning, joined(options, "; "), joined(peers, ", "));
  }
  Table shared({"of every schedule", "default", "allowed", "meaning"});
  for (const SharedOption& option : kShared) {
    shared.add({std::string(option.name), std::string(option.default_value), std::string(option.allowed),
                std::string(option.meaning)});
  }
  return text + '\n' + shared.text(width) +
         "\nA kind that takes steps takes the rest of the run without them. What is 1 is the optimizer's own rate.\n"
         "`thalweg schedule 'cosine:warmup=500,steps=10000'` shows one.\n";
}

ordered_json kinds_json() {
  ordered_json kinds = ordered_json::array(), shared = ordered_json::array();
  const auto name_or_null = [](std::string_view name) { return name.empty() ? ordered_json() : ordered_json(name); };
  for (const ScheduleInfo& kind : schedules()) {
    const KindWords& words = words_of(kind.name);
    ordered_json options = ordered_json::array();
    for (const ScheduleInfo::Option& option : kind.options) {
      options.push_back({{"name", option.name}, {"default", option.default_value}, {"allowed", option.allowed}});
    }
    kinds.push_back({{"name", kind.name},
                     {"meaning", words.meaning},
                     {"options", std::move(options)},
                     {"torch", name_or_null(words.torch)},
                     {"keras", name_or_null(words.keras)}});
  }
  for (const SharedOption& option : kShared) {
    shared.push_back({{"name", option.name},
                      {"default", option.default_value},
                      {"allowed", option.allowed},
                      {"meaning", option.meaning}});
  }
  return {{"kinds", std::move(kinds)}, {"of_every_schedule", std::move(shared)}};
}

}  // namespace thalweg::lab

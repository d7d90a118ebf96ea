// Trait: what is known about options before anything is fitted.
#include "identify/trait.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string_view>

namespace thalweg::lab::identify {
namespace {

constexpr double kUnbounded = std::numeric_limits<double>::infinity();

struct Starts {
  std::string_view option;
  std::vector<double> values;
};

// Options that are not here begin at what suits their range.
const std::vector<Starts>& known_starts() {
  static const std::vector<double> squares{0.9, 0.99, 0.999, 0.5}, means{0.9, 0.5};
  static const std::vector<Starts> list{{"alpha", squares},
                                        {"rho", squares},
                                        {"beta1", means},
                                        {"beta2", squares},
                                        {"momentum", means},
                                        {"eps", {1e-10, 1e-5, 1e-3, 1e-1}},
                                        {"eps_root", {1e-3, 1e-8}},
                                        {"initial_accumulator_value", {0.1, 1}},
                                        {"weight_decay", {0.01, 0.2}},
                                        {"lr_decay", {0.01, 0.3}},
                                        {"momentum_decay", {1, 4e-3}},
                                        {"threshold", {5, 4, 6, 7, 9}},
                                        {"eta_minus", {0.5, 0.3}},
                                        {"eta_plus", {1.2, 1.6}},
                                        {"step_min", {1e-6}},
                                        {"step_max", {50}},
                                        {"beta2_decay", {-0.8, -0.5, -1}},
                                        {"eps1", {1e-10, 1e-3, 1e-1}},
                                        {"eps2", {1e-3, 0.5}},
                                        {"clip_threshold", {1, 0.5}},
                                        {"trust_coefficient", {1e-3, 0.1}}};
  return list;
}

// Between two of these lies everything that a sign can tell about them in a usual run.
const std::vector<double>& ladder() {
  static const std::vector<double> steps{0.9, 0.99, 0.95, 0.999, 0.8, 0.7,  0.6,  0.5,
                                         0.4, 0.3,  0.2,  0.1,   0,   0.98, 0.995};
  return steps;
}

bool is_ladder(std::string_view rule, std::string_view option) {
  return rule == "lion" && (option == "beta1" || option == "beta2");
}

/// The largest value that still leaves something of the gradients in the denominator; infinite for other options.
double most_beside(const Options& options, std::string_view option, double gradient) {
  const bool squared = option == "eps_root" || option == "initial_accumulator_value" ||
                       (options.has("eps_inside") && options.get("eps_inside") != 0);
  if (option != "eps" && option != "eps1" && option != "eps_root" && option != "initial_accumulator_value") {
    return kUnbounded;
  }
  const double most = std::clamp(100 * gradient, 1e-3, 1e12);
  return squared ? most * most : most;
}

bool is_decay_of_squares(std::string_view option) { return option == "alpha" || option == "rho" || option == "beta2"; }

}  // namespace

bool Trait::allows(double value) const { return value <= high && (value >= low || (value == 0 && low <= 1e-6)); }

double Trait::to_scale(double value) const {
  const double inside = std::clamp(value, low, high);
  switch (scale) {
    case Scale::linear:
      return inside;
    case Scale::logarithm:
      return std::log(inside);
    case Scale::from_zero:
      return std::log1p(inside / unit);
    case Scale::logit:
      return std::log(inside / (1 - inside));
  }
  return inside;
}

double Trait::from_scale(double scaled) const {
  double value = scaled;
  if (scale == Scale::logarithm) value = std::exp(scaled);
  if (scale == Scale::from_zero) value = unit * std::expm1(scaled);
  if (scale == Scale::logit) value = 1 / (1 + std::exp(-scaled));
  return std::clamp(value, low, high);
}

Trait trait_of(const Options& options, std::size_t index, double gradient) {
  constexpr double kSmallest = 1e-26, kLargest = 1e6, kOdds = 1e-6, kShortest = 0.05, kLongest = 1 - 1e-5;
  const OptionInfo& option = options.rule().options[index];
  Trait trait;
  const Range& range = option.range;
  if (range.high == 1 && range.high_open) {
    trait = {.scale = Scale::logit, .low = kOdds, .high = 1 - kOdds, .starts = {0.9, 0.5}};
  } else if (std::isfinite(range.high)) {
    trait = {.scale = Scale::linear, .low = range.low, .high = range.high, .starts = {(range.low + range.high) / 2}};
  } else {
    trait = {.scale = Scale::logarithm,
             .low = std::max(range.low, kSmallest),
             .high = std::max(range.low, kLargest),
             .starts = {1e-3, 0.1}};
  }
  static const std::set<std::string_view> kOfManySizes{"lr", "eps", "eps1", "eps2", "trust_coefficient"};
  if (trait.scale == Scale::logarithm && range.low == 0 && option.default_value < 0.01 &&
      !kOfManySizes.contains(option.name)) {
    trait.scale = Scale::from_zero;
    trait.low = 0;
    trait.unit = option.name == "eps_root" ? 1e-8 : 1e-2;
  }
  const auto starts = std::ranges::find(known_starts(), option.name, &Starts::option);
  if (starts != known_starts().end()) trait.starts = starts->values;
  if (is_ladder(options.rule().name, option.name)) {
    trait.starts = ladder();
    trait.jumps = true;
  }
  trait.jumps = trait.jumps || option.name == "threshold";
  if (is_decay_of_squares(option.name) && !trait.jumps) {
    trait.low = kShortest;
    trait.high = kLongest;
  }
  // Without a mean RAdam begins as SGD; from some ψ on Nadam has no schedule.
  if (option.name == "beta1" && !options.has("correct_mean") && !trait.jumps) trait.low = kShortest;
  if (option.name == "momentum_decay") trait.high = 20;
  if (option.name == "beta2_decay") trait.low = -4;  // of later squares nothing is seen then
  trait.high = std::min(trait.high, most_beside(options, option.name, gradient));
  return trait;
}

bool is_optional(const OptionInfo& option) {
  return option.type == OptionType::real && option.default_value == 0 && option.range.low == 0 && !is_of_shapes(option);
}

bool is_of_shapes(const OptionInfo& option) {
  return option.name == "min_dim_size_to_factor" || option.name == "decay_offset";
}

}  // namespace thalweg::lab::identify

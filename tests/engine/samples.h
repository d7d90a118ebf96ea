// Every rule's test sample: its formula in the oracle, and option values that are never the defaults.
#pragma once

#include "engine/oracle.h"

#include <thalweg/options.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

namespace thalweg::tests {

/// What the tests know about a rule. Different formulas must not coincide at these values.
struct Sample {
  oracle::Rule oracle;
  std::string options;                ///< as `parse_options` reads them, every number another than the default
  std::vector<std::string> switched;  ///< numbers of `options` that are also tried as 0, which turns something off
  std::uint32_t steps = 4;            ///< so many show all that the rule does

  std::string rule() const { return options.substr(0, options.find(':')); }
};

/// What GoogleTest calls it.
inline void PrintTo(const Sample& sample, std::ostream* stream) { *stream << sample.options; }

/// One sample a rule. Adding a rule adds its line here.
inline const std::vector<Sample>& samples() {
  static const std::vector<Sample> all = {
      {oracle::adadelta, "adadelta:lr=0.5,rho=0.8,eps=0.003,weight_decay=0.3", {"weight_decay"}},
      {oracle::adafactor,
       "adafactor:lr=0.02,beta2_decay=-0.6,decay_offset=-1,eps1=0.003,eps2=0.02,clip_threshold=1.3,momentum=0.7,"
       "weight_decay=0.3,min_dim_size_to_factor=2",
       {"momentum", "weight_decay"}},
      {oracle::adagrad,
       "adagrad:lr=0.02,lr_decay=0.4,eps=0.003,initial_accumulator_value=0.2,weight_decay=0.3",
       {"lr_decay", "eps", "initial_accumulator_value", "weight_decay"}},
      {oracle::adam<Adam>,
       "adam:lr=0.02,beta1=0.8,beta2=0.95,eps=0.003,eps_root=0.004,weight_decay=0.3",
       {"eps_root", "weight_decay"}},
      {oracle::adamax, "adamax:lr=0.02,beta1=0.8,beta2=0.95,eps=0.003,weight_decay=0.3", {"weight_decay"}},
      {oracle::adam<AdamW>,
       "adamw:lr=0.02,beta1=0.8,beta2=0.95,eps=0.003,eps_root=0.004,weight_decay=0.3",
       {"eps_root", "weight_decay"}},
      {oracle::adam<AMSGrad>,
       "amsgrad:lr=0.02,beta1=0.8,beta2=0.95,eps=0.003,eps_root=0.004,weight_decay=0.3",
       {"eps_root", "weight_decay"}},
      {oracle::lamb,
       "lamb:lr=0.02,beta1=0.8,beta2=0.95,eps=0.003,eps_root=0.004,weight_decay=0.3",
       {"eps_root", "weight_decay"}},
      {oracle::lars,
       "lars:lr=0.1,momentum=0.7,dampening=0.4,weight_decay=0.3,trust_coefficient=0.2,eps=0.003",
       {"momentum", "dampening", "weight_decay"}},
      {oracle::lion, "lion:lr=0.02,beta1=0.8,beta2=0.95,weight_decay=0.3", {"weight_decay"}},
      {oracle::nadam,
       "nadam:lr=0.02,beta1=0.8,beta2=0.95,eps=0.003,eps_root=0.004,momentum_decay=0.05,weight_decay=0.3",
       {"eps_root", "weight_decay"}},
      // After step 1 n is below t, so no threshold ≥ 4 is passed before step 5. Here n is the threshold in step 6, to
      // the last digit, which tells > from ≥, and above it in step 7.
      {oracle::radam,
       "radam:lr=0.02,beta1=0.8,beta2=0.75,eps=0.003,eps_root=0.004,threshold=4.401841401841402,weight_decay=0.3",
       {"eps_root", "weight_decay"},
       7},
      {oracle::rmsprop,
       "rmsprop:lr=0.02,alpha=0.85,eps=0.003,momentum=0.7,weight_decay=0.3,initial_accumulator_value=0.2",
       {"momentum", "weight_decay", "initial_accumulator_value"}},
      // lr is above step_max, so that clamp_always shows in step 1. Both clamps act, and some steps lie between them.
      // Twice or half of any number still has a meaning: eta_plus > 1, step_min < step_max.
      {oracle::rprop, "rprop:lr=0.05,eta_minus=0.35,eta_plus=2.2,step_min=0.008,step_max=0.04", {}},
      {oracle::sgd,
       "sgd:lr=0.1,momentum=0.7,dampening=0.4,weight_decay=0.3",
       {"momentum", "dampening", "weight_decay"}},
  };
  return all;
}

/// Every combination of the rule's booleans and of its switched numbers being there or 0.
inline std::vector<Options> every_option_set(const Sample& sample) {
  const Options base = parse_options(sample.options);
  std::vector<std::string> axes = sample.switched;
  for (const OptionInfo& option : base.rule().options) {
    if (option.type == OptionType::boolean) axes.emplace_back(option.name);
  }
  std::vector<Options> sets;
  for (std::size_t bits = 0; bits < std::size_t{1} << axes.size(); ++bits) {
    Options set = base;
    for (std::size_t axis = 0; axis < axes.size(); ++axis) {
      const bool on = (bits >> axis & 1) != 0;
      const double number = base.get(axes[axis]);
      set.set(axes[axis], on ? (number == 0 ? 1 : number) : 0);
    }
    // Without a first value, v̂ − m̂² is nothing but rounding in step 1, and no two correct programs agree.
    if (set.has("bias_correction") && set.get("bias_correction") != 0 && set.get("centered") != 0) {
      set.set("initial_accumulator_value", 20 * base.get("initial_accumulator_value"));
    }
    sets.push_back(std::move(set));
  }
  return sets;
}

/// A few of them, such that every two axes meet in all four combinations (except the one that is left out above).
inline std::vector<Options> pairwise_option_sets(const Sample& sample) {
  const std::vector<Options> every = every_option_set(sample);
  // Two options, each 0 or not, as a number.
  const auto pairs_of = [](const Options& set) {
    const std::vector<double>& values = set.values();
    std::vector<std::size_t> pairs;
    for (std::size_t a = 0; a < values.size(); ++a) {
      for (std::size_t b = 0; b < a; ++b) {
        pairs.push_back(4 * (a * values.size() + b) + (values[a] != 0 ? 2u : 0u) + (values[b] != 0 ? 1u : 0u));
      }
    }
    return pairs;
  };
  std::vector<std::vector<std::size_t>> pairs;
  std::vector<char> missing(4 * every[0].values().size() * every[0].values().size());
  for (const Options& set : every) {
    pairs.push_back(pairs_of(set));
    for (const std::size_t pair : pairs.back()) missing[pair] = 1;
  }
  std::vector<Options> chosen;
  while (std::ranges::count(missing, 1) != 0) {  // each round takes the set that has most of what is missing
    const auto gain = [&](const std::vector<std::size_t>& of_set) {
      return std::ranges::count_if(of_set, [&](std::size_t pair) { return missing[pair] != 0; });
    };
    const auto best = std::ranges::max_element(pairs, {}, gain) - pairs.begin();
    for (const std::size_t pair : pairs[static_cast<std::size_t>(best)]) missing[pair] = 0;
    chosen.push_back(every[static_cast<std::size_t>(best)]);
  }
  return chosen;
}

}  // namespace thalweg::tests

// Every rule's test sample: its formula in the oracle, and option values that are never the defaults.
#pragma once

#include "engine/oracle.h"

#include <thalweg/options.h>

#include <algorithm>
#include <cstddef>
#include <ostream>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace thalweg::tests {

/// What the tests know about a rule. Different formulas must not coincide at these values.
struct Sample {
  oracle::Rule oracle;
  std::string options;                ///< as `parse_options` reads them, every number another than the default
  std::vector<std::string> switched;  ///< numbers of `options` that are also tried as 0, which turns something off

  std::string rule() const { return options.substr(0, options.find(':')); }
};

/// What GoogleTest calls it.
inline void PrintTo(const Sample& sample, std::ostream* stream) { *stream << sample.options; }

/// One sample a rule. Adding a rule adds its line here.
inline const std::vector<Sample>& samples() {
  static const std::vector<Sample> all = {
      {oracle::adam<Adam>, "adam:lr=0.02,beta1=0.8,beta2=0.95,eps=0.003,weight_decay=0.3", {"weight_decay"}},
      {oracle::adam<AdamW>, "adamw:lr=0.02,beta1=0.8,beta2=0.95,eps=0.003,weight_decay=0.3", {"weight_decay"}},
      {oracle::adam<AMSGrad>, "amsgrad:lr=0.02,beta1=0.8,beta2=0.95,eps=0.003,weight_decay=0.3", {"weight_decay"}},
      {oracle::nadam,
       "nadam:lr=0.02,beta1=0.8,beta2=0.95,eps=0.003,momentum_decay=0.05,weight_decay=0.3",
       {"weight_decay"}},
      {oracle::rmsprop,
       "rmsprop:lr=0.02,alpha=0.85,eps=0.003,momentum=0.7,weight_decay=0.3,initial_accumulator_value=0.2",
       {"momentum", "weight_decay", "initial_accumulator_value"}},
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
  using Pair = std::tuple<std::size_t, bool, std::size_t, bool>;
  const auto pairs_of = [](const Options& set) {
    const std::vector<double>& values = set.values();
    std::set<Pair> pairs;
    for (std::size_t a = 0; a < values.size(); ++a) {
      for (std::size_t b = 0; b < a; ++b) pairs.emplace(a, values[a] != 0, b, values[b] != 0);
    }
    return pairs;
  };
  std::vector<std::set<Pair>> pairs;
  std::set<Pair> missing;
  for (const Options& set : every) {
    pairs.push_back(pairs_of(set));
    missing.insert(pairs.back().begin(), pairs.back().end());
  }
  std::vector<Options> chosen;
  while (!missing.empty()) {
    const auto gain = [&](const std::set<Pair>& of_set) {
      return std::count_if(of_set.begin(), of_set.end(), [&](const Pair& pair) { return missing.contains(pair); });
    };
    std::size_t best = 0;
    for (std::size_t i = 1, best_gain = static_cast<std::size_t>(gain(pairs[0])); i < every.size(); ++i) {
      if (const auto its_gain = static_cast<std::size_t>(gain(pairs[i])); its_gain > best_gain) {
        best = i;
        best_gain = its_gain;
      }
    }
    for (const Pair& pair : pairs[best]) missing.erase(pair);
    chosen.push_back(every[best]);
  }
  return chosen;
}

}  // namespace thalweg::tests

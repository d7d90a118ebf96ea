// Variants: every formula that thalweg's rules can write, each once.
#pragma once

#include "identify/known.h"
#include "identify/view.h"

#include <thalweg/optimizer.h>

#include <cstddef>
#include <vector>

namespace thalweg::lab::identify {

/// One formula: a rule, its booleans, and which options that are usually off are on.
struct Variant {
  Options options;  ///< booleans, known values; what is off is 0
  StepCount step_count{};
  std::vector<std::size_t> on;    ///< options that are 0 by default and are not here, by index in the rule's list
  std::vector<std::size_t> off;   ///< those that are, and are not told to be
  std::vector<std::size_t> free;  ///< options without a known value that are fitted, `on` among them
  std::vector<double> signature;  ///< what it does under some made-up options on a made-up run
  int distance = 0;               ///< number of booleans that are not the rule's default
};

/// Variants that do the same on this recording, whatever the options: the simplest first.
using Group = std::vector<Variant>;

/// Every formula of the rules that are possible after what is known, those with fewer options on first, and those of
/// rules that sum over parameters last; without these, if there is no view of whole parameters. `step_counts`: in how
/// many ways steps may be counted.
std::vector<Group> all_variants(const Views& views, const Known& known, bool maximize,
                                const std::vector<StepCount>& step_counts);

/// The options of `off` that would change something if they were on.
std::vector<std::size_t> could_be_on(const Variant& variant);

/// Is `shorter` the formula of `longer` with less on?
bool extends(const Variant& longer, const Variant& shorter);

/// The same formula with the rule's default for every boolean that does nothing beside the other options, and then with
/// every other setting of those: frameworks may write it so.
std::vector<Options> with_idle_booleans(const Options& options, StepCount step_count);

/// Do these do the same everywhere? Compares on a made-up run in which everything happens.
bool same_formula(const Options& a, StepCount a_count, const Options& b, StepCount b_count);

}  // namespace thalweg::lab::identify

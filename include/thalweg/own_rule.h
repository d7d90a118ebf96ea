// A rule of your own, in your own code: compiled for every instruction set, as thalweg's rules are.
//
//   struct MyRule { … };                           its options, state columns and coefficients, as thalweg/rules/sgd.h
//   #define THALWEG_OWN_RULE MyRule
//   #define THALWEG_OWN_RULE_FORMULA "my_rule-inl.h"     a file with `update`, on the include path
//   #include <thalweg/own_rule.h>
//
// and before its first use `thalweg::add_rule<MyRule>()`. From then on it is a rule like the others: options are
// checked and known by name, state is saved and loaded, clipping, decay, averages, threads and the reference work.
//
// `update` sees lanes, two vectors, one, or one number, with + − * /, sqrt, min, max, abs, sign, if_positive,
// if_negative and normal_or_zero (thalweg/kernels/lane-inl.h). An option `lr` there must be; `weight_decay`,
// `decoupled_weight_decay` and `maximize` act around the rule if it has them.
//
// Sums. A rule that needs sums over a tensor, its rows, its columns or all parameters (norms, trust ratios, factored
// moments) says beside this:
//
//   static constexpr std::array<thalweg::SumInfo, n> sums{{{SumScope::tensor, 0}, …}};    scope and round of each
//   template <std::size_t round, class Lane>                                       in the formula's file
//   void gather(const Coefficients& c, Lane theta, Lane g, Lane column…, Lane* shares)
//       shares[k] = what one element adds to the k-th sum, for the sums of this round; it changes nothing else. `g` is
//       scaled, clipped, negated and decayed as for `update`.
//   bool settle(const Settling& now, Coefficients& c) const
//       after each round, for each parameter: from now.sums, now.numbers and now.scalars the coefficients that the next
//       round and `update` see, the small columns and the scalars. False: this parameter takes no step.
//   bool settle_all(const Settling& now) const                                     only with sums over all
//       once a round that has some, with the options of the first group of the rule: the scalars that belong to the
//       optimizer. False: nobody takes a step, and nothing is changed.
//
// Rounds count from 0, at most kMaxRounds; sums of one round are one pass over the elements. Columns may be shaped like
// the rows, the columns or as one number (`column("r", kind, needed, first, ColumnShape::rows)`): `settle` alone writes
// them, in double, and `gather` and `update` read the element's own. What has no rows and columns (a vector, a tensor
// in another order than row-major) has no such columns, which read as 0, and takes no sums over rows or columns, which
// are then empty; `bool takes(std::size_t k, const Layout&) const` leaves out more. Where elements read something else
// of small columns than is kept, `void show(const Settling& now, const std::span<double>* shown) const` makes it
// (thalweg/rules/adafactor.h). Scalars (`scalars`, `advance` as thalweg/rules/nadam.h) belong to a parameter or,
// ScalarOwner::optimizer, to all; those of a parameter are kept where StepCount::per_parameter is. `static constexpr
// bool needs_loss = true` has `step` ask for the loss (numbers.loss), `needs_matrix = true` refuses vectors. Such rules
// do not go with StepCount::per_row, and those with sums over all not with a step in parts. tests/engine/summing.h
// shows all of it.
//
// This is the one header that needs Highway. Link thalweg::own_rule, which brings it and turns the contraction of a·b +
// c off; without CMake: the package libhwy, the flag -ffp-contract=off and, for speed, -fno-trapping-math. One rule in
// a source. examples/own_rule.cc shows all of it.
//
// The source is compiled as the rest of your project is: without optimisation (a debug build, no build type) the rule's
// steps take some 50 times as long, where thalweg's own rules do not. To have this one source optimised all the same:
//   set_source_files_properties(my_rule.cc PROPERTIES COMPILE_OPTIONS -O3)
#pragma once

#include <thalweg/kernels/engine_rule.h>

#if !defined(THALWEG_OWN_RULE) || !defined(THALWEG_OWN_RULE_FORMULA)
#error "define THALWEG_OWN_RULE (the struct) and THALWEG_OWN_RULE_FORMULA (the file with update) before this include"
#endif

#define THALWEG_RULE_STRUCT THALWEG_OWN_RULE
#define THALWEG_RULE_FILE THALWEG_OWN_RULE_FORMULA
#include <thalweg/kernels/compile_rule.h>

namespace thalweg::inline v0_1 {

/// Makes the rule known; once is enough, and again does nothing. Throws Error if its name is taken.
template <class R>
const RuleInfo& add_rule() {
  static const Rule rule = make_rule<R, R>();
  static const bool added = (add_rule(rule), true);
  static_cast<void>(added);
  return rule;
}

}  // namespace thalweg::inline v0_1

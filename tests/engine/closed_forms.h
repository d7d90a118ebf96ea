// What given gradients come to under every rule, as functions of the step's number.
#pragma once

#include <thalweg/options.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace thalweg::tests {

/// A number that depends on an element's gradient g and on the step t = 1, 2, ….
using Term = std::function<double(double g, int t)>;

/// A rule under given gradients, without recurrence.
struct Form {
  std::string what;
  Options options;
  Term gradient;                        ///< of step t, where g is the element's own number
  Term step;                            ///< what step t takes from θ, beside decay
  std::map<std::string, Term> columns;  ///< state after step t
  bool may_decay = true;                ///< is `step` the same where θ decays?
};

/// Every rule's.
std::vector<Form> forms();

/// f(1) + … + f(t).
inline double sum(int t, const std::function<double(int)>& f) {
  double result = 0;
  for (int k = 1; k <= t; ++k) result += f(k);
  return result;
}

}  // namespace thalweg::tests

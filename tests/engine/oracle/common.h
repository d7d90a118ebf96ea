// What the oracle's rules share: a parameter with its state, one step, and the parts that recur in the formulas.
#pragma once

#include <thalweg/options.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::oracle {

/// A parameter with its state.
struct Parameter {
  std::vector<double> theta;
  std::map<std::string, std::vector<double>, std::less<>> columns;
  std::map<std::string, double, std::less<>> scalars;
  std::vector<std::size_t> shape = {};  ///< row-major; empty: a vector

  /// The state column, which begins at `first_value` when it is first asked for.
  std::vector<double>& column(std::string_view name, double first_value = 0) {
    return column(name, first_value, theta.size());
  }

  /// One of another length than the parameter's.
  std::vector<double>& column(std::string_view name, double first_value, std::size_t length) {
    auto found = columns.find(name);
    if (found == columns.end()) {
      found = columns.emplace(std::string(name), std::vector<double>(length, first_value)).first;
    }
    return found->second;
  }
};

/// What one step of one parameter is given.
struct Step {
  std::int64_t number;               ///< counts from 1
  std::span<const double> gradient;  ///< as many elements as the parameter
  double smallest_normal;            ///< state that decays becomes 0 below it
};

/// A rule: one step of one parameter.
using Rule = void (*)(const Options& options, Parameter& parameter, const Step& step);

/// What decays is 0 or a normal number of its type.
inline double normal_or_zero(double x, double smallest_normal) { return std::abs(x) < smallest_normal ? 0 : x; }

/// The running mean after it has seen `value`.
inline double running_mean(double decay, double mean, double value) { return decay * mean + (1 - decay) * value; }

/// The share of the values themselves in their running mean after t steps; the rest is the 0 that it began with.
inline double correction(double decay, double t) { return 1 - std::pow(decay, t); }

/// The larger number, or NaN where there is one, which std::max would drop.
inline double larger(double a, double b) { return std::isnan(a) || a > b ? a : b; }

/// −1, 0 or 1; NaN of NaN.
inline double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }

/// The gradient, turned round where the rule shall ascend.
template <class R>
double turned(const R& o, double gradient) {
  return o.maximize ? -gradient : gradient;
}

/// What rules with decay do with the gradient first: turn it round, then add coupled decay. Decoupled decay shrinks θ.
template <class R>
double direction(const R& o, double& theta, double gradient) {
  double g = turned(o, gradient);
  if (o.weight_decay != 0) {
    if (o.decoupled_weight_decay) {
      theta = (1 - o.lr * o.weight_decay) * theta;
    } else {
      g = g + o.weight_decay * theta;
    }
  }
  return g;
}

}  // namespace thalweg::oracle

// The update rules once more, in plain double, element by element, for tests to compare the engine with.
//
// Written from the papers and PyTorch's documentation, not from src/rules, and checked against recorded numbers of
// PyTorch, Keras, Optax and TensorFlow by goldens_test.cc. Clarity before speed.
#pragma once

#include <thalweg/options.h>
#include <thalweg/rules/adam.h>
#include <thalweg/rules/nadam.h>
#include <thalweg/rules/rmsprop.h>
#include <thalweg/rules/sgd.h>

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

  /// The state column, which begins at `first_value` when it is first asked for.
  std::vector<double>& column(std::string_view name, double first_value = 0) {
    auto found = columns.find(name);
    if (found == columns.end()) {
      found = columns.emplace(std::string(name), std::vector<double>(theta.size(), first_value)).first;
    }
    return found->second;
  }
};

/// What one step of one parameter is given.
struct Step {
  std::int64_t number;               ///< counts from 1
  std::span<const double> gradient;  ///< as many elements as the parameter
  double smallest_normal;            ///< second moments below it become 0
};

/// A rule: one step of one parameter.
using Rule = void (*)(const Options& options, Parameter& parameter, const Step& step);

/// A second moment is 0 or a normal number of its type.
inline double normal_or_zero(double second_moment, double smallest_normal) {
  return second_moment < smallest_normal ? 0 : second_moment;
}

/// What every rule does with the gradient first: turns it round, then adds coupled decay. Decoupled decay shrinks θ.
template <class R>
double direction(const R& o, double& theta, double gradient) {
  double g = o.maximize ? -gradient : gradient;
  if (o.weight_decay != 0) {
    if (o.decoupled_weight_decay) {
      theta = (1 - o.lr * o.weight_decay) * theta;
    } else {
      g = g + o.weight_decay * theta;
    }
  }
  return g;
}

inline void sgd(const Options& options, Parameter& p, const Step& step) {
  const SGD o = options.as<SGD>();
  for (std::size_t i = 0; i < p.theta.size(); ++i) {
    double& theta = p.theta[i];
    const double g = direction(o, theta, step.gradient[i]);
    if (o.momentum == 0) {
      theta = theta - o.lr * g;
      continue;
    }
    double& b = p.column("b")[i];
    b = step.number == 1 ? g : o.momentum * b + (1 - o.dampening) * g;
    theta = theta - o.lr * (o.nesterov ? g + o.momentum * b : b);
  }
}

inline void rmsprop(const Options& options, Parameter& p, const Step& step) {
  const RMSprop o = options.as<RMSprop>();
  const double correction = o.bias_correction ? 1 - std::pow(o.alpha, static_cast<double>(step.number)) : 1;
  for (std::size_t i = 0; i < p.theta.size(); ++i) {
    double& theta = p.theta[i];
    const double g = direction(o, theta, step.gradient[i]);

    double& v = p.column("v", o.initial_accumulator_value)[i];
    v = normal_or_zero(o.alpha * v + (1 - o.alpha) * g * g, step.smallest_normal);
    double square = v / correction;
    if (o.centered) {
      double& m = p.column("m")[i];
      m = o.alpha * m + (1 - o.alpha) * g;
      const double mean = m / correction;
      square = square - mean * mean;
      if (square < 0) square = 0;  // and not std::max, which would turn NaN into 0
    }
    const double denominator = o.eps_inside ? std::sqrt(square + o.eps) : std::sqrt(square) + o.eps;

    double change = g / denominator;
    if (o.lr_in_momentum) change = o.lr * change;
    if (o.momentum > 0) {
      double& b = p.column("b")[i];
      b = o.momentum * b + change;
      change = o.nesterov ? change + o.momentum * b : b;
    }
    theta = theta - (o.lr_in_momentum ? change : o.lr * change);
  }
}

template <class R>
void adam(const Options& options, Parameter& p, const Step& step) {
  const R o = options.as<R>();
  const auto t = static_cast<double>(step.number);
  const double mean_correction = 1 - std::pow(o.beta1, t), square_correction = 1 - std::pow(o.beta2, t);
  for (std::size_t i = 0; i < p.theta.size(); ++i) {
    double& theta = p.theta[i];
    const double g = direction(o, theta, step.gradient[i]);

    double& m = p.column("m")[i];
    double& v = p.column("v")[i];
    m = o.beta1 * m + (1 - o.beta1) * g;
    v = normal_or_zero(o.beta2 * v + (1 - o.beta2) * g * g, step.smallest_normal);
    double square = v;
    if (o.amsgrad) {  // the maximum is over v as it is, before its correction
      double& x = p.column("x")[i];
      if (v > x || std::isnan(v)) x = v;
      square = x;
    }
    theta = theta - o.lr * (m / mean_correction) / (std::sqrt(square / square_correction) + o.eps);
  }
}

inline void nadam(const Options& options, Parameter& p, const Step& step) {
  const Nadam o = options.as<Nadam>();
  const auto t = static_cast<double>(step.number);
  const auto mu = [&](double at) { return o.beta1 * (1 - 0.5 * std::pow(0.96, at * o.momentum_decay)); };
  double& product = p.scalars.try_emplace("mu_product", 1.0).first->second;
  product *= mu(t);
  const double square_correction = 1 - std::pow(o.beta2, t);
  for (std::size_t i = 0; i < p.theta.size(); ++i) {
    double& theta = p.theta[i];
    const double g = direction(o, theta, step.gradient[i]);

    double& m = p.column("m")[i];
    double& v = p.column("v")[i];
    m = o.beta1 * m + (1 - o.beta1) * g;
    v = normal_or_zero(o.beta2 * v + (1 - o.beta2) * g * g, step.smallest_normal);
    const double ahead = (1 - mu(t)) * g / (1 - product) + mu(t + 1) * m / (1 - product * mu(t + 1));
    theta = theta - o.lr * ahead / (std::sqrt(v / square_correction) + o.eps);
  }
}

}  // namespace thalweg::oracle

// Rules that divide by the root of accumulated squares, without a mean gradient: Adagrad, RMSprop, Adadelta.
#pragma once

#include "engine/oracle/common.h"

#include <thalweg/rules/adadelta.h>
#include <thalweg/rules/adagrad.h>
#include <thalweg/rules/rmsprop.h>

namespace thalweg::oracle {

/// The root, with ε beside it or inside.
template <class R>
double root_with_eps(const R& o, double square) {
  return o.eps_inside ? std::sqrt(square + o.eps) : std::sqrt(square) + o.eps;
}

inline void adagrad(const Options& options, Parameter& p, const Step& step) {
  const Adagrad o = options.as<Adagrad>();
  const double lr = o.lr / (1 + static_cast<double>(step.number - 1) * o.lr_decay);
  for (std::size_t i = 0; i < p.theta.size(); ++i) {
    double& theta = p.theta[i];
    const double g = direction(o, theta, step.gradient[i]);

    double& v = p.column("v", o.initial_accumulator_value)[i];
    v = normal_or_zero(v + g * g, step.smallest_normal);
    if (v == 0 && o.eps == 0) continue;  // instead of 0 / 0
    theta = theta - lr * g / root_with_eps(o, v);
  }
}

inline void rmsprop(const Options& options, Parameter& p, const Step& step) {
  const RMSprop o = options.as<RMSprop>();
  const double c = o.bias_correction ? correction(o.alpha, static_cast<double>(step.number)) : 1;
  for (std::size_t i = 0; i < p.theta.size(); ++i) {
    double& theta = p.theta[i];
    const double g = direction(o, theta, step.gradient[i]);

    double& v = p.column("v", o.initial_accumulator_value)[i];
    v = normal_or_zero(running_mean(o.alpha, v, g * g), step.smallest_normal);
    double square = v / c;
    if (o.centered) {
      double& m = p.column("m")[i];
      m = normal_or_zero(running_mean(o.alpha, m, g), step.smallest_normal);
      const double mean = m / c;
      if (std::isfinite(square)) square = square - normal_or_zero(mean * mean, step.smallest_normal);  // else ∞ − ∞
      if (square < 0) square = 0;  // and not std::max, which would turn NaN into 0
    }

    double change = g / root_with_eps(o, square);
    if (o.lr_in_momentum) change = o.lr * change;
    if (o.momentum > 0) {
      double& b = p.column("b")[i];
      b = normal_or_zero(o.momentum * b + change, step.smallest_normal);
      change = o.nesterov ? change + o.momentum * b : b;
    }
    theta = theta - (o.lr_in_momentum ? change : o.lr * change);
  }
}

inline void adadelta(const Options& options, Parameter& p, const Step& step) {
  const Adadelta o = options.as<Adadelta>();
  for (std::size_t i = 0; i < p.theta.size(); ++i) {
    double& theta = p.theta[i];
    const double g = direction(o, theta, step.gradient[i]);

    double& v = p.column("v")[i];
    double& u = p.column("u")[i];  // of earlier changes, as this one is not known yet
    v = normal_or_zero(running_mean(o.rho, v, g * g), step.smallest_normal);
    const double change = std::sqrt(u + o.eps) / std::sqrt(v + o.eps) * g;
    u = normal_or_zero(running_mean(o.rho, u, change * change), step.smallest_normal);
    theta = theta - o.lr * change;
  }
}

}  // namespace thalweg::oracle

// Rules that divide a mean gradient by a measure of its spread: Adam with AdamW and AMSGrad, AdaMax, Nadam, RAdam.
#pragma once

#include "engine/oracle/common.h"

#include <thalweg/rules/adam.h>
#include <thalweg/rules/adamax.h>
#include <thalweg/rules/nadam.h>
#include <thalweg/rules/radam.h>

namespace thalweg::oracle {

/// m̂: the mean over its correction, or where Nesterov looks ahead, the mean over the next step's and g over this one's.
template <class R>
double corrected_mean(const R& o, double m, double g, double c1, double c1_next) {
  return o.nesterov ? o.beta1 * m / c1_next + (1 - o.beta1) * g / c1 : m / c1;
}

/// The mean over the root of the mean square, whose correction comes before ε or after it.
template <class R>
double over_root(const R& o, double mean, double square, double c2) {
  if (o.eps_before_correction) return std::sqrt(c2) * mean / (std::sqrt(square + o.eps_root) + o.eps);
  return mean / (std::sqrt(square / c2 + o.eps_root) + o.eps);
}

template <class R>
void adam(const Options& options, Parameter& p, const Step& step) {
  const R o = options.as<R>();
  const auto t = static_cast<double>(step.number);
  const double c1 = o.correct_mean ? correction(o.beta1, t) : 1;
  const double c1_next = o.correct_mean && !o.nesterov_same_step ? correction(o.beta1, t + 1) : c1;
  const double c2 = o.correct_spread ? correction(o.beta2, t) : 1;
  for (std::size_t i = 0; i < p.theta.size(); ++i) {
    double& theta = p.theta[i];
    const double g = direction(o, theta, step.gradient[i]);

    double& m = p.column("m")[i];
    double& v = p.column("v")[i];
    m = normal_or_zero(running_mean(o.beta1, m, g), step.smallest_normal);
    v = normal_or_zero(running_mean(o.beta2, v, g * g), step.smallest_normal);
    double square = v;
    if (o.amsgrad && o.maximum_of_corrected) {
      double& x = p.column("x")[i];
      x = larger(x, v / c2);
      square = x * c2;  // so that over its correction it is x
    } else if (o.amsgrad) {
      double& x = p.column("x")[i];
      x = larger(x, v);
      square = x;
    }
    theta = theta - o.lr * over_root(o, corrected_mean(o, m, g, c1, c1_next), square, c2);
  }
}

inline void adamax(const Options& options, Parameter& p, const Step& step) {
  const AdaMax o = options.as<AdaMax>();
  const double c1 = o.correct_mean ? correction(o.beta1, static_cast<double>(step.number)) : 1;
  for (std::size_t i = 0; i < p.theta.size(); ++i) {
    double& theta = p.theta[i];
    const double g = direction(o, theta, step.gradient[i]);

    double& m = p.column("m")[i];
    double& u = p.column("u")[i];
    m = normal_or_zero(running_mean(o.beta1, m, g), step.smallest_normal);
    u = larger(o.beta2 * u, o.eps_beside ? std::abs(g) : std::abs(g) + o.eps);
    u = normal_or_zero(u, step.smallest_normal);
    theta = theta - o.lr / c1 * m / (o.eps_beside ? u + o.eps : u);
  }
}

inline void nadam(const Options& options, Parameter& p, const Step& step) {
  const Nadam o = options.as<Nadam>();
  const auto t = static_cast<double>(step.number);
  const auto mu = [&](double at) {
    return o.momentum_schedule ? o.beta1 * (1 - 0.5 * std::pow(0.96, at * o.momentum_decay)) : o.beta1;
  };
  double& product = p.scalars.try_emplace("mu_product", 1.0).first->second;
  product *= mu(t);
  const double c2 = correction(o.beta2, t);
  for (std::size_t i = 0; i < p.theta.size(); ++i) {
    double& theta = p.theta[i];
    const double g = direction(o, theta, step.gradient[i]);

    double& m = p.column("m")[i];
    double& v = p.column("v")[i];
    m = normal_or_zero(running_mean(o.beta1, m, g), step.smallest_normal);
    v = normal_or_zero(running_mean(o.beta2, v, g * g), step.smallest_normal);
    const double ahead = (1 - mu(t)) * g / (1 - product) + mu(t + 1) * m / (1 - product * mu(t + 1));
    theta = theta - o.lr * ahead / (std::sqrt(v / c2 + o.eps_root) + o.eps);
  }
}

inline void radam(const Options& options, Parameter& p, const Step& step) {
  const RAdam o = options.as<RAdam>();
  const auto t = static_cast<double>(step.number);
  const double c1 = correction(o.beta1, t), c1_next = correction(o.beta1, t + 1), c2 = correction(o.beta2, t);

  // How many squares v is as good as a plain mean of: n now, N in the end. With few of them v is left out.
  const double N = 2 / (1 - o.beta2) - 1;
  const double n = N - 2 * t * std::pow(o.beta2, t) / c2;
  const bool rectified = o.threshold_inclusive ? n >= o.threshold : n > o.threshold;
  const double r = std::sqrt((n - 4) * (n - 2) * N / ((N - 4) * (N - 2) * n));

  for (std::size_t i = 0; i < p.theta.size(); ++i) {
    double& theta = p.theta[i];
    const double g = direction(o, theta, step.gradient[i]);

    double& m = p.column("m")[i];
    double& v = p.column("v")[i];
    m = normal_or_zero(running_mean(o.beta1, m, g), step.smallest_normal);
    v = normal_or_zero(running_mean(o.beta2, v, g * g), step.smallest_normal);
    const double mean = corrected_mean(o, m, g, c1, c1_next);
    theta = theta - o.lr * (rectified ? r * over_root(o, mean, v, c2) : mean);
  }
}

}  // namespace thalweg::oracle

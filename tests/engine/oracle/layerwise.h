// Rules that measure a parameter's step by the norm of the whole parameter: LAMB, LARS.
#pragma once

#include "engine/oracle/common.h"

#include <algorithm>

namespace thalweg::oracle {

/// √Σx² over all elements.
inline double norm(std::span<const double> x) {
  double sum = 0;
  for (const double each : x) sum += each * each;
  return std::sqrt(sum);
}

/// You et al. (2019): Adam's step, as long as the parameter is.
inline void lamb(const Options& o, Parameter& p, const Step& step) {
  const double lr = o.get("lr"), beta1 = o.get("beta1"), beta2 = o.get("beta2"), decay = o.get("weight_decay");
  const bool decoupled = o.get("decoupled_weight_decay") != 0, corrected = o.get("correct_bias") != 0;
  const auto t = static_cast<double>(step.number);
  const double c1 = corrected ? correction(beta1, t) : 1, c2 = corrected ? correction(beta2, t) : 1;
  const double share = o.get("grad_averaging") != 0 ? 1 - beta1 : 1;  // of the gradient in its mean, or sum

  std::vector<double> u(p.theta.size());
  for (std::size_t i = 0; i < u.size(); ++i) {
    double& theta = p.theta[i];
    const double g = o.get("maximize") != 0 ? -step.gradient[i] : step.gradient[i];
    if (decoupled) theta = (1 - lr * decay) * theta;

    double& m = p.column("m")[i];
    double& v = p.column("v")[i];
    m = normal_or_zero(beta1 * m + share * g, step.smallest_normal);
    v = normal_or_zero(running_mean(beta2, v, g * g), step.smallest_normal);
    u[i] = m / c1 / (std::sqrt(v / c2 + o.get("eps_root")) + o.get("eps"));
    if (!decoupled) u[i] = u[i] + decay * theta;
  }

  double ratio = 1;
  if (decay != 0 || o.get("always_adapt") != 0) {
    if (norm(p.theta) > 0 && norm(u) > 0) ratio = norm(p.theta) / norm(u);
    if (o.get("trust_clip") != 0) ratio = std::min(ratio, 1.0);
  }
  for (std::size_t i = 0; i < u.size(); ++i) p.theta[i] = p.theta[i] - lr * ratio * u[i];
}

/// You et al. (2017): SGD with momentum, whose gradient is a fixed part as long as the parameter.
inline void lars(const Options& o, Parameter& p, const Step& step) {
  const double lr = o.get("lr"), momentum = o.get("momentum"), decay = o.get("weight_decay");
  std::vector<double> g(step.gradient.begin(), step.gradient.end()), u(g.size());
  for (std::size_t i = 0; i < u.size(); ++i) {
    if (o.get("maximize") != 0) g[i] = -g[i];
    u[i] = g[i] + decay * p.theta[i];
  }

  double ratio = 1;
  if (decay != 0 || o.get("always_adapt") != 0) {
    const bool of_sum = o.get("norm_of_sum") != 0;
    const double parameter = norm(p.theta), gradient = of_sum ? norm(u) : norm(g);
    const double below = of_sum ? gradient + o.get("eps") : gradient + decay * parameter + o.get("eps");
    if (parameter > 0 && gradient > 0) ratio = o.get("trust_coefficient") * parameter / below;
    if (o.get("trust_clip") != 0) ratio = std::min(ratio / lr, 1.0);
  }

  const bool undamped = !p.columns.contains("b");  // the buffer is the gradient at first
  for (std::size_t i = 0; i < u.size(); ++i) {
    double& theta = p.theta[i];
    if (momentum == 0) {
      theta = theta - lr * ratio * u[i];
      continue;
    }
    const bool lr_inside = o.get("lr_in_momentum") != 0;
    const double change = (lr_inside ? lr : 1) * ratio * u[i];
    double& b = p.column("b")[i];
    b = normal_or_zero(momentum * b + (undamped ? 1 : 1 - o.get("dampening")) * change, step.smallest_normal);
    theta = theta - (lr_inside ? 1 : lr) * (o.get("nesterov") != 0 ? change + momentum * b : b);
  }
}

}  // namespace thalweg::oracle

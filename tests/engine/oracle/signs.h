// Rules that step by the sign of what they see: Rprop, Lion.
#pragma once

#include "engine/oracle/common.h"

#include <thalweg/rules/lion.h>
#include <thalweg/rules/rprop.h>

namespace thalweg::oracle {

inline void rprop(const Options& options, Parameter& p, const Step& step) {
  const Rprop o = options.as<Rprop>();
  for (std::size_t i = 0; i < p.theta.size(); ++i) {
    double& theta = p.theta[i];
    double g = turned(o, step.gradient[i]);

    double& size = p.column("step", o.lr)[i];
    double& previous = p.column("prev")[i];
    const double turn = sign(g) * sign(previous);
    size = size * (turn > 0 ? o.eta_plus : turn < 0 ? o.eta_minus : 1);
    if (o.clamp_always || turn != 0) {
      if (size < o.step_min) size = o.step_min;
      if (size > o.step_max) size = o.step_max;
    }
    if (turn < 0) g = 0;
    theta = theta - size * sign(g);
    previous = g;
  }
}

inline void lion(const Options& options, Parameter& p, const Step& step) {
  const Lion o = options.as<Lion>();
  for (std::size_t i = 0; i < p.theta.size(); ++i) {
    double& theta = p.theta[i];
    const double g = direction(o, theta, step.gradient[i]);

    double& m = p.column("m")[i];
    theta = theta - o.lr * sign(running_mean(o.beta1, m, g));
    m = normal_or_zero(running_mean(o.beta2, m, g), step.smallest_normal);
  }
}

}  // namespace thalweg::oracle

// Gradient descent with momentum.
#pragma once

#include "engine/oracle/common.h"

#include <thalweg/rules/sgd.h>

namespace thalweg::oracle {

inline void sgd(const Options& options, Parameter& p, const Step& step) {
  const SGD o = options.as<SGD>();
  const bool undamped = !p.columns.contains("b") && !o.dampen_first_step;  // the buffer is the gradient at first
  for (std::size_t i = 0; i < p.theta.size(); ++i) {
    double& theta = p.theta[i];
    const double g = direction(o, theta, step.gradient[i]);
    if (o.momentum == 0) {
      theta = theta - o.lr * g;
      continue;
    }
    const double inside = o.lr_in_momentum ? o.lr : 1, outside = o.lr_in_momentum ? 1 : o.lr;
    double& b = p.column("b")[i];
    b = o.momentum * b + inside * (undamped ? 1 : 1 - o.dampening) * g;
    b = normal_or_zero(b, step.smallest_normal);
    theta = theta - outside * (o.nesterov ? inside * g + o.momentum * b : b);
  }
}

}  // namespace thalweg::oracle

// RMSprop's mathematics: one element's step. The formula stands in thalweg/rules/rmsprop.h.

template <class Lane>
inline void update(const RMSprop::Coefficients& c, Lane& theta, Lane g, Lane& v, Lane& m, Lane& b) {
  v = normal_or_zero(c.alpha * v + c.rest * (g * g));
  Lane spread = v;
  if (c.bias_correction) spread = spread / c.correction;
  if (c.centered) {
    m = normal_or_zero(c.alpha * m + c.rest * g);
    Lane mean = m;
    if (c.bias_correction) mean = mean / c.correction;
    spread = max(spread - normal_square(mean), 0.0);  // ≥ 0 in exact arithmetic only
  }
  const Lane d = sqrt(spread + c.eps_inside) + c.eps_outside;
  Lane u = c.lr_before * g / d;
  if (c.has_momentum) {
    b = normal_or_zero(c.momentum * b + u);
    u = c.nesterov ? u + c.momentum * b : b;
  }
  theta = theta - c.lr_after * u;
}

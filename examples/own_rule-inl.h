// AdaBelief's mathematics: one element's step. The formula stands in own_rule.cc.

template <class Lane>
inline void update(const AdaBelief::Coefficients& c, Lane& theta, Lane g, Lane& m, Lane& s) {
  m = c.beta1 * m + c.rest1 * g;
  s = normal_or_zero(c.beta2 * s + c.rest2 * ((g - m) * (g - m)) + c.eps);
  theta = theta - c.step_size * m / (sqrt(c.spread * s) + c.eps);
}

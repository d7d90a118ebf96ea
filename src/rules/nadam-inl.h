// Nadam's mathematics: one element's step. The formula stands in thalweg/rules/nadam.h.

template <class Lane>
inline void update(const Nadam::Coefficients& c, Lane& theta, Lane g, Lane& m, Lane& v) {
  m = normal_or_zero(c.beta1 * m + c.rest1 * g);
  v = normal_or_zero(c.beta2 * v + c.rest2 * (g * g));
  theta = theta - (c.gradient_step * g + c.momentum_step * m) / (sqrt(c.spread * v + c.eps_root) + c.eps);
}

// AdaMax's mathematics: one element's step. The formula stands in thalweg/rules/adamax.h.

template <class Lane>
inline void update(const AdaMax::Coefficients& c, Lane& theta, Lane g, Lane& m, Lane& u) {
  m = normal_or_zero(c.beta1 * m + c.rest1 * g);
  u = normal_or_zero(max(c.beta2 * u, abs(g) + c.eps_within));
  theta = theta - c.step_size * m / (u + c.eps_outside);
}

// Adadelta's mathematics: one element's step. The formula stands in thalweg/rules/adadelta.h.

template <class Lane>
inline void update(const Adadelta::Coefficients& c, Lane& theta, Lane g, Lane& v, Lane& u) {
  v = normal_or_zero(c.rho * v + c.rest * (g * g));
  const Lane delta = sqrt(u + c.eps) / sqrt(v + c.eps) * g;
  u = normal_or_zero(c.rho * u + c.rest * (delta * delta));
  theta = theta - c.lr * delta;
}

// Adagrad's mathematics: one element's step. The formula stands in thalweg/rules/adagrad.h.

template <class Lane>
inline void update(const Adagrad::Coefficients& c, Lane& theta, Lane g, Lane& v) {
  v = normal_or_zero(v + g * g);
  const Lane d = sqrt(v + c.eps_inside) + c.eps_outside;
  Lane u = g / d;
  if (c.no_eps) u = if_positive(v, u, v);  // 0 where v is, and NaN stays
  theta = theta - c.lr * u;
}

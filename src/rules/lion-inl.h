// Lion's mathematics: one element's step. The formula stands in thalweg/rules/lion.h.

template <class Lane>
inline void update(const Lion::Coefficients& c, Lane& theta, Lane g, Lane& m) {
  theta = theta - c.lr * sign(c.beta1 * m + c.rest1 * g);
  m = normal_or_zero(c.beta2 * m + c.rest2 * g);
}

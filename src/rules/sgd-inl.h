// SGD's mathematics: one element's step. The formula stands in thalweg/rules/sgd.h.

template <class Lane>
inline void update(const SGD::Coefficients& c, Lane& theta, Lane g, Lane& b) {
  Lane u = c.lr_before * g;
  if (c.has_momentum) {
    b = normal_or_zero(c.momentum * b + c.gradient_share * u);
    u = c.nesterov ? u + c.momentum * b : b;
  }
  theta = theta - c.lr_after * u;
}

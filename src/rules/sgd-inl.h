// SGD's mathematics: one element's step. The formula stands in thalweg/rules/sgd.h.

template <class Lane>
inline void update(const SGD::Coefficients& c, Lane& theta, Lane g, Lane& b) {
  Lane u = g;
  if (c.has_momentum) {
    b = c.momentum * b + c.gradient_share * g;
    u = c.nesterov ? g + c.momentum * b : b;
  }
  theta = theta - c.lr * u;
}

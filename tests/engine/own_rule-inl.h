// The mathematics of the rule in own_rule_test.cc.

template <class Lane>
inline void update(const tests::Heavy::Coefficients& c, Lane& theta, Lane g, Lane& b) {
  b = c.momentum * b + g;
  theta = theta - c.lr * b;
}

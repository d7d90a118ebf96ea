// The mathematics of Adam, AdamW and AMSGrad: one element's step. The formula stands in thalweg/rules/adam.h.

template <class Lane>
inline void update(const AdamCoefficients& c, Lane& theta, Lane g, Lane& m, Lane& v, Lane& x) {
  m = c.beta1 * m + c.rest1 * g;
  v = normal_or_zero(c.beta2 * v + c.rest2 * (g * g));
  Lane spread = v;
  if (c.amsgrad) spread = x = max(x, v);
  theta = theta - c.step_size * m / (sqrt(spread) * c.root_correction + c.eps);
}

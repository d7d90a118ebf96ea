// The mathematics of Adam, AdamW and AMSGrad: one element's step. The formula stands in thalweg/rules/adam.h.

template <class Lane>
inline void update(const AdamCoefficients& c, Lane& theta, Lane g, Lane& m, Lane& v, Lane& x) {
  m = normal_or_zero(c.beta1 * m + c.rest1 * g);
  v = normal_or_zero(c.beta2 * v + c.rest2 * (g * g));
  Lane spread = c.before_maximum * v;
  if (c.amsgrad) spread = x = max(x, spread);
  Lane u = c.momentum_step * m;
  if (c.nesterov) u = u + c.gradient_step * g;
  theta = theta - u / (sqrt(c.after_maximum * spread + c.eps_root) + c.eps);
}

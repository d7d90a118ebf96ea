// RAdam's mathematics: one element's step. The formula stands in thalweg/rules/radam.h.

template <class Lane>
inline void update(const RAdam::Coefficients& c, Lane& theta, Lane g, Lane& m, Lane& v) {
  m = normal_or_zero(c.beta1 * m + c.rest1 * g);
  v = normal_or_zero(c.beta2 * v + c.rest2 * (g * g));
  Lane u = c.momentum_step * m;
  if (c.nesterov) u = u + c.gradient_step * g;
  if (c.rectified) u = u / (sqrt(c.spread * v + c.eps_root) + c.eps);
  theta = theta - u;
}

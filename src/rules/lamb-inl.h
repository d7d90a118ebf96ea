// LAMB's mathematics: one element's step, and its shares of the norms. The formula stands in thalweg/rules/lamb.h.

/// u, with decayed θ and new averages.
template <class Lane>
inline Lane lamb_step(const LAMB::Coefficients& c, Lane& theta, Lane g, Lane& m, Lane& v) {
  if (c.shrink != 1) theta = c.shrink * theta;
  m = normal_or_zero(c.beta1 * m + c.share * g);
  v = normal_or_zero(c.beta2 * v + c.rest2 * (g * g));
  Lane u = c.of_mean * m / (sqrt(c.of_squares * v + c.eps_root) + c.eps);
  if (c.decay != 0) u = u + c.decay * theta;
  return u;
}

template <std::size_t round, class Lane>
inline void gather(const LAMB::Coefficients& c, Lane theta, Lane g, Lane m, Lane v, Lane* shares) {
  const Lane u = lamb_step(c, theta, g, m, v);
  shares[0] = theta * theta;
  shares[1] = u * u;
}

template <class Lane>
inline void update(const LAMB::Coefficients& c, Lane& theta, Lane g, Lane& m, Lane& v) {
  const Lane u = lamb_step(c, theta, g, m, v);
  theta = theta - c.step * u;
}

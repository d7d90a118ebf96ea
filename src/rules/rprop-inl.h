// Rprop's mathematics: one element's step. The formula stands in thalweg/rules/rprop.h.

template <class Lane>
inline void update(const Rprop::Coefficients& c, Lane& theta, Lane g, Lane& step, Lane& prev) {
  const Lane s = sign(g) * sign(prev);
  const Lane scaled = step * if_positive(s, Lane(c.eta_plus), if_negative(s, Lane(c.eta_minus), Lane(1.0)));
  const Lane clamped = min(max(scaled, c.step_min), c.step_max);
  step = c.clamp_always ? clamped : if_positive(s, clamped, if_negative(s, clamped, step));
  g = if_negative(s, Lane(0.0), g);
  theta = theta - step * sign(g);
  prev = g;
}

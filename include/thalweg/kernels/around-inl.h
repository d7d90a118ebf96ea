// The mathematics around every rule: one element's clipping, ascent, weight decay and average. The order stands in
// around.h.

template <class Lane>
inline void prepare(const Around& around, Lane& theta, Lane& g) {
  if (around.scale != 1) g = around.scale * g;
  if (around.limit < std::numeric_limits<double>::infinity()) g = min(max(g, -around.limit), around.limit);
  if (around.maximize) g = -g;
  if (around.coupled_decay != 0) g = g + around.coupled_decay * theta;
  if (around.decoupled_shrink != 1) theta = around.decoupled_shrink * theta;
}

template <class Lane>
inline void take_average(const Around& around, Lane& theta, Lane& average) {
  // With a share of 0 the average stays as it is, whatever θ has become: 0 · ∞ is NaN.
  if (around.average_share != 0) average = (1 - around.average_share) * average + around.average_share * theta;
  if (around.overwrite) theta = average;
}

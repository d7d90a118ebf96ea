// The mathematics around every rule: one element's ascent and weight decay. The order stands in step/around.h.

template <class Lane>
inline void prepare(const Around& around, Lane& theta, Lane& g) {
  if (around.maximize) g = -g;
  if (around.coupled_decay != 0) g = g + around.coupled_decay * theta;
  if (around.decoupled_shrink != 1) theta = around.decoupled_shrink * theta;
}

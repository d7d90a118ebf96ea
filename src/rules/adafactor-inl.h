// Adafactor's mathematics: one element's step, and its shares of the sums. The formula stands in
// thalweg/rules/adafactor.h. In place of r and c stand what Adafactor::show makes of them: 1 / √v̂ is their product.

template <class Lane>
inline Lane adafactor_squares(const Adafactor::Coefficients& c, Lane g) {
  return g * g + c.within;
}

/// u, before it is clipped, with new averages.
template <class Lane>
inline Lane adafactor_step(const Adafactor::Coefficients& c, Lane g, Lane of_row, Lane of_column, Lane& v) {
  Lane u;
  if (c.by_line) {
    u = g * min(of_row * of_column, c.largest);
  } else {
    v = normal_or_zero(c.rest * v + c.share * adafactor_squares(c, g));
    u = g / max(sqrt(v), c.below);
  }
  return if_positive(abs(g), u, g);
}

template <std::size_t round, class Lane>
inline void gather(const Adafactor::Coefficients& c, Lane theta, Lane g, Lane of_row, Lane of_column, Lane v, Lane,
                   Lane* shares) {
  if constexpr (round == 0) {
    if (c.shrink != 1) theta = c.shrink * theta;
    shares[0] = theta * theta;
    shares[1] = shares[2] = adafactor_squares(c, g);
  } else {
    const Lane u = adafactor_step(c, g, of_row, of_column, v);
    shares[3] = u * u;
  }
}

template <class Lane>
inline void update(const Adafactor::Coefficients& c, Lane& theta, Lane g, Lane of_row, Lane of_column, Lane& v,
                   Lane& m) {
  if (c.shrink != 1) theta = c.shrink * theta;
  Lane u = c.step * adafactor_step(c, g, of_row, of_column, v);
  if (c.has_momentum) {
    m = normal_or_zero(c.momentum * m + c.rest_mu * u);
    u = m;
  }
  if (c.decay != 0) u = u + c.decay * theta;
  theta = theta - u;
}

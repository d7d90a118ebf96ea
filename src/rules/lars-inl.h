// LARS' mathematics: one element's step, and its shares of the norms. The formula stands in thalweg/rules/lars.h.

template <std::size_t round, class Lane>
inline void gather(const LARS::Coefficients& c, Lane theta, Lane g, Lane, Lane* shares) {
  if (c.norm_of_sum) g = g + c.decay * theta;
  shares[0] = theta * theta;
  shares[1] = g * g;
}

template <class Lane>
inline void update(const LARS::Coefficients& c, Lane& theta, Lane g, Lane& b) {
  if (c.decay != 0) g = g + c.decay * theta;
  Lane u = c.scale * g;
  if (c.has_momentum) {
    b = normal_or_zero(c.momentum * b + c.gradient_share * u);
    u = c.nesterov ? u + c.momentum * b : b;
  }
  theta = theta - c.lr_after * u;
}

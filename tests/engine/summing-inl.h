// The mathematics of the rule in summing.h.

template <std::size_t round, class Lane>
inline void gather(const tests::Summing::Coefficients& c, Lane theta, Lane g, Lane, Lane r, Lane, Lane, Lane* shares) {
  if constexpr (round == 0) {
    shares[0] = g * g;
    shares[1] = g * g;
    shares[2] = abs(g);
  } else if constexpr (round == 1) {
    shares[3] = abs(g) * c.inverse;
  } else {
    shares[4] = theta * g * c.inverse + c.total * sqrt(r);
  }
}

template <class Lane>
inline void update(const tests::Summing::Coefficients& c, Lane& theta, Lane g, Lane& m, Lane r, Lane k, Lane t) {
  m = m + g;
  theta = theta - c.size * m / (sqrt(r) + k + t + 1.0);
}

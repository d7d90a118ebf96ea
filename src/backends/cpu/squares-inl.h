// Sums of squares whose bits do not depend on the instruction set. Included once for each target, inside its namespace.
//
// 32 running sums, whatever the vector's width, each over every 32nd element; then a fixed tree of halves. Sums are in
// double: squares of f32 neither overflow nor vanish there, and rounding does not add up.

inline constexpr std::size_t kSums = 32;

using Doubles = hn::ScalableTag<double>;
using Sums = std::array<double, kSums>;

HWY_INLINE hn::Vec<Doubles> load_wide(const double* from) { return hn::LoadU(Doubles(), from); }
HWY_INLINE hn::Vec<Doubles> load_wide(const float* from) {
  return hn::PromoteTo(Doubles(), hn::LoadU(hn::Rebind<float, Doubles>(), from));
}

/// Squares of x, or of x − y where there is a y, in double, each to its running sum. Whole groups of 32 elements.
template <bool subtracts, class T>
HWY_INLINE void add_squares_wide(const T* x, const T* y, std::size_t count, Sums& sums) {
  constexpr std::size_t kLanes = hn::MaxLanes(Doubles()), kVectors = kSums / kLanes;
  hn::Vec<Doubles> running[kVectors];  // side by side, for one sum alone waits for its last addition
  for (std::size_t k = 0; k < kVectors; ++k) running[k] = hn::LoadU(Doubles(), sums.data() + k * kLanes);
  for (std::size_t at = 0; at < count; at += kSums) {
    for (std::size_t k = 0; k < kVectors; ++k) {
      auto number = load_wide(x + at + k * kLanes);
      if constexpr (subtracts) number = hn::Sub(number, load_wide(y + at + k * kLanes));
      running[k] = hn::Add(running[k], hn::Mul(number, number));
    }
  }
  for (std::size_t k = 0; k < kVectors; ++k) hn::StoreU(running[k], Doubles(), sums.data() + k * kLanes);
}

/// The same of any number of elements: behind the last whole group, zeros.
template <bool subtracts, class T>
HWY_INLINE void add_squares(const T* x, const T* y, std::size_t count, Sums& sums) {
  const std::size_t whole = count / kSums * kSums, rest = count - whole;
  if (whole > 0) add_squares_wide<subtracts>(x, y, whole, sums);
  if (rest == 0) return;
  HWY_ALIGN T last[2][kSums] = {};
  std::memcpy(last[0], x + whole, rest * sizeof(T));
  if constexpr (subtracts) std::memcpy(last[1], y + whole, rest * sizeof(T));
  add_squares_wide<subtracts>(last[0], last[1], kSums, sums);
}

/// The tree of halves, which changes the sums.
HWY_INLINE double total(Sums& sums) {
  const std::size_t lanes = hn::Lanes(Doubles());
  std::size_t half = kSums / 2;
  for (; half >= lanes; half /= 2) {
    for (std::size_t i = 0; i < half; i += lanes) {
      const auto sum = hn::Add(hn::LoadU(Doubles(), sums.data() + i), hn::LoadU(Doubles(), sums.data() + i + half));
      hn::StoreU(sum, Doubles(), sums.data() + i);
    }
  }
  for (; half > 0; half /= 2) {
    for (std::size_t i = 0; i < half; ++i) sums[i] += sums[i + half];
  }
  return sums[0];
}

// Sums of squares whose bits do not depend on the instruction set. Included once for each target, inside its namespace,
// behind lane-inl.h.
//
// 32 running sums, whatever the vector's width, each over every 32nd element; then a fixed tree of halves. Sums are in
// double: squares of f32 neither overflow nor vanish there, and rounding does not add up.

using Doubles = Lane<double>;

/// sum + x². The square of a float is exact in double, where adding it at once rounds as adding it afterwards does.
HWY_INLINE Doubles add_square(Doubles sum, const float* from) {
  namespace hn = hwy::HWY_NAMESPACE;
  const auto x = hn::PromoteTo(Doubles::Tag(), hn::LoadU(hn::Rebind<float, Doubles::Tag>(), from));
  return hn::MulAdd(x, x, sum.raw);
}
HWY_INLINE Doubles add_square(Doubles sum, const double* from) {
  const Doubles x = Whole<double>().load(from);
  return sum + x * x;
}

/// The 32 running sums of one total.
struct Lanes32 {
  static constexpr std::size_t kWide = hwy::HWY_NAMESPACE::MaxLanes(Doubles::Tag());
  static constexpr std::size_t kVectors = kSumLanes / kWide;
  using All = std::make_index_sequence<kVectors>;

  Doubles vectors[kVectors];

  HWY_INLINE Lanes32() { set(All()); }
  HWY_INLINE void load(const double* from) { load(from, All()); }
  HWY_INLINE void store(double* to) const { store(to, All()); }
  /// Adds the squares of the `count` elements that follow each other from the `part`-th `count` lanes on.
  template <std::size_t count, class T>
  HWY_INLINE void add_squares(std::size_t part, const T* from) {
    add_squares(part * (count / kWide), from, std::make_index_sequence<count / kWide>());
  }
  HWY_INLINE void add(const float* numbers) { add(numbers, All()); }

  /// The tree of halves.
  HWY_INLINE double total() {
    HWY_ALIGN double lanes[kSumLanes];
    store(lanes);
    for (std::size_t half = kSumLanes / 2; half >= kWide; half /= 2) {
      for (std::size_t i = 0; i < half; i += kWide) {
        const Whole<double> whole;
        whole.store(whole.load(lanes + i) + whole.load(lanes + i + half), lanes + i);
      }
    }
    return add_halves(lanes, kWide);
  }

 private:
  template <std::size_t... i>
  HWY_INLINE void set(std::index_sequence<i...>) {
    ((vectors[i] = Doubles(0.0)), ...);
  }
  template <std::size_t... i>
  HWY_INLINE void load(const double* from, std::index_sequence<i...>) {
    ((vectors[i] = Whole<double>().load(from + i * kWide)), ...);
  }
  template <std::size_t... i>
  HWY_INLINE void store(double* to, std::index_sequence<i...>) const {
    (Whole<double>().store(vectors[i], to + i * kWide), ...);
  }
  template <class T, std::size_t... i>
  HWY_INLINE void add_squares(std::size_t first, const T* from, std::index_sequence<i...>) {
    ((vectors[first + i] = add_square(vectors[first + i], from + i * kWide)), ...);
  }
  template <std::size_t... i>
  HWY_INLINE void add(const float* numbers, std::index_sequence<i...>) {
    namespace hn = hwy::HWY_NAMESPACE;
    const hn::Rebind<float, Doubles::Tag> narrow;
    ((vectors[i] = vectors[i] + Doubles(hn::PromoteTo(Doubles::Tag(), hn::LoadU(narrow, numbers + i * kWide)))), ...);
  }
};

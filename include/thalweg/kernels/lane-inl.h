// Lane: a Highway vector with operators, on which rules run. Included once for each target, inside its namespace.
//
// Friends say HWY_ATTR, because g++ 12 forgets the target's instructions for what a class template has as friends:
// where nothing is inlined (-O0), caller and friend would disagree about where vectors are passed.

/// One vector of the target's width, of element type T.
template <class T>
struct Lane {
  using Tag = hwy::HWY_NAMESPACE::ScalableTag<T>;
  using Vector = hwy::HWY_NAMESPACE::Vec<Tag>;

  Vector raw;

  Lane() = default;
  HWY_INLINE Lane(Vector vector) : raw(vector) {}  // NOLINT: formulas mix numbers and lanes
  HWY_INLINE Lane(double x) : raw(hwy::HWY_NAMESPACE::Set(Tag(), static_cast<T>(x))) {}  // NOLINT

  friend HWY_INLINE HWY_ATTR Lane operator+(Lane a, Lane b) { return hwy::HWY_NAMESPACE::Add(a.raw, b.raw); }
  friend HWY_INLINE HWY_ATTR Lane operator-(Lane a, Lane b) { return hwy::HWY_NAMESPACE::Sub(a.raw, b.raw); }
  friend HWY_INLINE HWY_ATTR Lane operator*(Lane a, Lane b) { return hwy::HWY_NAMESPACE::Mul(a.raw, b.raw); }
  friend HWY_INLINE HWY_ATTR Lane operator/(Lane a, Lane b) { return hwy::HWY_NAMESPACE::Div(a.raw, b.raw); }
  friend HWY_INLINE HWY_ATTR Lane operator-(Lane a) { return hwy::HWY_NAMESPACE::Neg(a.raw); }
  friend HWY_INLINE HWY_ATTR Lane sqrt(Lane a) { return hwy::HWY_NAMESPACE::Sqrt(a.raw); }
  /// The larger one; NaN if either is. (Highway's Max treats NaN differently on each target, and so does its Ne.)
  friend HWY_INLINE HWY_ATTR Lane max(Lane a, Lane b) {
    namespace hn = hwy::HWY_NAMESPACE;
    return hn::IfThenElse(hn::Or(hn::Gt(a.raw, b.raw), hn::IsNaN(a.raw)), a.raw, b.raw);
  }
  /// The smaller one; NaN if either is.
  friend HWY_INLINE HWY_ATTR Lane min(Lane a, Lane b) {
    namespace hn = hwy::HWY_NAMESPACE;
    return hn::IfThenElse(hn::Or(hn::Lt(a.raw, b.raw), hn::IsNaN(a.raw)), a.raw, b.raw);
  }
  /// The same where `bound` is known to be no NaN, in half of the instructions.
  friend HWY_INLINE HWY_ATTR Lane max(Lane a, double bound) {
    namespace hn = hwy::HWY_NAMESPACE;
    return hn::IfThenElse(hn::Le(a.raw, Lane(bound).raw), Lane(bound).raw, a.raw);
  }
  friend HWY_INLINE HWY_ATTR Lane min(Lane a, double bound) {
    namespace hn = hwy::HWY_NAMESPACE;
    return hn::IfThenElse(hn::Ge(a.raw, Lane(bound).raw), Lane(bound).raw, a.raw);
  }
  friend HWY_INLINE HWY_ATTR Lane abs(Lane a) { return hwy::HWY_NAMESPACE::Abs(a.raw); }
  /// −1, 0 or 1; NaN for NaN.
  friend HWY_INLINE HWY_ATTR Lane sign(Lane a) { return if_positive(a, Lane(1.0), if_negative(a, Lane(-1.0), a)); }
  /// `yes` where x > 0, else, and where x is NaN, `no`.
  friend HWY_INLINE HWY_ATTR Lane if_positive(Lane x, Lane yes, Lane no) {
    namespace hn = hwy::HWY_NAMESPACE;
    return hn::IfThenElse(hn::Gt(x.raw, hn::Zero(Tag())), yes.raw, no.raw);
  }
  /// `yes` where x < 0, else, and where x is NaN, `no`.
  friend HWY_INLINE HWY_ATTR Lane if_negative(Lane x, Lane yes, Lane no) {
    namespace hn = hwy::HWY_NAMESPACE;
    return hn::IfThenElse(hn::Lt(x.raw, hn::Zero(Tag())), yes.raw, no.raw);
  }
  /// +0 where |a| is below T's smallest normal number; NaN stays.
  friend HWY_INLINE HWY_ATTR Lane normal_or_zero(Lane a) {
    namespace hn = hwy::HWY_NAMESPACE;
    const Vector smallest = hn::Set(Tag(), std::numeric_limits<T>::min());
    return hn::IfThenZeroElse(hn::Lt(hn::Abs(a.raw), smallest), a.raw);
  }
  /// a², but 0 below T's smallest normal number and the largest number above it; NaN stays.
  friend HWY_INLINE HWY_ATTR Lane normal_square(Lane a) {
    namespace hn = hwy::HWY_NAMESPACE;
    // Small factors become 0, not their product: making a subnormal number takes many times as long.
    const Vector root_of_smallest = hn::Set(Tag(), sizeof(T) == 4 ? T(0x1p-63) : T(0x1p-511));
    const Vector factor = hn::IfThenZeroElse(hn::Lt(hn::Abs(a.raw), root_of_smallest), a.raw);
    return min(Lane(hn::Mul(factor, factor)), static_cast<double>(std::numeric_limits<T>::max()));
  }
};

/// Is one of the numbers NaN?
template <class T>
HWY_INLINE bool has_nan(Lane<T> a) {
  namespace hn = hwy::HWY_NAMESPACE;
  return !hn::AllTrue(typename Lane<T>::Tag(), hn::Eq(a.raw, a.raw));
}

/// Two vectors side by side. Every `if` of a formula and every column that may be missing is then decided once for
/// both: with single vectors of AVX2 the branches took half of the time.
template <class T>
struct Pair {
  Lane<T> low, high;

  Pair() = default;
  HWY_INLINE Pair(Lane<T> first, Lane<T> second) : low(first), high(second) {}
  HWY_INLINE Pair(double x) : low(x), high(low) {}  // NOLINT: formulas mix numbers and lanes

  friend HWY_INLINE HWY_ATTR Pair operator+(Pair a, Pair b) { return {a.low + b.low, a.high + b.high}; }
  friend HWY_INLINE HWY_ATTR Pair operator-(Pair a, Pair b) { return {a.low - b.low, a.high - b.high}; }
  friend HWY_INLINE HWY_ATTR Pair operator*(Pair a, Pair b) { return {a.low * b.low, a.high * b.high}; }
  friend HWY_INLINE HWY_ATTR Pair operator/(Pair a, Pair b) { return {a.low / b.low, a.high / b.high}; }
  friend HWY_INLINE HWY_ATTR Pair operator-(Pair a) { return {-a.low, -a.high}; }
  friend HWY_INLINE HWY_ATTR Pair sqrt(Pair a) { return {sqrt(a.low), sqrt(a.high)}; }
  friend HWY_INLINE HWY_ATTR Pair max(Pair a, Pair b) { return {max(a.low, b.low), max(a.high, b.high)}; }
  friend HWY_INLINE HWY_ATTR Pair min(Pair a, Pair b) { return {min(a.low, b.low), min(a.high, b.high)}; }
  friend HWY_INLINE HWY_ATTR Pair max(Pair a, double bound) { return {max(a.low, bound), max(a.high, bound)}; }
  friend HWY_INLINE HWY_ATTR Pair min(Pair a, double bound) { return {min(a.low, bound), min(a.high, bound)}; }
  friend HWY_INLINE HWY_ATTR Pair abs(Pair a) { return {abs(a.low), abs(a.high)}; }
  friend HWY_INLINE HWY_ATTR Pair sign(Pair a) { return {sign(a.low), sign(a.high)}; }
  friend HWY_INLINE HWY_ATTR Pair if_positive(Pair x, Pair yes, Pair no) {
    return {if_positive(x.low, yes.low, no.low), if_positive(x.high, yes.high, no.high)};
  }
  friend HWY_INLINE HWY_ATTR Pair if_negative(Pair x, Pair yes, Pair no) {
    return {if_negative(x.low, yes.low, no.low), if_negative(x.high, yes.high, no.high)};
  }
  friend HWY_INLINE HWY_ATTR Pair normal_or_zero(Pair a) { return {normal_or_zero(a.low), normal_or_zero(a.high)}; }
  friend HWY_INLINE HWY_ATTR Pair normal_square(Pair a) { return {normal_square(a.low), normal_square(a.high)}; }
};

/// Loads and stores one whole vector.
template <class T>
struct Whole {
  using Lanes = Lane<T>;
  HWY_INLINE static std::size_t count() { return hwy::HWY_NAMESPACE::Lanes(typename Lane<T>::Tag()); }
  HWY_INLINE Lane<T> load(const T* from) const { return hwy::HWY_NAMESPACE::LoadU(typename Lane<T>::Tag(), from); }
  HWY_INLINE void store(Lane<T> lane, T* to) const {
    hwy::HWY_NAMESPACE::StoreU(lane.raw, typename Lane<T>::Tag(), to);
  }
};

/// Loads and stores two whole vectors.
template <class T>
struct Both {
  using Lanes = Pair<T>;
  HWY_INLINE static std::size_t count() { return 2 * Whole<T>::count(); }
  HWY_INLINE Pair<T> load(const T* from) const { return {one_.load(from), one_.load(from + Whole<T>::count())}; }
  HWY_INLINE void store(Pair<T> pair, T* to) const {
    one_.store(pair.low, to);
    one_.store(pair.high, to + Whole<T>::count());
  }

 private:
  Whole<T> one_;
};

/// Loads and stores the first `count` elements of a vector and touches nothing behind them.
template <class T>
struct Part {
  using Lanes = Lane<T>;
  std::size_t count;

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
  // These have masked instructions that do not fault, nor write, outside the mask.
  HWY_INLINE Lane<T> load(const T* from) const {
    namespace hn = hwy::HWY_NAMESPACE;
    return hn::MaskedLoad(hn::FirstN(typename Lane<T>::Tag(), count), typename Lane<T>::Tag(), from);
  }
  HWY_INLINE void store(Lane<T> lane, T* to) const {
    namespace hn = hwy::HWY_NAMESPACE;
    hn::BlendedStore(lane.raw, hn::FirstN(typename Lane<T>::Tag(), count), typename Lane<T>::Tag(), to);
  }
#else
  HWY_INLINE Lane<T> load(const T* from) const {
    if (count >= Whole<T>::count()) return Whole<T>().load(from);
    HWY_ALIGN T whole[HWY_MAX_BYTES / sizeof(T)] = {};
    std::memcpy(whole, from, count * sizeof(T));
    return hwy::HWY_NAMESPACE::Load(typename Lane<T>::Tag(), whole);
  }
  HWY_INLINE void store(Lane<T> lane, T* to) const {
    if (count >= Whole<T>::count()) return Whole<T>().store(lane, to);
    HWY_ALIGN T whole[HWY_MAX_BYTES / sizeof(T)];
    hwy::HWY_NAMESPACE::Store(lane.raw, typename Lane<T>::Tag(), whole);
    std::memcpy(to, whole, count * sizeof(T));
  }
#endif
};

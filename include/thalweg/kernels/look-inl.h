// What a step sees of its elements for its report, for one instruction set. Included by cpu-inl.h.

template <class T>
HWY_INLINE std::size_t count_zeros(Lane<T> x) {
  namespace hn = hwy::HWY_NAMESPACE;
  const typename Lane<T>::Tag tag;
  return hn::CountTrue(tag, hn::Eq(x.raw, hn::Zero(tag)));
}
template <class T>
HWY_INLINE std::size_t count_zeros(Pair<T> x) {
  return count_zeros(x.low) + count_zeros(x.high);
}

/// The first `count` lanes, and 0 in the others.
template <class T>
HWY_INLINE Lane<T> first_lanes(Lane<T> x, std::size_t count) {
  namespace hn = hwy::HWY_NAMESPACE;
  return hn::IfThenElseZero(hn::FirstN(typename Lane<T>::Tag(), count), x.raw);
}

/// Lanes32 of one run of floats, in float: fewer instructions.
struct NarrowLanes32 {
  static constexpr std::size_t kTwo = 2 * hwy::HWY_NAMESPACE::MaxLanes(Lane<float>::Tag());
  static constexpr std::size_t kPairs = kSumLanes / kTwo;
  using All = std::make_index_sequence<kPairs>;

  Pair<float> pairs[kPairs];

  HWY_INLINE NarrowLanes32() { set(All()); }
  HWY_INLINE void add_squares(std::size_t part, Pair<float> x) { pairs[part] = pairs[part] + x * x; }
  /// False: squares have overflowed, or vanished, or may have.
  HWY_INLINE bool fits() const { return fits(All()); }
  HWY_INLINE void add_to(Lanes32& wide) const {
    HWY_ALIGN float numbers[kSumLanes];
    store(numbers, All());
    wide.add(numbers);
  }

 private:
  template <std::size_t... i>
  HWY_INLINE void set(std::index_sequence<i...>) {
    ((pairs[i] = Pair<float>(0.0)), ...);
  }
  template <std::size_t... i>
  HWY_INLINE void store(float* to, std::index_sequence<i...>) const {
    (Both<float>().store(pairs[i], to + i * kTwo), ...);
  }
  template <std::size_t... i>
  HWY_INLINE bool fits(std::index_sequence<i...>) const {
    return (true && ... && (fits(pairs[i].low) && fits(pairs[i].high)));
  }
  HWY_INLINE static bool fits(Lane<float> sums) {
    namespace hn = hwy::HWY_NAMESPACE;
    const Lane<float>::Tag tag;
    return hn::AllTrue(tag, hn::And(hn::Gt(sums.raw, hn::Set(tag, 1e-20f)), hn::Lt(sums.raw, hn::Set(tag, 1e30f))));
  }
};

/// A block's sums while its elements are stepped. Squares of f32's updates and parameters are summed in float over
/// runs of 256 elements and in double beyond; where they would overflow or vanish in float, and behind the last whole
/// run, in double alone, as the gradient's always are.
template <class T>
class Look {
  static constexpr std::size_t kTwo = 2 * hwy::HWY_NAMESPACE::MaxLanes(typename Lane<T>::Tag());

 public:
  /// Apart, so that the sums are in registers while somebody writes here.
  struct Memory {
    HWY_ALIGN T run[kSumRun];   // updates since the last whole run
    HWY_ALIGN T rest[3][kTwo];  // gradient, update, parameter behind the last two whole vectors
  };

  THALWEG_KERNEL_INLINE Look(const Block& block, Memory& memory)
      : block_(block), memory_(memory), totals_(block.totals) {
    if (block.totals != nullptr) return;
    block.sums->turn(block.first % kSumLanes);
    gradient_.load(block.sums->gradient.data());
    update_.load(block.sums->update.data());
    parameter_.load(block.sums->parameter.data());
  }

  /// Elements that are `at` elements into the block. `after`: what is about to be stored at `theta`.
  THALWEG_KERNEL_INLINE void see(Both<T> access, std::size_t at, const T* gradient, const T* theta, Pair<T> after) {
    const std::size_t part = part_of(at);
    gradient_.template add_squares<kTwo>(part, gradient);
    zeros_ += count_zeros(access.load(gradient));
    const Pair<T> update = after - access.load(theta);
    access.store(update, memory_.run + at % kSumRun);
    if constexpr (kNarrow) {
      narrow_update_.add_squares(part, update);
      narrow_parameter_.add_squares(part, after);
    }
  }
  /// Behind the last two whole vectors: zeros fill up another two.
  THALWEG_KERNEL_INLINE void see(Part<T> access, std::size_t at, const T* gradient, const T* theta, Lane<T> after) {
    if (at % kTwo == 0) {
      for (auto& numbers : memory_.rest) Both<T>().store(Pair<T>(0.0), numbers);
    }
    const Whole<T> whole;
    const Lane<T> g = access.load(gradient);
    whole.store(g, memory_.rest[0] + at % kTwo);
    whole.store(first_lanes(after - access.load(theta), access.count), memory_.rest[1] + at % kTwo);
    whole.store(first_lanes(after, access.count), memory_.rest[2] + at % kTwo);
    zeros_ += count_zeros(g) - (Whole<T>::count() - access.count);
  }

  /// All elements before `at`, whole vectors, are stored.
  THALWEG_KERNEL_INLINE void stepped(std::size_t at) {
    if (at % kSumRun != 0) return;
    end_run(at);
    if (at % kNormBlock != 0 || at == block_.count) return;
    give_totals();
    gradient_ = update_ = parameter_ = Lanes32();
    zeros_ = 0;
  }

  THALWEG_KERNEL_INLINE void end() {
    const std::size_t rest = block_.count % kTwo, whole = block_.count - rest;
    add_run(update_, memory_.run, whole % kSumRun);
    add_run(parameter_, parameter_from(whole - whole % kSumRun), whole % kSumRun);
    if (rest > 0) {
      const std::size_t part = part_of(whole);
      gradient_.template add_squares<kTwo>(part, memory_.rest[0]);
      update_.template add_squares<kTwo>(part, memory_.rest[1]);
      parameter_.template add_squares<kTwo>(part, memory_.rest[2]);
    }
    if (totals_ != nullptr) {
      give_totals();
      return;
    }
    BlockSums& sums = *block_.sums;
    gradient_.store(sums.gradient.data());
    update_.store(sums.update.data());
    parameter_.store(sums.parameter.data());
    sums.zeros += zeros_;
    sums.turn((kSumLanes - block_.first % kSumLanes) % kSumLanes);
  }

 private:
  static constexpr bool kNarrow = sizeof(T) == sizeof(float);

  /// Which two vectors of running sums. Said where there are but two, so that the compiler has them in registers.
  HWY_INLINE static std::size_t part_of(std::size_t at) { return kTwo == kSumLanes ? 0 : at % kSumLanes / kTwo; }

  THALWEG_KERNEL_INLINE void give_totals() {
    *totals_++ = {gradient_.total(), update_.total(), parameter_.total(), zeros_};
  }

  THALWEG_KERNEL_INLINE void end_run(std::size_t at) {
    if (kNarrow && narrow_update_.fits()) {
      narrow_update_.add_to(update_);
    } else {
      add_run(update_, memory_.run, kSumRun);
    }
    if (kNarrow && narrow_parameter_.fits()) {
      narrow_parameter_.add_to(parameter_);
    } else {
      add_run(parameter_, parameter_from(at - kSumRun), kSumRun);
    }
    narrow_update_ = narrow_parameter_ = NarrowLanes32();
  }

  /// From the beginning of a run.
  THALWEG_KERNEL_INLINE static void add_run(Lanes32& sums, const T* run, std::size_t count) {
    for (std::size_t i = 0; i < count; i += kTwo) sums.template add_squares<kTwo>(part_of(i), run + i);
  }
  HWY_INLINE const T* parameter_from(std::size_t element) const {
    return static_cast<const T*>(block_.theta) + element;
  }

  const Block& block_;
  Memory& memory_;
  BlockTotals* totals_;  // the next
  Lanes32 gradient_, update_, parameter_;
  NarrowLanes32 narrow_update_, narrow_parameter_;
  std::uint64_t zeros_ = 0;
};

/// Nobody looks.
template <class T>
struct NoLook {
  struct Memory {};
  HWY_INLINE NoLook(const Block&, Memory&) {}
  template <class Access>
  HWY_INLINE void see(const Access, std::size_t, const T*, const T*, typename Access::Lanes) {}
  HWY_INLINE void stepped(std::size_t) {}
  HWY_INLINE void end() {}
};

// The kernels of a rule's sums, for one instruction set: see `Gather` in kernels.h. Included by cpu-inl.h.

constexpr auto kRounds = rounds_of_sums<THALWEG_RULE_STRUCT>();
constexpr std::size_t kSums = kRounds.size();

/// Running sums of one block.
template <class T>
struct Running {
  HWY_ALIGN T run[kSums][kSumLanes] = {};
  HWY_ALIGN double wide[kSums][kSumLanes] = {};

  void flush(std::size_t k) {
    for (std::size_t i = 0; i < kSumLanes; ++i) {
      wide[k][i] += static_cast<double>(run[k][i]);
      run[k][i] = 0;
    }
  }

  /// The tree of halves. Lanes that no element has reached are 0 and change nothing.
  double total(std::size_t k, std::size_t count) {
    std::size_t half = 1;
    while (2 * half < std::min(count, kSumLanes)) half *= 2;
    for (; half > 0; half /= 2) {
      for (std::size_t i = 0; i < half; ++i) wide[k][i] += wide[k][i + half];
    }
    return wide[k][0];
  }
};

/// The shares of some elements, `at` elements into the block and `lane` into the running sums.
template <std::size_t round, class T, class Access, std::size_t... k>
HWY_INLINE void gather_at(const Coefficients& coefficients, const Around& around, bool prepares, const Access access,
                          const Memory<T>& memory, const SumPlaces& places, Running<T>& running, std::size_t at,
                          std::size_t lane, std::index_sequence<k...>) {
  using Lanes = typename Access::Lanes;
  Lanes point = access.load(memory.theta + at), g = access.load(memory.gradient + at);
  Lanes lanes[kColumns];
  ((lanes[k] = load_column<kColumnShapes[k]>(access, memory.columns[k], at)), ...);
  if (prepares) prepare(around, point, g);
  Lanes shares[kSums];
  gather<round>(coefficients, point, g, lanes[k]..., shares);
  for (std::size_t sum = 0; sum < kSums; ++sum) {
    if (kRounds[sum] != round) continue;
    if (places.totals[sum] != nullptr) {
      access.store(access.load(running.run[sum] + lane) + shares[sum], running.run[sum] + lane);
    }
    if (places.by_column[sum] != nullptr) {
      T* const to = static_cast<T*>(places.by_column[sum]) + at;
      access.store(access.load(to) + shares[sum], to);
    }
  }
}

template <std::size_t round, class T>
void gather_block(const void* erased_coefficients, const Around& outer_around, const Block& block,
                  const SumPlaces& outer_places) {
  const Coefficients coefficients = *static_cast<const Coefficients*>(erased_coefficients);
  const Around around = outer_around;
  const SumPlaces places = outer_places;
  const bool prepares = around.prepares();
  const Memory<T> memory(block);
  constexpr auto kIndices = std::make_index_sequence<kColumns>();
  const std::size_t lanes = Whole<T>::count(), two = Both<T>::count();
  Running<T> running;
  const auto flush = [&] {
    for (std::size_t sum = 0; sum < kSums; ++sum) {
      if (places.totals[sum] != nullptr) running.flush(sum);
    }
  };
  std::size_t at = 0;
  const auto gather_with = [&](const auto access, std::size_t lane) {
    gather_at<round>(coefficients, around, prepares, access, memory, places, running, at + lane, lane, kIndices);
  };
  for (; at + kSumLanes <= block.count; at += kSumLanes) {
    if (two <= kSumLanes) {
      for (std::size_t lane = 0; lane < kSumLanes; lane += two) gather_with(Both<T>(), lane);
    } else {
      for (std::size_t lane = 0; lane < kSumLanes; lane += lanes) gather_with(Whole<T>(), lane);
    }
    if ((at + kSumLanes) % kSumRun == 0) flush();
  }
  std::size_t lane = 0;
  const std::size_t rest = block.count - at;
  for (; lane + lanes <= rest; lane += lanes) gather_with(Whole<T>(), lane);
  if (lane < rest) gather_with(Part<T>{rest - lane}, lane);
  flush();
  for (std::size_t sum = 0; sum < kSums; ++sum) {
    if (places.totals[sum] != nullptr) *places.totals[sum] += running.total(sum, block.count);
  }
}

template <std::size_t... round>
void add_gathers(Kernels& kernels, std::index_sequence<round...>) {
  ((kernels.gather_f32[round] = &gather_block<round, float>, kernels.gather_f64[round] = &gather_block<round, double>),
   ...);
}

/// Nothing for a rule without sums.
inline void add_gathers(Kernels& kernels) {
  add_gathers(kernels, std::make_index_sequence<count_rounds<THALWEG_RULE_STRUCT>()>());
}

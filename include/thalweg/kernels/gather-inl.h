// The kernels of a rule's sums, for one instruction set: see `Gather` in kernels.h. Included by cpu-inl.h.

inline constexpr std::size_t kSums = std::max<std::size_t>(1, count_sums<THALWEG_RULE_STRUCT>());
inline constexpr bool kDecaysItself = decays_itself<THALWEG_RULE_STRUCT>();

/// One sum's running sums over a run of elements, in registers.
template <class T>
struct Running {
  static constexpr std::size_t kPairs = kSumLanes / (2 * hwy::HWY_NAMESPACE::MaxLanes(typename Lane<T>::Tag()));
  Pair<T> pairs[kPairs];
};

/// Sums of all runs so far.
struct Wide {
  HWY_ALIGN double lanes[kSumLanes];

  template <class T>
  HWY_INLINE void add(const T* run) {
    for (std::size_t i = 0; i < kSumLanes; ++i) lanes[i] += static_cast<double>(run[i]);
  }

  /// The tree of halves. Lanes that no element has reached are 0 and change nothing.
  double total(std::size_t count) {
    std::size_t reached = 2;
    while (reached < std::min(count, kSumLanes)) reached *= 2;
    return add_halves(lanes, reached);
  }
};

/// The shares of some elements, `at` elements into the block. Those of columns are added to their places.
template <std::size_t round, class T, class Access, std::size_t... k, std::size_t... sum>
HWY_INLINE void share_at(const Coefficients& coefficients, const Around& around, bool prepares, const Access access,
                         const Memory<T>& memory, const SumPlaces& places, std::size_t at,
                         typename Access::Lanes (&shares)[kSums], std::index_sequence<k...>,
                         std::index_sequence<sum...>) {
  using Lanes = typename Access::Lanes;
  Lanes point = access.load(memory.theta + at), g = access.load(memory.gradient + at);
  Lanes lanes[kColumns];
  ((lanes[k] = load_column<kColumnShapes[k]>(access, memory.columns[k], at)), ...);
  if constexpr (kDecaysItself) {  // so that a gather that does not ask for θ does not load it
    Lanes none(0.0);
    if (prepares) prepare(around, none, g);
  } else {
    if (prepares) prepare(around, point, g);
  }
  gather<round>(coefficients, point, g, lanes[k]..., shares);
  const auto add_to_columns = [&](std::size_t which) HWY_ATTR {
    if (places.by_column[which] == nullptr) return;
    T* const to = static_cast<T*>(places.by_column[which]) + at;
    access.store(access.load(to) + shares[which], to);
  };
  ((kIsByColumn<THALWEG_RULE_STRUCT, sum> ? add_to_columns(sum) : void()), ...);
}

/// Asks for what the shares `at` elements into the block are mostly made of. Nothing hangs on it but time: a line that
/// is not read takes as long as one that is.
template <std::size_t round, class T>
HWY_INLINE void prefetch_gathered(const Memory<T>& memory, std::size_t at) {
  if constexpr (gathers_state<THALWEG_RULE_STRUCT>()) {
    prefetch(memory, at, std::make_index_sequence<kColumns>());
  } else {
    hwy::Prefetch(memory.gradient + at);
    if (round == 0) hwy::Prefetch(memory.theta + at);
  }
}

/// The shares of the pair-th two vectors of 32 elements.
template <std::size_t round, std::size_t pair, class T, std::size_t... sum>
HWY_INLINE void add_pair(const Coefficients& coefficients, const Around& around, bool prepares, const Memory<T>& memory,
                         const SumPlaces& places, std::size_t at, Running<T> (&running)[kSums],
                         std::index_sequence<sum...> sums) {
  Pair<T> shares[kSums];
  share_at<round>(coefficients, around, prepares, Both<T>(), memory, places, at + pair * Both<T>::count(), shares,
                  std::make_index_sequence<kColumns>(), sums);
  const auto add = [&](Pair<T>& to, const Pair<T>& share) HWY_ATTR { to = to + share; };
  ((kIsByColumn<THALWEG_RULE_STRUCT, sum> ? void() : add(running[sum].pairs[pair], shares[sum])), ...);
}

/// From `at` to `end`, 32 elements at a time; `runs` gets the running sums.
template <std::size_t round, class T, std::size_t... pair, std::size_t... sum>
HWY_INLINE void add_run(const Coefficients& coefficients, const Around& around, bool prepares, const Memory<T>& memory,
                        const SumPlaces& places, std::size_t at, std::size_t end, T (&runs)[kSums][kSumLanes],
                        std::index_sequence<pair...>, std::index_sequence<sum...> sums) {
  Running<T> running[kSums];
  const auto begin = [&](Running<T>& its) HWY_ATTR { ((its.pairs[pair] = Pair<T>(0.0)), ...); };
  (begin(running[sum]), ...);
  for (; at < end; at += kSumLanes) {
    for (std::size_t line = 0; line < kSumLanes; line += kLineBytes / sizeof(T)) {
      prefetch_gathered<round>(memory, at + line + kPrefetchBytes / sizeof(T));
    }
    (add_pair<round, pair>(coefficients, around, prepares, memory, places, at, running, sums), ...);
  }
  const auto store = [&](const Running<T>& its, T* to)
                         HWY_ATTR { (Both<T>().store(its.pairs[pair], to + pair * Both<T>::count()), ...); };
  (store(running[sum], runs[sum]), ...);
}

template <std::size_t round, class T, std::size_t... sum>
HWY_INLINE void gather_in(const Coefficients& coefficients, const Around& around, const Block& block,
                          const SumPlaces& places, std::index_sequence<sum...> sums) {
  const bool prepares = around.prepares();
  const Memory<T> memory(block);
  Wide wide[kSums];  // of which only this round's are in use, as everywhere below
  HWY_ALIGN T runs[kSums][kSumLanes];
  const auto clear = [&](auto& lanes) HWY_ATTR { std::fill_n(lanes, kSumLanes, 0); };
  ((clear(wide[sum].lanes), clear(runs[sum])), ...);
  const std::size_t whole = block.count / kSumLanes * kSumLanes;
  std::size_t at = 0;
  while (at < whole) {
    const std::size_t end = std::min(whole, at + kSumRun);
    add_run<round>(coefficients, around, prepares, memory, places, at, end, runs,
                   std::make_index_sequence<Running<T>::kPairs>(), sums);
    at = end;
    if (at % kSumRun != 0) break;  // the run goes on below
    (wide[sum].add(runs[sum]), ...);
    (clear(runs[sum]), ...);
  }
  const auto add_rest = [&](const auto access, std::size_t lane) HWY_ATTR {
    typename decltype(access)::Lanes shares[kSums];
    share_at<round>(coefficients, around, prepares, access, memory, places, whole + lane, shares,
                    std::make_index_sequence<kColumns>(), sums);
    (access.store(access.load(runs[sum] + lane) + shares[sum], runs[sum] + lane), ...);
  };
  const std::size_t rest = block.count - whole, lanes = Whole<T>::count();
  std::size_t lane = 0;
  for (; lane + lanes <= rest; lane += lanes) add_rest(Whole<T>(), lane);
  if (lane < rest) add_rest(Part<T>{rest - lane}, lane);
  if (block.count % kSumRun != 0) (wide[sum].add(runs[sum]), ...);
  const auto give = [&](std::size_t which) {  // of columns there are none
    if (places.totals[which] != nullptr) *places.totals[which] += wide[which].total(block.count);
  };
  (give(sum), ...);
}

template <std::size_t round, class T>
void gather_block(const void* erased_coefficients, const Around& outer_around, const Block& block,
                  const SumPlaces& outer_places) {
  // Copies, for the same reason as in `run`.
  const Coefficients coefficients = *static_cast<const Coefficients*>(erased_coefficients);
  const Around around = outer_around;
  const SumPlaces places = outer_places;
  gather_in<round, T>(coefficients, around, block, places, SumsOfRound<THALWEG_RULE_STRUCT, round>());
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

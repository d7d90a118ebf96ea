// A rule's reference kernels: plain loops in double, by THALWEG_RULE_STRUCT and THALWEG_RULE_FILE (see compile_rule.h).

namespace thalweg::inline v0_1::reference {
namespace {

#include <thalweg/kernels/around-inl.h>
#include THALWEG_RULE_FILE

using Coefficients = THALWEG_RULE_STRUCT::Coefficients;

inline constexpr std::size_t kColumns = count_columns<THALWEG_RULE_STRUCT>();
inline constexpr auto kColumnShapes = column_shapes<THALWEG_RULE_STRUCT>();

/// The i-th element's number in the rule's k-th column.
template <class T>
double column_at(const Block& block, std::size_t k, std::size_t i) {
  const auto* column = static_cast<const T*>(block.columns[k]);
  if (column == nullptr) return 0;
  const bool has_many = kColumnShapes[k] == ColumnShape::parameter || kColumnShapes[k] == ColumnShape::columns;
  return double{column[has_many ? i : 0]};
}

/// The sums of one element for the report.
template <class T>
void look(BlockSums& sums, std::size_t lane, T gradient, T before, T after) {
  const auto square = [](T x) { return double{x} * double{x}; };
  sums.gradient[lane] += square(gradient);
  sums.update[lane] += square(after - before);
  sums.parameter[lane] += square(after);
  sums.zeros += gradient == 0 ? 1 : 0;
}

template <class T, std::size_t... k>
bool run_block(const Coefficients& coefficients, const Around& around, const Block& block, std::index_sequence<k...>) {
  auto* theta = static_cast<T*>(block.theta);
  const auto* gradient = static_cast<const T*>(block.gradient);
  auto* average = static_cast<T*>(block.average);
  const auto store = [&](std::size_t column, std::size_t i, double value) {
    if (block.columns[column] == nullptr || kColumnShapes[column] != ColumnShape::parameter) return;
    static_cast<T*>(block.columns[column])[i] = static_cast<T>(value);
  };
  bool non_finite = false;
  BlockSums own;
  BlockSums& sums = block.sums != nullptr ? *block.sums : own;
  for (std::size_t i = 0; i < block.count; ++i) {
    non_finite |= !std::isfinite(gradient[i]);
    Real<T> point = double{theta[i]}, g = double{gradient[i]};
    Real<T> state[kColumns] = {column_at<T>(block, k, i)...};
    prepare(around, point, g);
    update(coefficients, point, g, state[k]...);
    if (average != nullptr) {
      Real<T> mean = double{average[i]};
      take_average(around, point, mean);
      average[i] = static_cast<T>(mean.value);
    }
    const T before = std::exchange(theta[i], static_cast<T>(point.value));
    if (block.looks()) look(sums, (block.first + i) % kSumLanes, gradient[i], before, theta[i]);
    (store(k, i, state[k].value), ...);
    if (block.totals != nullptr && ((i + 1) % kNormBlock == 0 || i + 1 == block.count)) {
      block.totals[i / kNormBlock] = sums.totals();
      sums = {};
    }
  }
  return non_finite;
}

template <class T>
bool run(const void* coefficients, const Around& around, std::span<const Block> blocks) {
  bool non_finite = false;
  for (const Block& block : blocks) {
    non_finite |= run_block<T>(*static_cast<const Coefficients*>(coefficients), around, block,
                               std::make_index_sequence<kColumns>());
  }
  return non_finite;
}

/// In the shape that `Gather` promises, so that f64 has the same bits as on any other target.
template <std::size_t round, class T, std::size_t... k, std::size_t... of_round>
void gather_elements(const Coefficients& coefficients, const Around& around, const Block& block,
                     const SumPlaces& places, std::index_sequence<k...>, std::index_sequence<of_round...>) {
  constexpr std::size_t kSums = std::max<std::size_t>(1, count_sums<THALWEG_RULE_STRUCT>());
  double runs[kSums][kSumLanes] = {}, wide[kSums][kSumLanes] = {};
  const auto flush = [&] {
    for (const std::size_t sum : {of_round...}) {
      for (std::size_t i = 0; i < kSumLanes; ++i) wide[sum][i] += std::exchange(runs[sum][i], 0.0);
    }
  };
  for (std::size_t i = 0; i < block.count; ++i) {
    Real<T> point = double{static_cast<const T*>(block.theta)[i]}, g = double{static_cast<const T*>(block.gradient)[i]};
    Real<T> state[kColumns] = {column_at<T>(block, k, i)...};
    prepare(around, point, g);
    Real<T> shares[kSums];
    gather<round>(coefficients, point, g, state[k]..., shares);
    for (const std::size_t sum : {of_round...}) {
      runs[sum][i % kSumLanes] += shares[sum].value;
      if (auto* to = static_cast<T*>(places.by_column[sum])) to[i] = static_cast<T>(double{to[i]} + shares[sum].value);
    }
    if ((i + 1) % kSumRun == 0) flush();
  }
  flush();
  for (const std::size_t sum : {of_round...}) {
    if (places.totals[sum] == nullptr) continue;
    *places.totals[sum] += add_halves(wide[sum]);
  }
}

template <std::size_t round, class T>
void gather_block(const void* coefficients, const Around& around, const Block& block, const SumPlaces& places) {
  gather_elements<round, T>(*static_cast<const Coefficients*>(coefficients), around, block, places,
                            std::make_index_sequence<kColumns>(), SumsOfRound<THALWEG_RULE_STRUCT, round>());
}

template <std::size_t... round>
void add_gathers(Kernels& kernels, std::index_sequence<round...>) {
  ((kernels.gather_f32[round] = &gather_block<round, float>, kernels.gather_f64[round] = &gather_block<round, double>),
   ...);
}

}  // namespace

}  // namespace thalweg::inline v0_1::reference

namespace thalweg::inline v0_1 {

template <>
// NOLINTNEXTLINE(misc-definitions-in-headers): one source of each rule includes this file.
Kernels RuleKernels<THALWEG_RULE_STRUCT>::reference() {
  Kernels result{"reference", &reference::run<float>, &reference::run<double>};
  reference::add_gathers(result, std::make_index_sequence<count_rounds<THALWEG_RULE_STRUCT>()>());
  return result;
}

}  // namespace thalweg::inline v0_1

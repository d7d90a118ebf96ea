// A rule's kernels for one instruction set, by THALWEG_RULE_STRUCT and THALWEG_RULE_FILE (see compile_rule.h).
//
// No include guard: foreach_target.h includes this file repeatedly. One source of each rule includes it, so that it may
// define what is not inline.
// NOLINTBEGIN(misc-definitions-in-headers)
#include <hwy/cache_control.h>
#include <hwy/highway.h>

// One function of all would take a sanitizer's compiler minutes for each rule.
#undef THALWEG_KERNEL_INLINE
#define THALWEG_KERNEL_INLINE HWY_INLINE
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#undef THALWEG_KERNEL_INLINE
#define THALWEG_KERNEL_INLINE HWY_NOINLINE
#endif
#endif

HWY_BEFORE_NAMESPACE();

namespace thalweg::inline v0_1::HWY_NAMESPACE {
namespace {

#include <thalweg/kernels/around-inl.h>
#include <thalweg/kernels/lane-inl.h>
#include <thalweg/kernels/lanes32-inl.h>
#include <thalweg/kernels/look-inl.h>
#include THALWEG_RULE_FILE

using Coefficients = THALWEG_RULE_STRUCT::Coefficients;

/// How far ahead of the step memory is asked for. A division and a root keep too many instructions waiting for the
/// processor to reach that far by itself: without this RMSprop and Adam ran at .87 of the loop that only reads and
/// writes (two cores of an Emerald Rapids), with it at 1.0. Half and twice the distance are within .03 of it.
constexpr std::size_t kPrefetchBytes = 2048;
constexpr std::size_t kLineBytes = 64;  // what one prefetch brings

constexpr std::size_t kColumns = count_columns<THALWEG_RULE_STRUCT>();
constexpr auto kColumnShapes = column_shapes<THALWEG_RULE_STRUCT>();

/// A block's streams, with their type.
template <class T>
struct Memory {
  explicit Memory(const Block& block)
      : theta(static_cast<T*>(block.theta)),
        gradient(static_cast<const T*>(block.gradient)),
        average(static_cast<T*>(block.average)) {
    for (std::size_t k = 0; k < kColumns; ++k) columns[k] = static_cast<T*>(block.columns[k]);
  }

  T* theta;
  const T* gradient;
  T* columns[kColumns];
  T* average;
};

/// Asks for the memory that the step `at` will need.
template <class T, std::size_t... k>
HWY_INLINE void prefetch(const Memory<T>& memory, std::size_t at, std::index_sequence<k...>) {
  hwy::Prefetch(memory.theta + at);
  hwy::Prefetch(memory.gradient + at);
  ((kColumnShapes[k] == ColumnShape::parameter && memory.columns[k] != nullptr ? hwy::Prefetch(memory.columns[k] + at)
                                                                               : void()),
   ...);
  if (memory.average != nullptr) hwy::Prefetch(memory.average + at);
}

/// Elements of a column that belong to those `at` elements into the block.
template <ColumnShape shape, class Access, class T>
HWY_INLINE typename Access::Lanes load_column(const Access access, const T* column, std::size_t at) {
  using Lanes = typename Access::Lanes;
  if (column == nullptr) return Lanes(0.0);
  if constexpr (shape == ColumnShape::parameter || shape == ColumnShape::columns) {
    return access.load(column + at);
  } else {
    return Lanes(static_cast<double>(*column));
  }
}

/// Two vectors, or one or a part of it, `at` elements into the block. `seen` becomes NaN where the gradient is not
/// finite.
template <class T, class Access, class Look, std::size_t... k>
THALWEG_KERNEL_INLINE void step_at(const Coefficients& coefficients, const Around& around, bool prepares,
                                   const Access access, const Memory<T>& memory, std::size_t at,
                                   typename Access::Lanes& seen, Look& look, std::index_sequence<k...>) {
  using Lanes = typename Access::Lanes;
  Lanes point = access.load(memory.theta + at), g = access.load(memory.gradient + at);
  seen = seen + (g - g);  // NOLINT(misc-redundant-expression)
  Lanes lanes[kColumns];
  ((lanes[k] = load_column<kColumnShapes[k]>(access, memory.columns[k], at)), ...);
  if (prepares) prepare(around, point, g);
  update(coefficients, point, g, lanes[k]...);
  if (memory.average != nullptr) {
    Lanes average = access.load(memory.average + at);
    take_average(around, point, average);
    access.store(average, memory.average + at);
  }
  look.see(access, at, memory.gradient + at, memory.theta + at, point);
  access.store(point, memory.theta + at);
  ((kColumnShapes[k] == ColumnShape::parameter && memory.columns[k] != nullptr
        ? access.store(lanes[k], memory.columns[k] + at)
        : void()),
   ...);
}

template <class T, class Look>
THALWEG_KERNEL_INLINE bool run_block(const Coefficients& coefficients, const Around& around, bool prepares,
                                     const Block& block) {
  const Memory<T> memory(block);
  constexpr auto kIndices = std::make_index_sequence<kColumns>();
  constexpr std::size_t kAhead = kPrefetchBytes / sizeof(T), kLine = kLineBytes / sizeof(T);
  const std::size_t lanes = Whole<T>::count(), two = Both<T>::count();
  const std::size_t count = block.count, reach = count + block.following;
  Pair<T> seen(0.0);
  typename Look::Memory looked;
  Look look(block, looked);
  std::size_t at = 0;
  for (; at + two <= count; at += two) {
    if (at + two + kAhead <= reach) {
      for (std::size_t line = 0; line < two; line += kLine) prefetch(memory, at + kAhead + line, kIndices);
    }
    step_at(coefficients, around, prepares, Both<T>(), memory, at, seen, look, kIndices);
    look.stepped(at + two);
  }
  for (; at < count; at += lanes) {
    const Part<T> rest{std::min(lanes, count - at)};
    step_at(coefficients, around, prepares, rest, memory, at, seen.low, look, kIndices);
  }
  look.end();
  return has_nan(seen.low + seen.high);
}

template <class T>
bool run(const void* erased_coefficients, const Around& outer_around, std::span<const Block> blocks) {
  // Copies on the stack cannot be changed by the stores below, so their broadcasts leave the loop.
  const Coefficients coefficients = *static_cast<const Coefficients*>(erased_coefficients);
  const Around around = outer_around;
  const bool prepares = around.prepares();  // one question an element in place of five
  bool non_finite = false;
  for (const Block& block : blocks) {
    non_finite |= block.looks() ? run_block<T, Look<T>>(coefficients, around, prepares, block)
                                : run_block<T, NoLook<T>>(coefficients, around, prepares, block);
  }
  return non_finite;
}

#include <thalweg/kernels/gather-inl.h>

Kernels kernels() {
  Kernels result{hwy::TargetName(HWY_TARGET), &run<float>, &run<double>};
  add_gathers(result);
  return result;
}

}  // namespace
}  // namespace thalweg::inline v0_1::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace thalweg::inline v0_1 {
namespace {
HWY_EXPORT(kernels);
}

template <>
Kernels RuleKernels<THALWEG_RULE_STRUCT>::cpu(std::int64_t target) {
  const auto& table = HWY_DISPATCH_TABLE(kernels);
  return table[cpu::table_index(target, std::size(table))]();
}

}  // namespace thalweg::inline v0_1
#endif
// NOLINTEND(misc-definitions-in-headers)

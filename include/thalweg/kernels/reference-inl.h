// A rule's reference kernels: plain loops in double, by THALWEG_RULE_STRUCT and THALWEG_RULE_FILE (see compile_rule.h).

namespace thalweg::reference {
namespace {

#include <thalweg/kernels/around-inl.h>
#include THALWEG_RULE_FILE

template <class T, std::size_t... k>
void run_elements(const THALWEG_RULE_STRUCT::Coefficients& coefficients, const Around& around, const Streams& streams,
                  std::size_t count, std::index_sequence<k...>) {
  auto* theta = static_cast<T*>(streams.theta);
  const auto* gradient = static_cast<const T*>(streams.gradient);
  auto* average = static_cast<T*>(streams.average);
  void* const* columns = streams.columns;
  for (std::size_t i = 0; i < count; ++i) {
    Real<T> point = double{theta[i]}, g = double{gradient[i]};
    Real<T> state[sizeof...(k)] = {(columns[k] != nullptr ? double{static_cast<T*>(columns[k])[i]} : 0.0)...};
    prepare(around, point, g);
    update(coefficients, point, g, state[k]...);
    if (average != nullptr) {
      Real<T> mean = double{average[i]};
      take_average(around, point, mean);
      average[i] = static_cast<T>(mean.value);
    }
    theta[i] = static_cast<T>(point.value);
    ((columns[k] != nullptr ? void(static_cast<T*>(columns[k])[i] = static_cast<T>(state[k].value)) : void()), ...);
  }
}

template <class T>
void run(const void* coefficients, const Around& around, const Streams& streams, std::size_t count) {
  run_elements<T>(*static_cast<const THALWEG_RULE_STRUCT::Coefficients*>(coefficients), around, streams, count,
                  std::make_index_sequence<count_columns<THALWEG_RULE_STRUCT>()>());
}

}  // namespace

}  // namespace thalweg::reference

namespace thalweg {

template <>
Kernels RuleKernels<THALWEG_RULE_STRUCT>::reference() {
  return {"reference", &reference::run<float>, &reference::run<double>};
}

}  // namespace thalweg

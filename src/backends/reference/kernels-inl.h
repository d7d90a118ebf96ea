// A rule's reference kernels: plain loops in double. Included by the source that the build makes for each rule.

namespace thalweg::reference {
namespace {

#include "step/around-inl.h"
#include THALWEG_RULE_FILE

template <class T, std::size_t... k>
void run_elements(const THALWEG_RULE_STRUCT::Coefficients& coefficients, const Around& around, T* theta,
                  const T* gradient, void* const* columns, std::size_t count, std::index_sequence<k...>) {
  for (std::size_t i = 0; i < count; ++i) {
    Real<T> point = double{theta[i]}, g = double{gradient[i]};
    Real<T> state[sizeof...(k)] = {(columns[k] != nullptr ? double{static_cast<T*>(columns[k])[i]} : 0.0)...};
    prepare(around, point, g);
    update(coefficients, point, g, state[k]...);
    theta[i] = static_cast<T>(point.value);
    ((columns[k] != nullptr ? void(static_cast<T*>(columns[k])[i] = static_cast<T>(state[k].value)) : void()), ...);
  }
}

template <class T>
void run(const void* coefficients, const Around& around, void* theta, const void* gradient, void* const* columns,
         std::size_t count) {
  run_elements(*static_cast<const THALWEG_RULE_STRUCT::Coefficients*>(coefficients), around, static_cast<T*>(theta),
               static_cast<const T*>(gradient), columns, count,
               std::make_index_sequence<count_columns<THALWEG_RULE_STRUCT>()>());
}

}  // namespace

Kernels THALWEG_RULE_KERNELS() { return {"reference", &run<float>, &run<double>}; }

}  // namespace thalweg::reference

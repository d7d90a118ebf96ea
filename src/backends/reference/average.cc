// Averages of parameters that take no step themselves, by plain loops in double.
#include "backends/backend.h"

#include <thalweg/kernels/real.h>

#include <limits>

namespace thalweg::inline v0_1::reference {
namespace {

#include <thalweg/kernels/around-inl.h>

template <class T>
void run(const Around& around, void* theta, void* average, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    Real<T> point = double{static_cast<T*>(theta)[i]}, mean = double{static_cast<T*>(average)[i]};
    take_average(around, point, mean);
    static_cast<T*>(theta)[i] = static_cast<T>(point.value);
    static_cast<T*>(average)[i] = static_cast<T>(mean.value);
  }
}

}  // namespace

AverageKernels average_kernels() { return {&run<float>, &run<double>}; }

}  // namespace thalweg::inline v0_1::reference

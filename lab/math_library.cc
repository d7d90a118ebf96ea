// What must be set up before LibTorch's libraries compute anything: kernels, waiting, memory.
#include "math_library.h"

#include <dlfcn.h>
#include <malloc.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace thalweg::lab {

namespace {

// The name of the kernels OpenBLAS should use, or nothing if those it has chosen are right or cannot be known.
const char* better_kernels() {
#if defined(__x86_64__)
  // OpenBLAS may not be the BLAS of this system; so no symbol of it is linked.
  using CoreName = char* (*)();
  const auto core_name = reinterpret_cast<CoreName>(dlsym(RTLD_DEFAULT, "openblas_get_corename"));
  if (core_name == nullptr) return nullptr;
  const std::string_view chosen = core_name();
  const bool fallback = chosen == "Prescott" || chosen == "Core2" || chosen == "Generic";
  if (!fallback) return nullptr;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd")) {
    return "SkylakeX";
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "Haswell";
#endif
  return nullptr;
}

// Sets the variable unless it is set. Has anything changed?
bool set_default(const char* variable, const char* value) {
  if (value == nullptr || std::getenv(variable) != nullptr) return false;
  return setenv(variable, value, 0) == 0;
}

}  // namespace

void prepare_math_library(char** argv) {
#if defined(__GLIBC__)
  constexpr int kOneGigabyte = 1 << 30;
  mallopt(M_MMAP_THRESHOLD, kOneGigabyte);
  mallopt(M_TRIM_THRESHOLD, kOneGigabyte);
#endif
  const bool kernels = set_default("OPENBLAS_CORETYPE", better_kernels());
  const bool waiting = set_default("OMP_WAIT_POLICY", "passive");
  // Both variables are set now, so this happens once. If it fails, the program goes on, slower.
  if (kernels || waiting) execv("/proc/self/exe", argv);
}

}  // namespace thalweg::lab

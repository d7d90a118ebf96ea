// Which of Highway's instruction sets are built, in every source that uses Highway.
#pragma once

// Formulas are written with operators on lanes that are members of a struct, which vectors without a size (SVE, RVV)
// cannot be. SSSE3 saves nothing over SSE4. What AVX3_DL and later Highways' AVX10_2, AVX3_SPR, AVX3_ZEN4 and NEON_BF16
// (these by their bits, since 1.0.3 has no names for them) have beyond AVX3 and NEON, no rule uses.
#define HWY_DISABLED_TARGETS                                                                                       \
  (HWY_SSSE3 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV | HWY_AVX3_DL | (1LL << 3) | (1LL << 4) | \
   (1LL << 6) | (1LL << 26))

#include <thalweg/api.h>

#include <hwy/targets.h>

#include <cstddef>
#include <cstdint>

namespace thalweg::inline v0_1::cpu {

/// Index of a target in the tables that HWY_EXPORT makes, of `table_size` entries.
THALWEG_API std::size_t table_index(std::int64_t target, std::size_t table_size);

}  // namespace thalweg::inline v0_1::cpu

// Roof: the fastest that memory allows, a trivial loop over the same bytes as a step.
#pragma once

#include <cstddef>
#include <span>

namespace thalweg::bench {

/// Reads `gradient` and reads and writes each of `written` (one to four arrays: the parameters and the state columns),
/// each thread a contiguous share. With `scale` 0, which the compiler must not know, nothing changes its value.
void run_roof(const float* gradient, std::span<float* const> written, std::size_t count, float scale, int threads);

/// Reads one to four arrays.
void run_reading_roof(std::span<const float* const> read, std::size_t count, int threads);

}  // namespace thalweg::bench

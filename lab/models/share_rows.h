// Rows of a batch, shared out among OpenMP's threads.
#pragma once

#include <cstdint>
#include <functional>

namespace thalweg::lab {

/// Calls work(first, end) for up to `threads` equal shares of the rows 0 … count − 1, at the same time, and waits for
/// them. The threads are those of LibTorch and its BLAS. `work` must not throw.
///
/// at::parallel_for is a template: it would be as serial as whatever includes it without OpenMP, and LibTorch's
/// precompiled headers are.
void share_rows(std::int64_t count, std::int64_t threads, const std::function<void(std::int64_t, std::int64_t)>& work);

}  // namespace thalweg::lab

// Pool: the threads that share the work of a step.
#pragma once

#include <cstddef>

namespace thalweg {

/// Calls `work(context, i)` once for each i below `count`, on the calling thread and at most `threads` − 1 others, in
/// any order, and returns when all calls have returned. `work` must not throw. The other threads sleep in the kernel
/// between calls: they never spin beside LibTorch's own. While one thread is in here, the same call from another runs
/// on that thread alone; so it does in a child process after fork().
void parallel_for(int threads, std::size_t count, void (*work)(void* context, std::size_t index), void* context);

/// Cores that this process may use, at least 1.
int available_cores();

}  // namespace thalweg

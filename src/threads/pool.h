// Pool: the threads that share the work of a step.
#pragma once

#include <cstddef>
#include <memory>

namespace thalweg::inline v0_1 {

/// Calls `work(context, i)` once for each i below `count`, on the calling thread and at most `threads` − 1 others, in
/// any order, and returns when all calls have returned. `work` must not throw. The other threads sleep in the kernel
/// between calls: they never spin beside LibTorch's own. Several threads may be in here at once, and share the others
/// evenly: helpers go from chunk to chunk to whom has fewest. In a child process after fork() all runs on the calling
/// thread alone.
void parallel_for(int threads, std::size_t count, void (*work)(void* context, std::size_t index), void* context);

/// The same for `work(i)`.
template <class Work>
void parallel_for(int threads, std::size_t count, const Work& work) {
  parallel_for(
      threads, count, [](void* context, std::size_t index) { (*static_cast<const Work*>(context))(index); },
      const_cast<Work*>(std::addressof(work)));
}

}  // namespace thalweg::inline v0_1

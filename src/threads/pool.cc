// Pool: sleeping threads that take chunks beside the caller.
//
// libgomp was measured to need about 7 ms to fork and join after it has idled; waiting on an atomic never shows this.
#include "threads/pool.h"

#include "threads/environment.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <system_error>
#include <thread>

namespace thalweg {
namespace {

class Pool {
 public:
  void run(int threads, std::size_t count, void (*work)(void*, std::size_t), void* context) {
    const auto helpers = static_cast<int>(std::min<std::size_t>(static_cast<std::size_t>(threads), count)) - 1;
    std::unique_lock lock(busy_, std::try_to_lock);
    if (!lock || helpers < 1) {
      for (std::size_t i = 0; i < count; ++i) work(context, i);
      return;
    }
    start_threads(helpers);
    work_ = work;
    context_ = context;
    count_ = count;
    next_.store(0, std::memory_order_relaxed);
    seats_.store(helpers, std::memory_order_relaxed);
    // An odd gate is open. Whoever has announced itself in `inside_` and then still sees the gate open is waited for.
    gate_.fetch_add(1);
    gate_.notify_all();
    take_chunks();
    gate_.fetch_add(1);
    while (const int inside = inside_.load()) inside_.wait(inside);
  }

 private:
  void start_threads(int wanted) {
    while (started_ < wanted) {
      try {
        std::thread([this] { serve(); }).detach();
      } catch (const std::system_error&) {
        return;  // no more threads to be had: fewer do the same work
      }
      ++started_;
    }
  }

  void take_chunks() {
    for (std::size_t i; (i = next_.fetch_add(1, std::memory_order_relaxed)) < count_;) work_(context_, i);
  }

  void serve() {
    const DefaultEnvironment environment;
    std::uint32_t seen = 0;
    while (true) {
      std::uint32_t gate = gate_.load();
      if (gate == seen || gate % 2 == 0) {
        gate_.wait(gate);
        continue;
      }
      inside_.fetch_add(1);
      if (gate_.load() == gate && seats_.fetch_sub(1) > 0) take_chunks();
      seen = gate;
      if (inside_.fetch_sub(1) == 1) inside_.notify_all();
    }
  }

  std::mutex busy_;
  int started_ = 0;
  void (*work_)(void*, std::size_t) = nullptr;
  void* context_ = nullptr;
  std::size_t count_ = 0;
  std::atomic<std::size_t> next_{0};
  std::atomic<int> seats_{0};  // how many threads may still join this job
  std::atomic<std::uint32_t> gate_{0};
  std::atomic<int> inside_{0};
};

}  // namespace

void parallel_for(int threads, std::size_t count, void (*work)(void* context, std::size_t index), void* context) {
  // Never destroyed: its threads live as long as the process.
  static Pool& pool = *new Pool;
  pool.run(threads, count, work, context);
}

int available_cores() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

}  // namespace thalweg

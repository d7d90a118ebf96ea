// Pool: sleeping threads that take chunks beside the callers.
//
// libgomp was measured to need about 7 ms to fork and join after it has idled; waiting on an atomic never shows this.
#include "threads/pool.h"

#include "threads/cores.h"
#include "threads/environment.h"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <system_error>
#include <thread>

namespace thalweg::inline v0_1 {
namespace {

/// The work of one call: chunks that its caller and helpers take. Used again and again; helpers may look at it at any
/// time.
class Job {
 public:
  /// Makes it the caller's; false if it is another's.
  bool claim() { return !taken_.load(std::memory_order_relaxed) && !taken_.exchange(true); }
  void release() { taken_.store(false); }

  void open(int helpers, std::size_t count, void (*work)(void*, std::size_t), void* context) {
    work_ = work;
    context_ = context;
    count_.store(count, std::memory_order_relaxed);
    next_.store(0, std::memory_order_relaxed);
    seats_.store(helpers, std::memory_order_relaxed);
    // An odd gate is open. Whoever has announced itself in `inside_` and then still sees the gate open is waited for.
    gate_.fetch_add(1);
  }

  /// Returns when no helper is at work any more.
  void close() {
    gate_.fetch_add(1);
    while (const int inside = inside_.load()) inside_.wait(inside);
  }

  bool take_chunk() {
    const std::size_t index = next_.fetch_add(1, std::memory_order_relaxed);
    if (index >= count_.load(std::memory_order_relaxed)) return false;
    work_(context_, index);
    return true;
  }

  /// Has it chunks and a seat for one more helper? Only a guess: it may change at once.
  bool wants_help() const {
    return gate_.load() % 2 == 1 && seats_.load(std::memory_order_relaxed) > 0 &&
           next_.load(std::memory_order_relaxed) < count_.load(std::memory_order_relaxed);
  }
  int helpers() const { return inside_.load(std::memory_order_relaxed); }

  /// Makes the calling thread a helper, if there is still need of one.
  bool enter() {
    const std::uint32_t gate = gate_.load();
    if (gate % 2 == 0) return false;
    inside_.fetch_add(1);
    if (gate_.load() == gate) {
      if (seats_.fetch_sub(1) > 0) return true;
      seats_.fetch_add(1);
    }
    step_out();
    return false;
  }
  void leave() {
    seats_.fetch_add(1);
    step_out();
  }

 private:
  void step_out() {
    if (inside_.fetch_sub(1) == 1) inside_.notify_all();
  }

  // What the helpers of different jobs write lies in different cache lines.
  alignas(64) std::atomic<std::uint32_t> gate_{0};
  std::atomic<int> inside_{0};
  std::atomic<int> seats_{0};  // how many threads may still join
  std::atomic<std::size_t> next_{0}, count_{0};
  void (*work_)(void*, std::size_t) = nullptr;
  void* context_ = nullptr;
  std::atomic<bool> taken_{false};
};

class Pool {
 public:
  void run(int threads, std::size_t count, void (*work)(void*, std::size_t), void* context) {
    const auto helpers = static_cast<int>(std::min<std::size_t>(static_cast<std::size_t>(threads), count)) - 1;
    Job* const job = helpers < 1 || forked_ ? nullptr : claim_job();
    if (job == nullptr) {
      for (std::size_t i = 0; i < count; ++i) work(context, i);
      return;
    }
    const int active = active_.fetch_add(1) + 1, wanted = wanted_.fetch_add(helpers) + helpers;
    // Each job may have all the threads that it asks for. All together get no more than there are cores to run them,
    // and not fewer than the largest would have alone: then they share.
    start_threads(std::min(wanted, std::max(helpers, cores_ - active)));
    job->open(helpers, count, work, context);
    wake(helpers);
    while (job->take_chunk()) {
    }
    job->close();
    wanted_.fetch_sub(helpers);
    active_.fetch_sub(1);
    job->release();
  }

  /// In a child after fork() there are no helpers, and other callers may have left anything half done.
  static void after_fork() { forked_ = true; }

 private:
  Job* claim_job() {
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
      if (!jobs_[i].claim()) continue;
      std::size_t used = used_.load();
      while (used < i + 1 && !used_.compare_exchange_weak(used, i + 1)) {
      }
      return &jobs_[i];
    }
    return nullptr;
  }

  void start_threads(int wanted) {
    if (started_.load() >= wanted) return;
    const std::lock_guard lock(starting_);
    while (started_.load() < wanted) {
      try {
        std::thread([this] { serve(); }).detach();
      } catch (const std::system_error&) {
        return;  // no more threads to be had: fewer do the same work
      }
      started_.fetch_add(1);
    }
  }

  void wake(int helpers) {
    signal_.fetch_add(1);
    if (helpers >= started_.load()) {
      signal_.notify_all();
    } else {
      for (int i = 0; i < helpers; ++i) signal_.notify_one();
    }
  }

  /// The job with the fewest helpers among those that want one and have fewer than `fewer_than`.
  Job* neediest(int fewer_than) {
    Job* result = nullptr;
    for (std::size_t i = 0; i < used_.load(); ++i) {
      if (jobs_[i].wants_help() && jobs_[i].helpers() < fewer_than) {
        result = &jobs_[i];
        fewer_than = result->helpers();
      }
    }
    return result;
  }

  void help(Job& job) {
    while (job.take_chunk()) {
      // With several callers at once, a helper goes where it leaves the shares more equal.
      if (active_.load(std::memory_order_relaxed) > 1 && neediest(job.helpers() - 1) != nullptr) return;
    }
  }

  void serve() {
    const DefaultEnvironment environment;
    while (true) {
      const std::uint32_t signal = signal_.load();
      while (Job* const job = neediest(kAny)) {
        if (!job->enter()) continue;
        help(*job);
        job->leave();
      }
      signal_.wait(signal);
    }
  }

  static constexpr std::size_t kJobs = 64;
  static constexpr int kAny = INT32_MAX;
  static inline std::atomic<bool> forked_{false};

  std::array<Job, kJobs> jobs_;
  std::atomic<std::size_t> used_{0};      // no job behind these has been claimed yet
  std::atomic<int> active_{0};            // jobs at work
  std::atomic<int> wanted_{0};            // helpers that these ask for
  std::atomic<std::uint32_t> signal_{0};  // changes with every new job
  const int cores_ = available_cores();
  std::mutex starting_;
  std::atomic<int> started_{0};
};

}  // namespace

void parallel_for(int threads, std::size_t count, void (*work)(void* context, std::size_t index), void* context) {
  // Never destroyed: its threads live as long as the process.
  static Pool& pool = []() -> Pool& {
    pthread_atfork(nullptr, nullptr, Pool::after_fork);
    return *new Pool;
  }();
  pool.run(threads, count, work, context);
}

}  // namespace thalweg::inline v0_1

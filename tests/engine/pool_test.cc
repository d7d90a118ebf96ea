// The pool: every chunk once, several callers at once with helpers for each, and a child process after fork().
#include "threads/pool.h"

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace thalweg::tests {
namespace {

/// Sleeps until the condition holds; false if it does not within a time that is long enough for any machine.
template <class Condition>
bool wait_for(const Condition& condition) {
  using namespace std::chrono_literals;
  const auto end = std::chrono::steady_clock::now() + 60s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(200us);
  }
  return true;
}

TEST(Pool, CallsForEachIndexOnce) {
  for (const int threads : {1, 2, 3, 8}) {
    for (const std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{500}}) {
      std::vector<std::atomic<int>> calls(count);
      parallel_for(threads, count, [&](std::size_t i) { calls[i] += 1; });
      for (const std::atomic<int>& each : calls) ASSERT_EQ(each, 1) << threads << " threads, " << count;
    }
  }
}

TEST(Pool, ManyCallersAtOnce) {
  std::vector<std::thread> callers;
  std::atomic<int> wrong{0};
  for (int caller = 0; caller < 8; ++caller) {
    callers.emplace_back([&, caller] {
      for (int job = 0; job < 200; ++job) {
        std::vector<int> calls(static_cast<std::size_t>(job) % 40);  // plain: every index is one thread's
        parallel_for(2 + caller % 4, calls.size(), [&](std::size_t i) { calls[i] += 1; });
        for (const int each : calls) wrong += each != 1;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong, 0);
}

/// Threads at work on a job.
struct Arrivals {
  std::atomic<int> count{0};
  bool are(int wanted) {
    return wait_for([&] { return count >= wanted; });
  }
};

TEST(Pool, TwoCallersHaveHelpersAtTheSameTime) {
  // None of the four can go on before all are there: two on each job.
  Arrivals first, second;
  std::atomic<int> late{0};
  std::thread caller([&] {
    parallel_for(2, 2, [&](std::size_t) {
      first.count += 1;
      late += !second.are(2);
    });
  });
  EXPECT_TRUE(first.are(2));
  parallel_for(3, 3, [&](std::size_t) {
    second.count += 1;
    late += !second.are(2);
  });
  caller.join();
  EXPECT_EQ(late, 0);
}

TEST(Pool, HelpersGoToTheJobThatHasNone) {
  // The first job has both helpers, and chunks for as long as the second has none.
  std::mutex mutex;
  std::set<std::thread::id> at_first;
  std::atomic<int> threads_at_first{0};
  std::atomic<bool> ended{false};
  std::thread caller([&] {
    parallel_for(3, 1'000'000, [&](std::size_t) {
      if (ended) return;
      {
        const std::lock_guard lock(mutex);
        at_first.insert(std::this_thread::get_id());
        threads_at_first = static_cast<int>(at_first.size());
      }
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    });
  });
  EXPECT_TRUE(wait_for([&] { return threads_at_first == 3; }));
  Arrivals second;
  std::atomic<int> late{0};
  parallel_for(3, 2, [&](std::size_t) {
    second.count += 1;
    late += !second.are(2);
  });
  ended = true;
  caller.join();
  EXPECT_EQ(late, 0);
}

TEST(PoolAfterFork, WorksOnTheCallersThreadAlone) {
  parallel_for(3, 10, [](std::size_t) {});  // starts helpers, which the child does not have
  const pid_t child = fork();
  ASSERT_NE(child, -1);
  if (child == 0) {
    alarm(60);
    int calls = 0;
    bool alone = true;
    const std::thread::id here = std::this_thread::get_id();
    parallel_for(3, 10, [&](std::size_t) {
      alone = alone && std::this_thread::get_id() == here;
      ++calls;
    });
    _exit(alone && calls == 10 ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace thalweg::tests

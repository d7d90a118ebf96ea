// Roof: a trivial loop over the same bytes as a step, compiled for this very machine.
#include "roof.h"

#include <concepts>
#include <thread>
#include <vector>

namespace thalweg::bench {

namespace {

template <std::same_as<float>... Floats>
void pass(const float* __restrict g, std::size_t count, float scale, Floats* __restrict... written) {
  for (std::size_t i = 0; i < count; ++i) ((written[i] += scale * g[i]), ...);
}

template <std::same_as<const float>... Floats>
void read_pass(std::size_t count, Floats*... read) {
  constexpr std::size_t kSums = 64;  // enough to keep all units busy
  float sums[kSums] = {};
  for (std::size_t at = 0; at + kSums <= count; at += kSums) {
    for (std::size_t k = 0; k < kSums; ++k) sums[k] += (read[at + k] + ...);
  }
  volatile float kept = 0;  // so that the compiler must compute them
  for (const float sum : sums) kept = sum;
  static_cast<void>(kept);
}

/// Calls `work(begin, length)` on each thread with its contiguous share.
template <class F>
void in_shares(std::size_t count, int threads, const F& work) {
  const std::size_t share = count / static_cast<std::size_t>(threads);
  const auto work_on = [&](int thread) {
    const std::size_t begin = static_cast<std::size_t>(thread) * share;
    work(begin, thread + 1 == threads ? count - begin : share);
  };
  std::vector<std::jthread> others;
  for (int thread = 1; thread < threads; ++thread) others.emplace_back(work_on, thread);
  work_on(0);
}

}  // namespace

void run_roof(const float* gradient, std::span<float* const> written, std::size_t count, float scale, int threads) {
  in_shares(count, threads, [&](std::size_t begin, std::size_t length) {
    const float* g = gradient + begin;
    const auto at = [&](std::size_t k) { return written[k] + begin; };
    if (written.size() == 1) {
      pass(g, length, scale, at(0));
    } else if (written.size() == 2) {
      pass(g, length, scale, at(0), at(1));
    } else if (written.size() == 3) {
      pass(g, length, scale, at(0), at(1), at(2));
    } else {
      pass(g, length, scale, at(0), at(1), at(2), at(3));
    }
  });
}

void run_reading_roof(std::span<const float* const> read, std::size_t count, int threads) {
  in_shares(count, threads, [&](std::size_t begin, std::size_t length) {
    const auto at = [&](std::size_t k) { return read[k] + begin; };
    if (read.size() == 1) {
      read_pass(length, at(0));
    } else if (read.size() == 2) {
      read_pass(length, at(0), at(1));
    } else if (read.size() == 3) {
      read_pass(length, at(0), at(1), at(2));
    } else {
      read_pass(length, at(0), at(1), at(2), at(3));
    }
  });
}

}  // namespace thalweg::bench

// Roof: a trivial loop over the same bytes as a step, compiled for this very machine.
#include "roof.h"

#include <thread>
#include <vector>

namespace thalweg::bench {

namespace {

void pass(const float* __restrict g, float* __restrict a, float* __restrict b, std::size_t count, float scale) {
  for (std::size_t i = 0; i < count; ++i) {
    a[i] += scale * g[i];
    b[i] += scale * g[i];
  }
}

void pass(const float* __restrict g, float* __restrict a, float* __restrict b, float* __restrict c, std::size_t count,
          float scale) {
  for (std::size_t i = 0; i < count; ++i) {
    a[i] += scale * g[i];
    b[i] += scale * g[i];
    c[i] += scale * g[i];
  }
}

void pass(const float* __restrict g, float* __restrict a, float* __restrict b, float* __restrict c, float* __restrict d,
          std::size_t count, float scale) {
  for (std::size_t i = 0; i < count; ++i) {
    a[i] += scale * g[i];
    b[i] += scale * g[i];
    c[i] += scale * g[i];
    d[i] += scale * g[i];
  }
}

}  // namespace

void run_roof(const float* gradient, std::span<float* const> written, std::size_t count, float scale, int threads,
              int passes) {
  const std::size_t share = count / static_cast<std::size_t>(threads);
  const auto work = [&](int thread) {
    const std::size_t begin = static_cast<std::size_t>(thread) * share;
    const std::size_t length = thread + 1 == threads ? count - begin : share;
    for (int i = 0; i < passes; ++i) {
      if (written.size() == 2) {
        pass(gradient + begin, written[0] + begin, written[1] + begin, length, scale);
      } else if (written.size() == 3) {
        pass(gradient + begin, written[0] + begin, written[1] + begin, written[2] + begin, length, scale);
      } else {
        pass(gradient + begin, written[0] + begin, written[1] + begin, written[2] + begin, written[3] + begin, length,
             scale);
      }
    }
  };
  std::vector<std::jthread> others;
  for (int thread = 1; thread < threads; ++thread) others.emplace_back(work, thread);
  work(0);
}

}  // namespace thalweg::bench

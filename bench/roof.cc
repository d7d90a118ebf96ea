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

}  // namespace

void run_roof(const float* gradient, std::span<float* const> written, std::size_t count, float scale, int threads,
              int passes) {
  const std::size_t share = count / static_cast<std::size_t>(threads);
  const auto work = [&](int thread) {
    const std::size_t begin = static_cast<std::size_t>(thread) * share;
    const std::size_t length = thread + 1 == threads ? count - begin : share;
    for (int i = 0; i < passes; ++i) {
      const float* g = gradient + begin;
      const auto at = [&](std::size_t k) { return written[k] + begin; };
      if (written.size() == 2) {
        pass(g, length, scale, at(0), at(1));
      } else if (written.size() == 3) {
        pass(g, length, scale, at(0), at(1), at(2));
      } else {
        pass(g, length, scale, at(0), at(1), at(2), at(3));
      }
    }
  };
  std::vector<std::jthread> others;
  for (int thread = 1; thread < threads; ++thread) others.emplace_back(work, thread);
  work(0);
}

}  // namespace thalweg::bench

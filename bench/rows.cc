// Targets of rows that come and go: a change of a million rows takes no longer than two steps.
#include "target.h"

#include <thalweg/thalweg.h>

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace thalweg::bench {

namespace {

constexpr std::size_t kRows = 1'000'000, kWidth = 59;  // of Gaussian splatting, with three bands of colour

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Nine rows in ten, the others scattered among them.
std::vector<std::int64_t> nine_in_ten() {
  std::vector<std::int64_t> rows;
  for (std::uint32_t row = 0; row < kRows; ++row) {
    if (row * 2654435761u >> 16 > 6553) rows.push_back(row);
  }
  return rows;
}

Measurement measure(int threads, int pairs) {
  std::vector<float> parameters(kRows * kWidth, 1.0f), gradient(kRows * kWidth);
  for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] = static_cast<float>(static_cast<int>(i % 1999) - 999);
  Optimizer optimizer(Adam{.lr = 1e-6}, {}, {.threads = threads});
  const Handle handle = optimizer.add("points", parameters, {kRows, kWidth});
  const std::vector<Gradient> gradients{{handle, gradient}};
  const std::vector<std::int64_t> kept = nine_in_ten();
  optimizer.step(gradients);

  double keeping = 0, appending = 0;
  const Pairs result = measure_pairs(
      pairs,
      [&] {
        keeping = seconds_of([&] { optimizer.keep_rows(handle, kept); });
        appending = seconds_of([&] { optimizer.append_rows(handle, std::span(parameters)); });
        return keeping + appending;
      },
      [&] {
        return seconds_of([&] {
          for (int step = 0; step < 2; ++step) optimizer.step(gradients);
        });
      });
  return {time(result), fmt::format("{:.0f} ms (the last time {:.0f} to keep {} rows, {:.0f} to append), two steps "
                                    "{:.0f}; {}",
                                    1e3 * spread(result.ours).median, 1e3 * keeping, kept.size(), 1e3 * appending,
                                    1e3 * spread(result.baseline).median, optimizer.target())};
}

}  // namespace

void add_rows_targets(const Settings& settings, std::vector<Target>& targets) {
  for (const int threads : thread_counts(settings)) {
    targets.push_back(
        {fmt::format("rows.adam.{}", threads),
         fmt::format("adam, 1,000,000 rows of {}, {} thread{}: keep 9 in 10 in place and append as many as "
                     "went, against two steps",
                     kWidth, threads, threads == 1 ? "" : "s"),
         /*at_least=*/false, 1, "×", [=, pairs = settings.pairs] { return measure(threads, pairs); }});
  }
}

}  // namespace thalweg::bench

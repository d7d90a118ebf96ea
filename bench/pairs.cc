// Pairs: two pieces of work timed side by side.
#include "pairs.h"

#include <algorithm>
#include <chrono>

namespace thalweg::bench {

namespace {

using Clock = std::chrono::steady_clock;

// Longer than libgomp's threads spin after their last work.
constexpr std::chrono::milliseconds kWarmUp{20};

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

std::vector<double> quotients(const std::vector<double>& numerators, const std::vector<double>& denominators) {
  std::vector<double> result;
  for (std::size_t i = 0; i < numerators.size(); ++i) result.push_back(numerators[i] / denominators[i]);
  return result;
}

}  // namespace

Pairs measure_pairs(int count, const Timed& ours, const Timed& baseline) {
  Pairs pairs;
  for (int i = 0; i < count; ++i) {
    if (i % 2 == 0) pairs.ours.push_back(ours());
    pairs.baseline.push_back(baseline());
    if (i % 2 == 1) pairs.ours.push_back(ours());
  }
  return pairs;
}

Spread spread(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  const double median = values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  return {median, values.front(), values.back()};
}

Spread speed(const Pairs& pairs) { return spread(quotients(pairs.baseline, pairs.ours)); }
Spread time(const Pairs& pairs) { return spread(quotients(pairs.ours, pairs.baseline)); }

double seconds_each(int repetitions, const std::function<void()>& work) {
  for (const Clock::time_point start = Clock::now(); Clock::now() - start < kWarmUp;) work();
  const Clock::time_point start = Clock::now();
  for (int i = 0; i < repetitions; ++i) work();
  return seconds_since(start) / repetitions;
}

}  // namespace thalweg::bench

// Pairs: two pieces of work timed side by side, so that what the machine does meanwhile hits both alike.
#pragma once

#include <functional>
#include <vector>

namespace thalweg::bench {

/// Gives the seconds that one unit of its work took.
using Timed = std::function<double()>;

/// Seconds of both sides, pair by pair.
struct Pairs {
  std::vector<double> ours, baseline;
};

/// Runs both sides `count` times in turn; which one goes first changes from pair to pair.
Pairs measure_pairs(int count, const Timed& ours, const Timed& baseline);

/// Median, least and greatest of some numbers.
struct Spread {
  double median = 0, low = 0, high = 0;
};
Spread spread(std::vector<double> values);

/// How many times our speed is the baseline's.
Spread speed(const Pairs& pairs);
/// Our time as a share of the baseline's.
Spread time(const Pairs& pairs);

/// Runs `work` for a while unmeasured (caches, clocks, and other pools' threads that still spin), then `repetitions`
/// times. Gives the mean seconds of one.
double seconds_each(int repetitions, const std::function<void()>& work);

}  // namespace thalweg::bench

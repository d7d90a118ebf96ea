// Statistics over seeds: the sums, the resampling and the verdicts.
#include "study/statistics.h"

#include <thalweg/error.h>
#include <thalweg/random.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <string>

namespace thalweg::lab {
namespace {

void need(std::size_t has, std::size_t wanted, const char* what) {
  if (has < wanted) {
    throw Error(std::string(what) + ": needs at least " + std::to_string(wanted) + " values, has " +
                std::to_string(has));
  }
}

double normal_distribution(double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); }

// Quantile of values that are sorted already.
double sorted_quantile(std::span<const double> sorted, double probability) {
  const double position = probability * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const double fraction = position - static_cast<double>(below);
  // Not interpolating by 0 keeps an infinite neighbour from making a NaN.
  if (fraction == 0) return sorted[below];
  return sorted[below] + fraction * (sorted[below + 1] - sorted[below]);
}

// Reorders.
double median_of(std::span<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  // Halves first: an infinity stays one.
  return *std::max_element(values.begin(), middle) / 2 + *middle / 2;
}

Interval tails(std::vector<double>& estimates, double tail) {
  std::sort(estimates.begin(), estimates.end());
  return {sorted_quantile(estimates, tail), sorted_quantile(estimates, 1 - tail)};
}

// P(T ≤ t): finite sums for whole degrees of freedom (Abramowitz and Stegun 1964, 26.7.3 and 26.7.4).
double student_t_distribution(double t, int degrees_of_freedom) {
  const double angle = std::atan(t / std::sqrt(static_cast<double>(degrees_of_freedom)));
  const double cosine = std::cos(angle), sine = std::sin(angle);
  const bool even = degrees_of_freedom % 2 == 0;
  double term = 1, sum = degrees_of_freedom > 1 ? 1 : 0;
  for (int k = even ? 1 : 2; k <= degrees_of_freedom - 3; k += 2) {
    term *= cosine * cosine * k / (k + 1);
    sum += term;
  }
  // P(|T| ≤ |t|), with t's sign.
  const double within = even ? sine * sum : 2 / std::numbers::pi * (angle + sine * cosine * sum);
  return 0.5 + within / 2;
}

}  // namespace

double mean(std::span<const double> values) {
  need(values.size(), 1, "mean");
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double sample_sd(std::span<const double> values) {
  need(values.size(), 2, "sample_sd");
  const double centre = mean(values);
  double sum = 0;
  for (const double value : values) sum += (value - centre) * (value - centre);
  return std::sqrt(sum / static_cast<double>(values.size() - 1));
}

double median(std::span<const double> values) {
  need(values.size(), 1, "median");
  std::vector<double> copy(values.begin(), values.end());
  return median_of(copy);
}

double quantile(std::span<const double> values, double probability) {
  need(values.size(), 1, "quantile");
  if (!(probability >= 0 && probability <= 1))
    throw Error("quantile: probability = " + std::to_string(probability) + " is outside [0, 1]");
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted_quantile(sorted, probability);
}

double student_t_quantile(double probability, int degrees_of_freedom) {
  if (!(probability > 0 && probability < 1) || degrees_of_freedom < 1)
    throw Error("student_t_quantile: needs a probability in (0, 1) and at least 1 degree of freedom");
  // The distribution is monotonic: bisect, to the last bit.
  double low = -1, high = 1;
  while (student_t_distribution(low, degrees_of_freedom) > probability) low *= 2;
  while (student_t_distribution(high, degrees_of_freedom) < probability) high *= 2;
  for (double middle = 0; middle = low + (high - low) / 2, middle > low && middle < high;)
    (student_t_distribution(middle, degrees_of_freedom) < probability ? low : high) = middle;
  return high;
}

Bootstrap::Bootstrap(std::size_t n, std::size_t resamples) : n_(n), resamples_(resamples) {
  need(n, 2, "bootstrap");
  if (n > std::numeric_limits<std::uint16_t>::max())
    throw Error("bootstrap: " + std::to_string(n) + " values are more than 65535");
  const Random random(0, RandomPurpose::bootstrap, "seeds", static_cast<std::uint32_t>(n));
  indices_.resize(resamples * n);
  for (std::size_t i = 0; i < indices_.size(); ++i) indices_[i] = static_cast<std::uint16_t>(random.below(n, i));
}

Interval Bootstrap::mean(std::span<const double> values, double level) const {
  if (values.size() != n_) throw Error("bootstrap: made for another number of values");
  const auto n = static_cast<double>(n_);
  const double t = student_t_quantile((1 + level) / 2, static_cast<int>(n_) - 1);
  const double tail = normal_distribution(-std::sqrt(n / (n - 1)) * t);
  std::vector<double> estimates(resamples_);
  for (std::size_t r = 0; r < resamples_; ++r) {
    double sum = 0;
    for (std::size_t i = 0; i < n_; ++i) sum += values[indices_[r * n_ + i]];
    estimates[r] = sum / n;
  }
  return tails(estimates, tail);
}

Interval Bootstrap::median(std::span<const double> values, double level) const {
  if (values.size() != n_) throw Error("bootstrap: made for another number of values");
  std::vector<double> estimates(resamples_), sample(n_);
  for (std::size_t r = 0; r < resamples_; ++r) {
    for (std::size_t i = 0; i < n_; ++i) sample[i] = values[indices_[r * n_ + i]];
    estimates[r] = median_of(sample);
  }
  return tails(estimates, (1 - level) / 2);
}

std::vector<Comparison> compare_pairs(std::span<const SeedValues> competitors) {
  std::vector<Comparison> comparisons;
  std::vector<std::vector<double>> differences;
  std::size_t comparable = 0;
  for (std::size_t first = 0; first < competitors.size(); ++first) {
    for (std::size_t second = first + 1; second < competitors.size(); ++second) {
      std::vector<double>& paired = differences.emplace_back();
      for (const auto& [seed, value] : competitors[first]) {
        if (const auto other = competitors[second].find(seed); other != competitors[second].end())
          paired.push_back(value - other->second);
      }
      Comparison& comparison = comparisons.emplace_back();
      comparison.first = first;
      comparison.second = second;
      comparison.seeds = paired.size();
      if (!paired.empty()) comparison.difference = mean(paired);
      if (paired.size() >= kSeedsForVerdict) ++comparable;
    }
  }
  std::map<std::size_t, Bootstrap> bootstraps;
  for (std::size_t i = 0; i < comparisons.size(); ++i) {
    Comparison& comparison = comparisons[i];
    if (comparison.seeds < kSeedsForVerdict) continue;
    // Corrected levels ask for quantiles far out, which need more resamples than a 95 % interval.
    const auto& bootstrap = bootstraps.try_emplace(comparison.seeds, comparison.seeds, 100'000).first->second;
    comparison.level = 1 - 0.05 / static_cast<double>(comparable);
    comparison.interval = bootstrap.mean(differences[i], comparison.level);
    comparison.verdict = comparison.interval.low > 0    ? Verdict::first_better
                         : comparison.interval.high < 0 ? Verdict::second_better
                                                        : Verdict::no_difference;
  }
  return comparisons;
}

}  // namespace thalweg::lab

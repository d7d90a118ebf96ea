// Statistics over seeds: the sums, the intervals and the verdicts.
#include "study/statistics.h"

#include <thalweg/error.h>

#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/non_central_t.hpp>
#include <boost/math/distributions/students_t.hpp>

#include <algorithm>
#include <cmath>
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

void need_level(double level, const char* what) {
  if (!(level > 0 && level < 1))
    throw Error(std::string(what) + ": level = " + std::to_string(level) + " is outside (0, 1)");
}

// What mean ± t · sd / √n reaches to.
double t_of(std::size_t n, double level) {
  return boost::math::quantile(
      boost::math::complement(boost::math::students_t(static_cast<double>(n - 1)), (1 - level) / 2));
}

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

Interval mean_interval(std::span<const double> values, double level) {
  need(values.size(), 2, "mean_interval");
  need_level(level, "mean_interval");
  const double centre = mean(values);
  const double reach = t_of(values.size(), level) * sample_sd(values) / std::sqrt(static_cast<double>(values.size()));
  return {centre - reach, centre + reach};
}

Interval median_interval(std::span<const double> values, double level) {
  need_level(level, "median_interval");
  const std::size_t n = values.size();
  // The median lies between the d-th least and the d-th greatest unless fewer than d values are on one side of it.
  const auto covers = [fair = boost::math::binomial(static_cast<double>(n), 0.5)](std::size_t d) {
    return 1 - 2 * boost::math::cdf(fair, static_cast<double>(d - 1));
  };
  if (n == 0 || covers(1) < level) {
    throw Error("median_interval: " + std::to_string(n) + " values are too few for level " + std::to_string(level));
  }
  std::size_t d = 1;
  while (covers(d + 1) >= level) ++d;
  const double surplus = (covers(d) - level) / (covers(d) - covers(d + 1));
  const auto outer = static_cast<double>(d), inner = static_cast<double>(n - d);
  const double inward = inner * surplus / (outer + (inner - outer) * surplus);
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  return {std::lerp(sorted[d - 1], sorted[d], inward), std::lerp(sorted[n - d], sorted[n - d - 1], inward)};
}

std::vector<Comparison> compare_pairs(std::span<const SeedValues> competitors, double error, Better better) {
  need_level(1 - error, "compare_pairs");
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
      if (paired.size() > 1) comparison.sd = sample_sd(paired);
      if (paired.size() >= kSeedsForVerdict) ++comparable;
    }
  }
  for (std::size_t i = 0; i < comparisons.size(); ++i) {
    Comparison& comparison = comparisons[i];
    if (comparison.seeds < kSeedsForVerdict) continue;
    comparison.level = 1 - error / static_cast<double>(comparable);
    comparison.interval = mean_interval(differences[i], comparison.level);
    const bool above = comparison.interval.low > 0, below = comparison.interval.high < 0;
    const bool first_better = better == Better::higher ? above : below;
    if (above || below) {
      comparison.verdict = first_better ? Verdict::first_better : Verdict::second_better;
    } else {
      comparison.verdict = Verdict::no_difference;
    }
  }
  return comparisons;
}

double probability_of_telling(double mean, double sd, std::size_t n, double level) {
  need(n, kSeedsForVerdict, "probability_of_telling");
  need_level(level, "probability_of_telling");
  if (!(sd > 0)) throw Error("probability_of_telling: sd = " + std::to_string(sd) + " is not above 0");
  const double t = t_of(n, level), shift = std::sqrt(static_cast<double>(n)) * std::abs(mean) / sd;
  // So far out it is 1 to the last bit, and the distribution's series take long.
  if (shift > 40 + 10 * t) return 1;
  const boost::math::non_central_t telling(static_cast<double>(n - 1), shift);
  return boost::math::cdf(boost::math::complement(telling, t)) + boost::math::cdf(telling, -t);
}

std::optional<std::size_t> seeds_to_tell(const Comparison& comparison) {
  if (comparison.verdict != Verdict::no_difference || !(comparison.sd > 0)) return {};
  const auto tells = [&](std::size_t n) {
    return probability_of_telling(comparison.difference, comparison.sd, n, comparison.level) >= kTellingProbability;
  };
  if (!tells(kMostSeedsToTell)) return {};
  std::size_t not_enough = comparison.seeds, enough = kMostSeedsToTell;
  while (enough - not_enough > 1) {  // more seeds tell more often
    const std::size_t middle = (not_enough + enough) / 2;
    (tells(middle) ? enough : not_enough) = middle;
  }
  return enough;
}

}  // namespace thalweg::lab

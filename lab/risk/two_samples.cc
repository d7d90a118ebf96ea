// Tests of two samples.
#include "risk/two_samples.h"

#include <boost/math/distributions/chi_squared.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

namespace thalweg::lab {
namespace {

/// P(K > x) of Kolmogorov's distribution.
double kolmogorov_tail(double x) {
  if (x < 0.2) return 1;  // 1 − 5e-13; the series needs ever more terms there
  double sum = 0, sign = 1;
  for (int k = 1; k <= 100; ++k, sign = -sign) {
    const double term = std::exp(-2 * k * k * x * x);
    sum += sign * term;
    if (term < 1e-16) break;
  }
  return std::clamp(2 * sum, 0.0, 1.0);
}

double total(const std::vector<std::int64_t>& counts) {
  return static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}));
}

struct Pair {  // of a category's counts
  double a = 0, b = 0;
  double both() const { return a + b; }
};

/// Categories whose expected counts are large enough, the rest in one.
std::vector<Pair> pooled(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b, double smaller_share) {
  constexpr double kLeastExpected = 5;
  std::vector<Pair> large;
  Pair rest;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const Pair pair{static_cast<double>(a[i]), static_cast<double>(b[i])};
    if (pair.both() * smaller_share >= kLeastExpected) {
      large.push_back(pair);
    } else {
      rest.a += pair.a;
      rest.b += pair.b;
    }
  }
  if (rest.both() == 0) return large;
  if (rest.both() * smaller_share >= kLeastExpected || large.empty()) {
    large.push_back(rest);
  } else {
    Pair& rarest = *std::ranges::min_element(large, {}, &Pair::both);
    rarest.a += rest.a;
    rarest.b += rest.b;
  }
  return large;
}

}  // namespace

TwoSampleTest kolmogorov_smirnov(std::vector<double> a, std::vector<double> b) {
  if (a.empty() || b.empty()) return {};
  std::ranges::sort(a);
  std::ranges::sort(b);
  const auto n = static_cast<double>(a.size()), m = static_cast<double>(b.size());
  double distance = 0;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const double value = std::min(a[i], b[j]);
    while (i < a.size() && a[i] == value) ++i;
    while (j < b.size() && b[j] == value) ++j;
    distance = std::max(distance, std::abs(static_cast<double>(i) / n - static_cast<double>(j) / m));
  }
  const double root = std::sqrt(n * m / (n + m));
  return {.statistic = distance, .p = kolmogorov_tail((root + 0.12 + 0.11 / root) * distance)};
}

TwoSampleTest chi_square(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b) {
  const double of_a = total(a), of_b = total(b), all = of_a + of_b;
  if (of_a == 0 || of_b == 0) return {};
  const std::vector<Pair> pairs = pooled(a, b, std::min(of_a, of_b) / all);
  if (pairs.size() < 2) return {};
  double sum = 0;
  for (const Pair& pair : pairs) {
    const double expected_a = pair.both() * of_a / all, expected_b = pair.both() * of_b / all;
    sum += (pair.a - expected_a) * (pair.a - expected_a) / expected_a +
           (pair.b - expected_b) * (pair.b - expected_b) / expected_b;
  }
  const boost::math::chi_squared distribution(static_cast<double>(pairs.size() - 1));
  return {.statistic = sum, .p = boost::math::cdf(boost::math::complement(distribution, sum))};
}

std::vector<double> holm(const std::vector<double>& ps) {
  std::vector<std::size_t> order(ps.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return ps[i]; });
  std::vector<double> adjusted(ps.size());
  double greatest = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    greatest = std::max(greatest, std::min(1.0, ps[order[rank]] * static_cast<double>(order.size() - rank)));
    adjusted[order[rank]] = greatest;
  }
  return adjusted;
}

double stability_index(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b) {
  const double half = 0.5, bins = static_cast<double>(a.size());
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double p = (static_cast<double>(a[i]) + half) / (total(a) + half * bins);
    const double q = (static_cast<double>(b[i]) + half) / (total(b) + half * bins);
    sum += (q - p) * std::log(q / p);
  }
  return sum;
}

}  // namespace thalweg::lab

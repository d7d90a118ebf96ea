// The test of Pitman and Morgan.
#include "study/paired_spread.h"

#include <thalweg/error.h>

#include <boost/math/distributions/students_t.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace thalweg::lab {
namespace {

constexpr double kRounding = 1e-12;

/// By more than the rounding of equal values' mean.
bool varies(std::span<const double> values, double sd) {
  double greatest = 0;
  for (const double value : values) greatest = std::max(greatest, std::abs(value));
  return sd > kRounding * greatest;
}

double correlation(std::span<const double> x, std::span<const double> y) {
  const double x_mean = mean(x), y_mean = mean(y);
  double xy = 0, xx = 0, yy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - x_mean) * (y[i] - y_mean);
    xx += (x[i] - x_mean) * (x[i] - x_mean);
    yy += (y[i] - y_mean) * (y[i] - y_mean);
  }
  return std::clamp(xy / std::sqrt(xx * yy), -1.0, 1.0);
}

}  // namespace

std::optional<SpreadComparison> compare_spreads(std::span<const double> first, std::span<const double> second,
                                                double level) {
  const std::size_t n = first.size();
  if (second.size() != n)
    throw Error(fmt::format("compare_spreads: {} values against {}; they come in pairs", n, second.size()));
  if (n < 3) throw Error(fmt::format("compare_spreads: needs at least 3 pairs, has {}", n));
  if (!(level > 0 && level < 1)) throw Error(fmt::format("compare_spreads: level = {} is outside (0, 1)", level));
  SpreadComparison result{.pairs = n, .first_sd = sample_sd(first), .second_sd = sample_sd(second), .ratio = {}};
  if (!varies(first, result.first_sd) || !varies(second, result.second_sd)) return {};
  // The correlation of sums and differences, by the two variances and the correlation of the samples.
  const double ratio = result.first_sd / result.second_sd, r = correlation(first, second);
  const double rest = 1 - r * r;
  if (!(rest > kRounding)) return {};
  const auto degrees = static_cast<double>(n - 2);
  const boost::math::students_t student(degrees);
  const double t = std::abs(ratio - 1 / ratio) / 2 * std::sqrt(degrees / rest);
  result.p = 2 * boost::math::cdf(boost::math::complement(student, t));
  // All ratios ρ at which (ratio/ρ) and (second·ρ) would not be told apart: |ratio/ρ − ρ/ratio| / 2 ≤ reach.
  const double reach =
      boost::math::quantile(boost::math::complement(student, (1 - level) / 2)) * std::sqrt(rest / degrees);
  const double factor = reach + std::sqrt(reach * reach + 1);
  result.ratio = {ratio / factor, ratio * factor};
  return result;
}

}  // namespace thalweg::lab

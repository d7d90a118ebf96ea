// The bootstrap's intervals and Johnson's.
#include "simulation/candidates.h"

#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>

#include <algorithm>
#include <cmath>

namespace thalweg::lab::simulation {
namespace {

double z_of(double probability) {
  return boost::math::quantile(boost::math::normal(), std::clamp(probability, 1e-12, 1 - 1e-12));
}

double normal_below(double z) { return boost::math::cdf(boost::math::normal(), z); }

double t_of(double level, std::size_t n) {
  return boost::math::quantile(boost::math::students_t(static_cast<double>(n - 1)), (1 + level) / 2);
}

std::vector<double> differences(const SeedValues& first, const SeedValues& second) {
  std::vector<double> result;
  for (const auto& [seed, value] : first) result.push_back(value - second.at(seed));
  return result;
}

}  // namespace

Bootstrap::Bootstrap(std::size_t n, std::size_t resamples) : n_(n), resamples_(resamples), indices_(resamples * n) {
  const Random random(0, RandomPurpose::bootstrap, "seeds", static_cast<std::uint32_t>(n));
  for (std::size_t i = 0; i < indices_.size(); ++i) indices_[i] = static_cast<std::uint16_t>(random.below(n, i));
}

std::vector<double> Bootstrap::means(std::span<const double> values) const {
  std::vector<double> estimates(resamples_);
  for (std::size_t r = 0; r < resamples_; ++r) {
    double sum = 0;
    for (std::size_t i = 0; i < n_; ++i) sum += values[indices_[r * n_ + i]];
    estimates[r] = sum / static_cast<double>(n_);
  }
  std::ranges::sort(estimates);
  return estimates;
}

Interval Bootstrap::expanded_percentile(std::span<const double> values, double level) const {
  const auto n = static_cast<double>(n_);
  const double tail = normal_below(-std::sqrt(n / (n - 1)) * t_of(level, n_));
  const std::vector<double> estimates = means(values);
  return {quantile(estimates, tail), quantile(estimates, 1 - tail)};
}

Interval Bootstrap::bca(std::span<const double> values, double level) const {
  const std::vector<double> estimates = means(values);
  const double centre = lab::mean(values);
  const auto below = std::ranges::lower_bound(estimates, centre) - estimates.begin();
  const double bias = z_of(static_cast<double>(below) / static_cast<double>(resamples_));
  double squares = 0, cubes = 0;  // leaving one out moves the mean by −(value − mean) / (n − 1)
  for (const double value : values) {
    squares += std::pow(value - centre, 2);
    cubes += std::pow(value - centre, 3);
  }
  const double acceleration = squares > 0 ? cubes / (6 * std::pow(squares, 1.5)) : 0;
  const auto moved = [&](double probability) {
    const double z = bias + z_of(probability);
    return normal_below(bias + z / (1 - acceleration * z));
  };
  return {quantile(estimates, moved((1 - level) / 2)), quantile(estimates, moved((1 + level) / 2))};
}

Interval Bootstrap::bootstrap_t(std::span<const double> values, double level) const {
  const auto n = static_cast<double>(n_);
  const double centre = lab::mean(values);
  std::vector<double> ratios;
  for (std::size_t r = 0; r < resamples_; ++r) {
    double sum = 0, squares = 0;
    for (std::size_t i = 0; i < n_; ++i) {
      const double away = values[indices_[r * n_ + i]] - centre;
      sum += away;
      squares += away * away;
    }
    const double variance = (squares - sum * sum / n) / (n - 1);
    if (variance > 0) ratios.push_back(sum / n / std::sqrt(variance / n));
  }
  const double scale = sample_sd(values) / std::sqrt(n);
  return {centre - scale * quantile(ratios, (1 + level) / 2), centre - scale * quantile(ratios, (1 - level) / 2)};
}

Interval Bootstrap::median(std::span<const double> values, double level) const {
  std::vector<double> estimates(resamples_), sample(n_);
  for (std::size_t r = 0; r < resamples_; ++r) {
    for (std::size_t i = 0; i < n_; ++i) sample[i] = values[indices_[r * n_ + i]];
    estimates[r] = lab::median(sample);
  }
  return {quantile(estimates, (1 - level) / 2), quantile(estimates, (1 + level) / 2)};
}

Interval johnson(std::span<const double> values, double level) {
  const auto n = static_cast<double>(values.size());
  const double centre = mean(values), variance = std::pow(sample_sd(values), 2);
  double cubes = 0;
  for (const double value : values) cubes += std::pow(value - centre, 3);
  const double third = cubes * n / ((n - 1) * (n - 2));
  const double moved = centre + third / (6 * variance * n),
               reach = t_of(level, values.size()) * std::sqrt(variance / n);
  return {moved - reach, moved + reach};
}

bool holm(std::span<const SeedValues> study, double error) {
  std::vector<double> p_values;
  for (std::size_t i = 0; i < study.size(); ++i) {
    for (std::size_t j = i + 1; j < study.size(); ++j) {
      const std::vector<double> paired = differences(study[i], study[j]);
      const auto n = static_cast<double>(paired.size());
      const double t = std::abs(mean(paired)) / (sample_sd(paired) / std::sqrt(n));
      p_values.push_back(2 * boost::math::cdf(boost::math::complement(boost::math::students_t(n - 1), t)));
    }
  }
  // All are equal: the first rejection is a false one, and without it there is none.
  return std::ranges::min(p_values) < error / static_cast<double>(p_values.size());
}

Judge bonferroni(IntervalOf interval) {
  return [interval = std::move(interval)](std::span<const SeedValues> study, double error) {
    const double pairs = static_cast<double>(study.size() * (study.size() - 1)) / 2;
    for (std::size_t i = 0; i < study.size(); ++i)
      for (std::size_t j = i + 1; j < study.size(); ++j)
        if (!interval(differences(study[i], study[j]), 1 - error / pairs).contains(0)) return true;
    return false;
  };
}

}  // namespace thalweg::lab::simulation

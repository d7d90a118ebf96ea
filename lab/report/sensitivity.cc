// Finds the range of learning rates that are nearly as good as the best.
#include "report/sensitivity.h"

#include <cmath>
#include <cstddef>

namespace thalweg::lab {
namespace {

constexpr double kPoint = 0.01, kPart = 0.02;
constexpr double kUlps = 1e-12;  // 0.89 − 0.88 is more than 0.01

}  // namespace

double GoodRates::decades() const { return std::log10(high / low); }

std::optional<GoodRates> good_rates(std::span<const LearningRatePoint> rates, const Metric& metric) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < rates.size(); ++i) {
    if (rates[i].lr > 0 && rates[i].value && (!best || metric.is_better(*rates[i].value, *rates[*best].value)))
      best = i;
  }
  if (!best) return {};
  const double value = *rates[*best].value;
  const double tolerance = tolerance_at(metric, value) + kUlps;
  const auto is_good = [&](std::size_t i) {
    return rates[i].lr > 0 && rates[i].value && std::abs(*rates[i].value - value) <= tolerance;
  };
  std::size_t low = *best, high = *best;
  while (low > 0 && is_good(low - 1)) --low;
  while (high + 1 < rates.size() && is_good(high + 1)) ++high;
  return GoodRates{.best = rates[*best].lr,
                   .low = rates[low].lr,
                   .high = rates[high].lr,
                   .is_open = low == 0 || high + 1 == rates.size()};
}

double tolerance_at(const Metric& metric, double value) { return metric.is_share ? kPoint : kPart * std::abs(value); }

std::string tolerance_text(const Metric& metric) { return metric.is_share ? "1 point" : "2 %"; }

}  // namespace thalweg::lab

// Metrics: the list, and their values for people.
#include "tasks/metric.h"

#include <thalweg/error.h>
#include <thalweg/suggest.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace thalweg::lab {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

const std::vector<Metric>& metrics() {
  static const std::vector<Metric> all{
      {"loss", "loss", Better::lower, false, Range{}},
      {"accuracy", "accuracy", Better::higher, true, between(0, 1)},
      {"auc", "AUC", Better::higher, false, between(0, 1)},
      {"rmse", "RMSE", Better::lower, false, at_least(0)},
      {"mae", "MAE", Better::lower, false, at_least(0)},
      {"r2", "R²", Better::higher, false, Range{.high = 1, .high_open = false}},
      {"bits_per_character", "bits per character", Better::lower, false, at_least(0)},
  };
  return all;
}

/// Four significant digits.
std::string number(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "∞" : "−∞";
  return fmt::format("{:.4g}", value);
}

/// Of a share, in percent or points.
std::string hundredths(double value) {
  const double percent = value * 100;
  return std::isfinite(percent) && std::abs(percent) < 1e7 ? fmt::format("{:.2f}", percent) : number(percent);
}

}  // namespace

double Metric::worst() const { return better == Better::higher ? -kInfinity : kInfinity; }

const Metric& find_metric(std::string_view name) {
  const auto found = std::ranges::find(metrics(), name, &Metric::name);
  if (found != metrics().end()) return *found;
  std::vector<std::string> names;
  for (const Metric& metric : metrics()) names.push_back(metric.name);
  throw Error(fmt::format("unknown metric '{}'{}", name, suggest(name, names)));
}

std::optional<double> value_of(const std::optional<MetricValues>& values, std::string_view metric) {
  if (!values) return std::nullopt;
  const auto found = values->find(metric);
  return found == values->end() ? std::nullopt : std::optional(found->second);
}

std::string plain_text(const Metric& metric, double value) {
  return metric.is_share ? hundredths(value) : number(value);
}

std::string value_text(const Metric& metric, double value) {
  return plain_text(metric, value) + (metric.is_share ? "\u00A0%" : "");
}

std::string difference_text(const Metric& metric, double difference) {
  return plain_text(metric, std::abs(difference)) + (metric.is_share ? " points" : "");
}

std::string signed_text(const Metric& metric, double difference) {
  if (std::isnan(difference)) return number(difference);
  return (difference < 0 ? "−" : "+") + plain_text(metric, std::abs(difference));
}

std::string difference_unit(const Metric& metric) { return metric.is_share ? " percentage points" : ""; }

double shown(const Metric& metric, double value) { return metric.is_share ? value * 100 : value; }

std::string axis_title(const Metric& metric) { return metric.title + (metric.is_share ? " (%)" : ""); }

std::string loss_text(double loss) {
  constexpr double kLong = 1e5;
  if (std::isnan(loss)) return "nan";  // its sign means nothing
  return std::abs(loss) < kLong ? fmt::format("{:.4f}", loss) : fmt::format("{:.4g}", loss);
}

}  // namespace thalweg::lab

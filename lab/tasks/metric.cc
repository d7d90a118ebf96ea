// Metrics: the list, and their values for people.
#include "tasks/metric.h"

#include "find_named.h"
#include "page/text.h"

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
      {"cost", "cost", Better::lower, false, Range{}},
      {"score", "score", Better::higher, false, Range{}},
      {"recall@10", "recall@10", Better::higher, false, between(0, 1)},
      {"ndcg@10", "nDCG@10", Better::higher, false, between(0, 1)},
      {"bits_per_character", "bits per character", Better::lower, false, at_least(0)},
  };
  return all;
}

}  // namespace

double Metric::worst() const { return better == Better::higher ? -kInfinity : kInfinity; }

const Metric& find_metric(std::string_view name) { return find_named(metrics(), name, "metric"); }

std::optional<double> value_of(const std::optional<MetricValues>& values, std::string_view metric) {
  if (!values) return std::nullopt;
  const auto found = values->find(metric);
  return found == values->end() ? std::nullopt : std::optional(found->second);
}

std::string plain_text(const Metric& metric, double value) {
  return metric.is_share ? fixed(value * 100, 2) : number(value);
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

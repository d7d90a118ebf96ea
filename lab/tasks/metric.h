// Metrics: what a prediction is judged by, and how its values are written for people.
#pragma once

#include <thalweg/rule.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::lab {

enum class Better { higher, lower };

/// One number that tells how good predictions are.
struct Metric {
  std::string name;   ///< in records, JSON and stores: `accuracy`
  std::string title;  ///< for people: `accuracy`, `AUC`
  Better better;
  bool is_share;  ///< of all examples: shown in percent, its differences in percentage points
  Range range;    ///< of values

  /// Is `a` better than `b`?
  bool is_better(double a, double b) const { return better == Better::higher ? a > b : a < b; }
  /// Is it as good as the goal?
  bool reaches(double value, double goal) const { return better == Better::higher ? value >= goal : value <= goal; }
  /// Worse than every value.
  double worst() const;
};

/// The metric of this name, `loss` being one. Throws thalweg::Error that names the nearest ones.
const Metric& find_metric(std::string_view name);

/// Values by the metric's name.
using MetricValues = std::map<std::string, double, std::less<>>;

/// Nothing where there are none, or none of this metric.
std::optional<double> value_of(const std::optional<MetricValues>& values, std::string_view metric);

/// `89.23 %` with an unbreakable space, `0.4213`.
std::string value_text(const Metric& metric, double value);
/// The same without the unit, for a table whose header has it: `89.23`.
std::string plain_text(const Metric& metric, double value);
/// A difference without its sign: `0.26 points`, `0.0132`.
std::string difference_text(const Metric& metric, double difference);
/// A difference with its sign and no unit: `+0.42`, `−1.30`.
std::string signed_text(const Metric& metric, double difference);
/// What differences are in: ` percentage points`; empty where that is the metric's own unit.
std::string difference_unit(const Metric& metric);
/// As charts show it: percent of shares.
double shown(const Metric& metric, double value);
/// `accuracy (%)`.
std::string axis_title(const Metric& metric);
/// A loss for people: `0.4321`; where that would be long, `1.726e+23`; `nan` without a sign.
std::string loss_text(double loss);

}  // namespace thalweg::lab

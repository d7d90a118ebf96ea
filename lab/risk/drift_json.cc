// Drift as JSON and in words.
#include "risk/drift.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <cmath>

namespace thalweg::lab {
namespace {

double finite(const nlohmann::json& json, const char* key) {
  const double value = json.at(key).is_null() ? NAN : json.at(key).get<double>();
  if (!std::isfinite(value)) throw Error(fmt::format("drift: {} is no number", key));
  return value;
}

}  // namespace

void to_json(nlohmann::json& json, const Drift& drift) {
  json = {{"training", drift.training}, {"test", drift.test}, {"columns", nlohmann::json::array()}};
  for (const ColumnDrift& each : drift.columns) {
    json["columns"].push_back({{"column", each.column},
                               {"is_target", each.is_target},
                               {"differs", each.differs()},
                               {"test", each.test},
                               {"statistic", each.statistic},
                               {"p", each.p},
                               {"stability_index", each.index},
                               {"missing_training", each.missing_training},
                               {"missing_test", each.missing_test},
                               {"missing_p", each.missing_p},
                               {"unknown_test", each.unknown_test},
                               {"unknown", each.unknown}});
  }
}

void from_json(const nlohmann::json& json, Drift& drift) {
  drift = {};
  json.at("training").get_to(drift.training);
  json.at("test").get_to(drift.test);
  for (const nlohmann::json& each : json.at("columns")) {
    drift.columns.push_back({.column = each.at("column").get<std::string>(),
                             .is_target = each.at("is_target").get<bool>(),
                             .test = each.at("test").get<std::string>(),
                             .statistic = finite(each, "statistic"),
                             .p = finite(each, "p"),
                             .index = finite(each, "stability_index"),
                             .missing_training = finite(each, "missing_training"),
                             .missing_test = finite(each, "missing_test"),
                             .missing_p = finite(each, "missing_p"),
                             .unknown_test = finite(each, "unknown_test"),
                             .unknown = each.at("unknown").get<std::vector<std::string>>()});
  }
}

std::string difference_words(const ColumnDrift& column) {
  const bool values = column.p < ColumnDrift::kDriftLevel, missing = column.missing_p < ColumnDrift::kDriftLevel;
  return values && missing ? "values and missing ones" : values ? "values" : missing ? "missing ones" : "";
}

std::string drift_line(const Drift& drift) {
  std::string names;
  std::size_t others = 0;
  constexpr std::size_t kMostNamed = 10;
  for (const ColumnDrift& each : drift.columns) {
    if (!each.differs()) continue;
    if (++others > kMostNamed) continue;
    names += fmt::format("{}{} ({}, stability index {:.2f})", names.empty() ? "" : ", ", each.column,
                         difference_words(each), each.index);
  }
  if (names.empty()) return "no column is shown to be distributed otherwise in the test part";
  if (others > kMostNamed) names += fmt::format(" and {} more", others - kMostNamed);
  return "distributed otherwise in the test part: " + names;
}

}  // namespace thalweg::lab

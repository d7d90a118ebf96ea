// ColumnEffects as JSON and in words.
#include "risk/column_effect.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace thalweg::lab {
namespace {

double finite(const nlohmann::json& json, const char* key) {
  const double value = json.at(key).is_null() ? NAN : json.at(key).get<double>();
  if (!std::isfinite(value)) throw Error(fmt::format("effect of columns: {} is no number", key));
  return value;
}

}  // namespace

void to_json(nlohmann::json& json, const ColumnEffects& effects) {
  json = {{"metric", effects.metric},
          {"unshuffled", effects.unshuffled},
          {"examples", effects.examples},
          {"shuffles", effects.shuffles},
          {"columns", nlohmann::json::array()}};
  for (const ColumnEffect& each : effects.columns)
    json["columns"].push_back({{"column", each.column}, {"mean", each.mean}, {"sd", each.sd}});
}

void from_json(const nlohmann::json& json, ColumnEffects& effects) {
  effects = {};
  json.at("metric").get_to(effects.metric);
  effects.unshuffled = finite(json, "unshuffled");
  json.at("examples").get_to(effects.examples);
  json.at("shuffles").get_to(effects.shuffles);
  for (const nlohmann::json& each : json.at("columns"))
    effects.columns.push_back(
        {.column = each.at("column").get<std::string>(), .mean = finite(each, "mean"), .sd = finite(each, "sd")});
}

std::string effects_line(const ColumnEffects& effects, std::size_t most) {
  std::string line;
  for (std::size_t i = 0; i < std::min(most, effects.columns.size()); ++i)
    line += fmt::format("{}{} {:.4f}", line.empty() ? "" : ", ", effects.columns[i].column, effects.columns[i].mean);
  if (line.empty()) return line;
  return fmt::format("shuffling a column {}: {}{}",
                     effects.metric == "auc" ? "lowers the AUC by" : "raises the loss by", line,
                     effects.columns.size() > most ? ", …" : "");
}

}  // namespace thalweg::lab

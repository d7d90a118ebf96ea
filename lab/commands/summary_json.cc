// A study's result as JSON.
#include "commands/summary_json.h"

#include "report/headline.h"
#include "report/inside.h"
#include "report/summary.h"
#include "tasks/task.h"

#include <cmath>
#include <span>

namespace thalweg::lab {
namespace {

nlohmann::json optional(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? nlohmann::json(*value) : nlohmann::json();
}

nlohmann::json to_json(const Competitor& competitor, double level) {
  nlohmann::json values = nlohmann::json::object();
  for (const auto& [seed, value] : competitor.test) values[std::to_string(seed)] = value;
  nlohmann::json found = nlohmann::json::array();
  for (const FindingInRuns& each : findings_of(competitor)) {
    found.push_back(each.finding);
    found.back().update({{"seed", each.seed}, {"runs", each.runs}});
  }
  nlohmann::json interval;
  if (competitor.interval) interval = {competitor.interval->low, competitor.interval->high};
  return {{"name", competitor.name},
          {"options", competitor.options},
          {"lr", optional(competitor.lr)},
          {"lr_at_edge", competitor.at_edge},
          {"test", values},
          {"mean", optional(competitor.mean)},
          {"sd", optional(competitor.sd)},
          {"interval", interval},
          {"interval_level", competitor.interval ? nlohmann::json(level) : nlohmann::json()},
          {"diverged", competitor.diverged},
          {"failed", competitor.failed},
          {"findings", found},
          {"seconds", optional(competitor.run_seconds)}};
}

nlohmann::json to_json(const Comparison& comparison, const Summary& summary) {
  const std::string &first = summary.competitors[comparison.first].name,
                    &second = summary.competitors[comparison.second].name;
  nlohmann::json interval, level, ahead, to_tell;
  if (const auto seeds = seeds_to_tell(comparison)) to_tell = *seeds;
  if (comparison.verdict != Verdict::too_few_seeds) {
    interval = {comparison.interval.low, comparison.interval.high};
    level = comparison.level;
  }
  if (comparison.verdict == Verdict::first_better) ahead = first;
  if (comparison.verdict == Verdict::second_better) ahead = second;
  return {{"first", first},
          {"second", second},
          {"seeds", comparison.seeds},
          {"difference", comparison.seeds > 0 ? nlohmann::json(comparison.difference) : nlohmann::json()},
          {"interval", interval},
          {"interval_level", level},
          {"ahead", ahead},
          {"seeds_to_tell", to_tell}};
}

nlohmann::json verdict_json(const Summary& summary) {
  const Headline answer = headline(summary, [](std::string_view name) { return std::string(name); });
  nlohmann::json winner;
  if (answer.winner) winner = summary.competitors[*answer.winner].name;
  return {{"sentence", answer.sentence}, {"detail", answer.detail}, {"reserve", answer.reserve},
          {"limits", answer.limits},     {"winner", winner},        {"finished", summary.is_finished()}};
}

}  // namespace

nlohmann::json summary_json(const StudyData& study) {
  nlohmann::json result{{"name", study.name},
                        {"command", study.command},
                        {"task", study.task},
                        {"metric", find_task(study.task).primary().name},
                        {"optimizers", nlohmann::json::array()},
                        {"pairs", nlohmann::json::array()},
                        {"warnings", nlohmann::json::array()},
                        {"verdict", nullptr}};
  // One study has one task and one way of tuning.
  for (const Summary& summary : summarize(std::span(&study, 1))) {
    if (summary.program) {
      result["metric"] = summary.is_by_test() ? test_key(summary.program) : summary.program.metric;
    }
    for (const Competitor& competitor : summary.competitors)
      result["optimizers"].push_back(to_json(competitor, summary.level()));
    for (const Comparison& comparison : summary.comparisons) result["pairs"].push_back(to_json(comparison, summary));
    for (const std::string& warning : summary.warnings) result["warnings"].push_back(warning);
    result["verdict"] = verdict_json(summary);
  }
  return result;
}

}  // namespace thalweg::lab

// Writes Optuna's journal: a JSON object a line; ids are the order of creation.
#include "study/optuna_journal.h"

#include "study/tune_config.h"
#include "study/tune_results.h"

#include <thalweg/error.h>

#include <fmt/core.h>

#include <cmath>
#include <cstddef>
#include <vector>

namespace thalweg::lab {
namespace {

enum Operation {
  create_study = 0,
  create_trial = 4,
  set_parameter = 5,
  finish_trial = 6,
  set_value = 7,
  set_attribute = 8
};
enum State { complete = 1, pruned = 2, failed = 3 };

class Journal {
 public:
  void add(Operation operation, nlohmann::json line) {
    line["op_code"] = static_cast<int>(operation);
    line["worker_id"] = "thalweg";
    text_ += line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

nlohmann::json distribution(const Dimension& dimension) {
  if (dimension.kind == DimensionKind::choice) {
    return {{"name", "CategoricalDistribution"}, {"attributes", {{"choices", dimension.choices}}}};
  }
  const bool whole = dimension.kind == DimensionKind::integer;
  const auto bound = [&](double value) {
    return whole ? nlohmann::json(static_cast<std::int64_t>(value)) : nlohmann::json(value);
  };
  return {{"name", whole ? "IntDistribution" : "FloatDistribution"},
          {"attributes",
           {{"low", bound(dimension.low)},
            {"high", bound(dimension.high)},
            {"log", dimension.log},
            {"step", whole ? nlohmann::json(1) : nlohmann::json()}}}};
}

/// ISO 8601 with an offset, as Python reads it in all of its versions.
std::string with_offset(const std::string& utc) {
  return utc.ends_with('Z') ? utc.substr(0, utc.size() - 1) + "+00:00" : utc;
}

State state_of(const TuneTrial& trial) {
  if (trial.state == TrialState::complete) return complete;
  return trial.state == TrialState::pruned ? pruned : failed;
}

void add_trial(Journal& journal, std::size_t id, const TuneTrial& trial, const SearchSpace& space, const Metric& metric,
               const std::string& time) {
  journal.add(create_trial, {{"study_id", 0}, {"datetime_start", time}});
  const Point point = space.point(trial.parameters);
  for (std::size_t i = 0; i < point.size(); ++i) {
    if (!point[i]) continue;
    journal.add(set_parameter, {{"trial_id", id},
                                {"param_name", space.dimensions[i].name},
                                {"param_value_internal", *point[i]},
                                {"distribution", distribution(space.dimensions[i]).dump()}});
  }
  if (trial.runs.size() == 1) {
    for (const EpochRecord& epoch : trial.runs.front()->epochs) {
      const std::optional<double> value = value_of(epoch.validation, metric.name);
      if (!value || !std::isfinite(*value)) continue;
      journal.add(set_value, {{"trial_id", id}, {"step", epoch.epoch}, {"intermediate_value", *value}});
    }
  }
  nlohmann::json attributes{{"thalweg_seconds", trial.seconds}, {"thalweg_state", to_string(trial.state)}};
  if (!trial.error.empty()) attributes["thalweg_error"] = trial.error;
  for (const auto& [key, value] : attributes.items()) {
    journal.add(set_attribute, {{"trial_id", id}, {"user_attr", {{key, value}}}});
  }
  const State state = state_of(trial);
  const bool has_value = state != failed && trial.value;
  journal.add(finish_trial, {{"trial_id", id},
                             {"state", static_cast<int>(state)},
                             {"values", has_value ? nlohmann::json::array({*trial.value}) : nlohmann::json()},
                             {"datetime_complete", time}});
}

}  // namespace

std::string optuna_journal(const StudyData& study) {
  if (study.kind != "tune") {
    throw Error(fmt::format("{}: a study of kind {} is no search; thalweg tune makes one", study.name, study.kind));
  }
  const SearchSpace space = parse_space(study.config.get<TuneConfig>().ranges);
  const Metric& metric = metric_of(study);
  const std::string time = with_offset(study.created);
  Journal journal;
  journal.add(create_study, {{"study_name", study.name}, {"directions", {metric.better == Better::higher ? 2 : 1}}});
  std::size_t id = 0;
  for (const TuneTrial& trial : tune_trials(study)) {
    if (trial.state != TrialState::unfinished) add_trial(journal, id++, trial, space, metric, time);
  }
  return journal.text();
}

}  // namespace thalweg::lab

// Writes a report's numbers as CSV (RFC 4180).
#include "page/folder.h"
#include "report/csv_field.h"
#include "report/report.h"
#include "tasks/task.h"

#include <thalweg/files.h>

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace thalweg::lab {
namespace {

// Groups of fields, one behind the other.
void add_row(std::string& csv, const std::vector<std::vector<std::string>>& groups) {
  bool first = true;
  for (const std::vector<std::string>& fields : groups) {
    for (const std::string& text : fields) {
      if (!first) csv += ',';
      csv += text;
      first = false;
    }
  }
  csv += "\r\n";
}

// Loss, then the metrics of the studies' tasks.
std::vector<std::string> metrics_of(std::span<const StudyData> studies) {
  std::vector<std::string> metrics{"loss"};
  for (const StudyData& study : studies) {
    for (const std::string& metric : find_task(study.task).metrics)
      if (std::ranges::find(metrics, metric) == metrics.end()) metrics.push_back(metric);
  }
  return metrics;
}

// Of a search's trial, as JSON.
std::string parameters_field(const TrialData& trial) {
  if (trial.parameters.is_null()) return {};
  return csv_field(trial.parameters.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace

void write_csv(std::span<const StudyData> studies, const std::filesystem::path& folder) {
  const std::vector<std::string> metrics = metrics_of(studies);
  const auto heads = [&](std::vector<std::string> names, const std::vector<std::string>& parts,
                         const std::vector<std::string>& rest) {
    for (const std::string& part : parts)
      for (const std::string& metric : metrics) names.push_back(part + "_" + metric);
    names.insert(names.end(), rest.begin(), rest.end());
    return names;
  };
  const auto values = [&](const std::optional<MetricValues>& of) {
    std::vector<std::string> fields;
    for (const std::string& metric : metrics) fields.push_back(csv_field(value_of(of, metric)));
    return fields;
  };
  std::string trials, epochs, layers;
  add_row(trials, {heads({"study", "trial", "optimizer", "options", "lr", "role", "seed", "status", "outcome", "reason",
                          "error", "epochs", "steps", "seconds"},
                         {"test"}, {"number", "parameters"})});
  add_row(epochs, {heads({"study", "trial", "optimizer", "options", "role", "seed", "epoch", "step", "lr"},
                         {"train", "validation"}, {"seconds", "examples_per_second"})});
  add_row(layers, {{"study", "trial", "optimizer", "options", "role", "seed", "step", "parameter", "elements",
                    "gradient_norm", "parameter_norm", "update_norm", "zero_share", "non_finite"}});
  for (const StudyData& study : studies) {
    // What is not known of a program's runs stays empty.
    const bool of_program = !find_task(study.task).target;
    const auto if_known = [&](double value) { return of_program && value == 0 ? std::string() : csv_field(value); };
    for (const TrialData& trial : study.trials) {
      const std::vector<std::string> whose{csv_field(study.name),
                                           csv_field(trial.id),
                                           csv_field(trial.optimizer),
                                           csv_field(trial.config.optimizer),
                                           csv_field(to_string(trial.role)),
                                           csv_field(trial.config.seed)};
      for (const DiagnosticRecord& record : trial.diagnostics) {
        for (const LayerRecord& layer : record.layers) {
          add_row(layers, {whose,
                           {csv_field(record.step), csv_field(layer.parameter), csv_field(layer.elements),
                            csv_field(layer.gradient_norm), csv_field(layer.parameter_norm),
                            csv_field(layer.update_norm), csv_field(layer.zero_share), csv_field(layer.non_finite)}});
        }
      }
      const TrainingResult result = trial.result.value_or(TrainingResult{});
      const bool ended = trial.result.has_value();
      const auto if_ended = [&](std::string text) { return ended ? std::move(text) : std::string(); };
      add_row(trials, {{csv_field(study.name), csv_field(trial.id), csv_field(trial.optimizer),
                        csv_field(trial.config.optimizer), if_known(trial.lr), csv_field(to_string(trial.role)),
                        csv_field(trial.config.seed), csv_field(to_string(trial.status)),
                        if_ended(csv_field(to_string(result.outcome))), if_ended(csv_field(result.reason)),
                        csv_field(trial.error), if_ended(csv_field(result.epochs)), if_ended(csv_field(result.steps)),
                        if_ended(csv_field(result.seconds))},
                       values(result.test),
                       {trial.number ? csv_field(*trial.number) : std::string(), parameters_field(trial)}});
      for (const EpochRecord& record : trial.epochs) {
        add_row(epochs, {whose,
                         {csv_field(record.epoch), csv_field(record.step), if_known(record.lr)},
                         values(record.train),
                         values(record.validation),
                         {csv_field(record.seconds), if_known(record.examples_per_second)}});
      }
    }
  }
  create_folder(folder);
  replace_file(folder / "trials.csv", trials);
  replace_file(folder / "epochs.csv", epochs);
  replace_file(folder / "layers.csv", layers);
}

}  // namespace thalweg::lab

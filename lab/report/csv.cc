// Writes a report's numbers as CSV (RFC 4180).
#include "page/folder.h"
#include "page/text.h"
#include "report/report.h"
#include "tasks/task.h"

#include <thalweg/files.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace thalweg::lab {
namespace {

// A text field. Spreadsheets run what begins with = + - @ (and with a tab or carriage return before them).
std::string field(std::string_view text) {
  std::string safe = valid_utf8(text);
  if (!safe.empty() && std::string_view("=+-@\t\r\n").find(safe.front()) != std::string_view::npos)
    safe.insert(safe.begin(), '\'');
  if (safe.find_first_of(",\"\r\n") == std::string::npos) return safe;
  std::string quoted = "\"";
  for (const char c : safe) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

// As many digits as it takes to read the same number back; nan (of either sign), inf, -inf for what is not finite.
std::string field(double value) { return std::isnan(value) ? "nan" : fmt::format("{}", value); }
std::string field(std::int64_t value) { return fmt::format("{}", value); }
std::string field(std::uint64_t value) { return fmt::format("{}", value); }
std::string field(const std::optional<double>& value) { return value ? field(*value) : std::string(); }

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
    for (const std::string& metric : metrics) fields.push_back(field(value_of(of, metric)));
    return fields;
  };
  std::string trials, epochs;
  add_row(trials, {heads({"study", "trial", "optimizer", "options", "lr", "role", "seed", "status", "outcome", "reason",
                          "error", "epochs", "steps", "seconds"},
                         {"test"}, {})});
  add_row(epochs, {heads({"study", "trial", "optimizer", "options", "role", "seed", "epoch", "step", "lr"},
                         {"train", "validation"}, {"seconds", "examples_per_second"})});
  for (const StudyData& study : studies) {
    for (const TrialData& trial : study.trials) {
      const TrainingResult result = trial.result.value_or(TrainingResult{});
      const bool ended = trial.result.has_value();
      const auto if_ended = [&](std::string text) { return ended ? std::move(text) : std::string(); };
      add_row(trials,
              {{field(study.name), field(trial.id), field(trial.optimizer), field(trial.config.optimizer),
                field(trial.lr), field(to_string(trial.role)), field(trial.config.seed), field(to_string(trial.status)),
                if_ended(field(to_string(result.outcome))), if_ended(field(result.reason)), field(trial.error),
                if_ended(field(result.epochs)), if_ended(field(result.steps)), if_ended(field(result.seconds))},
               values(result.test)});
      for (const EpochRecord& record : trial.epochs) {
        add_row(epochs, {{field(study.name), field(trial.id), field(trial.optimizer), field(trial.config.optimizer),
                          field(to_string(trial.role)), field(trial.config.seed), field(record.epoch),
                          field(record.step), field(record.lr)},
                         values(record.train),
                         values(record.validation),
                         {field(record.seconds), field(record.examples_per_second)}});
      }
    }
  }
  create_folder(folder);
  replace_file(folder / "trials.csv", trials);
  replace_file(folder / "epochs.csv", epochs);
}

}  // namespace thalweg::lab

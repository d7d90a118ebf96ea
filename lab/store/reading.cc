// Reads a whole study back from its tables.
#include "store/reading.h"

#include "json_text.h"
#include "store/checksums.h"
#include "tasks/task.h"

#include <thalweg/error.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>

namespace thalweg::lab {
namespace {

constexpr double kMost = 1e15;  // of what is counted; exact in a double, and beyond every training

/// A value within its range, or else out_of_range. Numbers that are not in a range may still be NaN if `nan` is.
void check_range(double value, double least, double most, const char* what, bool nan = false) {
  if ((value >= least && value <= most) || (nan && std::isnan(value))) return;
  throw std::out_of_range(fmt::format("{} = {} is outside [{}, {}]", what, value, least, most));
}

void check_count(std::int64_t value, const char* what) { check_range(static_cast<double>(value), 0, kMost, what); }

void check(const EpochRecord& record) {
  check_count(record.epoch, "epoch");
  check_count(record.step, "step");
  check_range(record.seconds, 0, kMost, "seconds");
}

void check(const TrainingResult& result) {
  check_count(result.epochs, "epochs");
  check_count(result.steps, "steps");
  check_range(result.seconds, 0, kMost, "seconds");
}

/// Refuses a study whose own row is not what was written.
void refuse_damaged_row(const Database& database, const std::vector<std::int64_t>& damaged) {
  if (std::ranges::find(damaged, kStudyRow) == damaged.end()) return;
  throw Error(
      fmt::format("{}: damaged: the study's own row, or its list of trials, is not what was written; take a "
                  "copy of the file, or begin anew with --overwrite",
                  database.file().string()));
}

/// Refuses a study with parts that are not what was written, and says how to go on.
void refuse_damage(const Database& database, const StudyData& study) {
  const std::vector<std::int64_t> damaged = damaged_trials(database);
  if (damaged.empty()) return;
  refuse_damaged_row(database, damaged);
  const std::string file = database.file().string();
  const std::string which = damaged.size() == 1 ? fmt::format("trial {} is", damaged.front())
                                                : fmt::format("trials {} are", fmt::join(damaged, ", "));
  throw Error(fmt::format("{}: damaged: {} not what was written; {}", file, which,
                          study.kind != "train"
                              ? fmt::format("to train only what is damaged anew, run: {}", study.command)
                              : std::string("take a copy of the file, or begin anew with --overwrite")));
}

nlohmann::json read_json(const Database& database, Statement& row, const char* what) {
  return parse_json(row.read_text(), fmt::format("{}: damaged: {}", database.file().string(), what));
}

void read_header(const Database& database, StudyData& study) {
  Statement row(database, "SELECT name, kind, task, command, created, config, environment, outcome FROM study");
  row.step();
  study.name = row.read_text();
  study.kind = row.read_text();
  study.task = find_task(row.read_text()).name;
  study.command = row.read_text();
  study.created = row.read_text();
  study.config = read_json(database, row, "config");
  study.environment = read_json(database, row, "environment");
  study.outcome = read_json(database, row, "outcome");
}

void read_trials(const Database& database, StudyData& study) {
  Statement row(database,
                "SELECT id, number, parameters, optimizer, lr, role, config, status, error, outcome, reason, epochs, "
                "steps, seconds FROM trials ORDER BY id");
  while (row.step()) {
    TrialData& trial = study.trials.emplace_back();
    trial.id = row.read_integer();
    if (const std::optional<std::int64_t> number = row.read_optional_integer()) {
      check_count(*number, "number");
      trial.number = number;
    }
    if (const std::string parameters = row.read_text(); !parameters.empty()) {
      trial.parameters = parse_json(parameters, fmt::format("{}: trial {}", database.file().string(), trial.id));
    }
    trial.optimizer = row.read_text();
    trial.lr = row.read_real();
    trial.role = role_of(row.read_text());
    try {
      trial.config = parse_json(row.read_text(), "config").get<TrainingConfig>();
    } catch (const Error& error) {
      throw Error(fmt::format("{}: trial {}: {}", database.file().string(), trial.id, error.what()));
    }
    trial.status = status_of(row.read_text());
    trial.error = row.read_text();
    if (row.next_is_null()) continue;
    TrainingResult& result = trial.result.emplace();
    result.outcome = outcome_of(row.read_text());
    result.reason = row.read_text();
    result.epochs = row.read_integer();
    result.steps = row.read_integer();
    result.seconds = row.read_real();
    check(result);
  }
}

/// Adds them to the epochs and results, which are there already.
void read_scores(const Database& database, const std::map<std::int64_t, TrialData*>& trials) {
  Statement scores(database, "SELECT trial, epoch, part, metric, value FROM scores ORDER BY trial, epoch");
  while (scores.step()) {
    TrialData& trial = *trials.at(scores.read_integer());
    const std::int64_t epoch = scores.read_integer();
    const std::string part = scores.read_text();
    const Metric& metric = find_metric(scores.read_text());
    const double value = scores.read_real();
    if (std::isfinite(value) && !metric.range.contains(value)) {
      throw std::out_of_range(fmt::format("{} = {} is outside {}", metric.name, value, metric.range.text()));
    }
    if (part == "test") {
      if (!trial.result) throw std::out_of_range("test scores of a trial that has not ended");
      if (!trial.result->test) trial.result->test.emplace();
      (*trial.result->test)[metric.name] = value;
      continue;
    }
    const auto record = std::ranges::find(trial.epochs, epoch, &EpochRecord::epoch);
    if (record == trial.epochs.end())
      throw std::out_of_range(fmt::format("scores of epoch {}, which is missing", epoch));
    if (part == "train") {
      record->train[metric.name] = value;
    } else if (part == "validation") {
      if (!record->validation) record->validation.emplace();
      (*record->validation)[metric.name] = value;
    } else {
      throw std::out_of_range(fmt::format("unknown part '{}'", part));
    }
  }
}

/// Adds them to the epochs, which are there already.
void read_units(const Database& database, const std::map<std::int64_t, TrialData*>& trials) {
  Statement units(database, "SELECT trial, epoch, layer, units, dead FROM units ORDER BY trial, epoch, place");
  while (units.step()) {
    TrialData& trial = *trials.at(units.read_integer());
    const std::int64_t epoch = units.read_integer();
    const auto record = std::ranges::find(trial.epochs, epoch, &EpochRecord::epoch);
    if (record == trial.epochs.end())
      throw std::out_of_range(fmt::format("units of epoch {}, which is missing", epoch));
    UnitCounts& counts = record->units.emplace_back();
    counts.layer = units.read_text();
    counts.units = units.read_integer();
    counts.dead = units.read_integer();
    check_count(counts.units, "units");
    check_range(static_cast<double>(counts.dead), 0, static_cast<double>(counts.units), "dead");
  }
}

void read_diagnostics(const Database& database, const std::map<std::int64_t, TrialData*>& trials) {
  Statement gradients(database, "SELECT trial, step, norm, clipped, greatest FROM gradients ORDER BY trial, step");
  while (gradients.step()) {
    DiagnosticRecord& record = trials.at(gradients.read_integer())->diagnostics.emplace_back();
    record.step = gradients.read_integer();
    record.gradient_norm = gradients.read_real();
    record.clipped_norm = gradients.read_real();
    record.greatest_norm = gradients.read_real();
    check_count(record.step, "step");
  }
  Statement layers(database,
                   "SELECT trial, step, parameter, elements, gradient_norm, parameter_norm, update_norm, zero_share, "
                   "non_finite FROM layers ORDER BY trial, step, place");
  while (layers.step()) {
    std::vector<DiagnosticRecord>& records = trials.at(layers.read_integer())->diagnostics;
    const std::int64_t step = layers.read_integer();
    const auto record = std::ranges::lower_bound(records, step, {}, &DiagnosticRecord::step);
    if (record == records.end() || record->step != step)
      throw std::out_of_range(fmt::format("layers of step {}, which is missing", step));
    LayerRecord& layer = record->layers.emplace_back();
    layer.parameter = layers.read_text();
    layer.elements = layers.read_integer();
    layer.gradient_norm = layers.read_real();
    layer.parameter_norm = layers.read_real();
    layer.update_norm = layers.read_real();
    layer.zero_share = layers.read_real();
    layer.non_finite = layers.read_integer();
    check_count(layer.elements, "elements");
    check_range(layer.zero_share, 0, 1, "zero_share");
    check_count(layer.non_finite, "non_finite");
  }
}

/// Adds them to the results, which are there already.
void read_reviews(const Database& database, const std::map<std::int64_t, TrialData*>& trials) {
  Statement reviews(database, "SELECT trial, review FROM reviews ORDER BY trial");
  while (reviews.step()) {
    TrialData& trial = *trials.at(reviews.read_integer());
    if (!trial.result) throw std::out_of_range("a review of a trial that has not ended");
    trial.result->review = parse_json(reviews.read_text(), "review").get<Review>();
  }
}

void read_records(const Database& database, StudyData& study) {
  std::map<std::int64_t, TrialData*> by_id;
  for (TrialData& trial : study.trials) by_id[trial.id] = &trial;
  Statement epochs(database,
                   "SELECT trial, epoch, step, lr, seconds, examples_per_second FROM epochs ORDER BY trial, epoch");
  while (epochs.step()) {
    EpochRecord& record = by_id.at(epochs.read_integer())->epochs.emplace_back();
    record.epoch = epochs.read_integer();
    record.step = epochs.read_integer();
    record.lr = epochs.read_real();
    record.seconds = epochs.read_real();
    record.examples_per_second = epochs.read_real();
    check(record);
  }
  read_scores(database, by_id);
  read_reviews(database, by_id);
  Statement steps(database, "SELECT trial, step, loss, lr FROM steps ORDER BY trial, step");
  while (steps.step()) {
    StepRecord& record = by_id.at(steps.read_integer())->steps.emplace_back();
    record.step = steps.read_integer();
    record.loss = steps.read_real();
    record.lr = steps.read_real();
    check_count(record.step, "step");
  }
  read_units(database, by_id);
  read_diagnostics(database, by_id);
}

/// A study that `read` fills in one transaction. What it throws names the file.
template <class Read>
StudyData read_in_one(const Database& database, Read&& read) {
  StudyData study;
  try {
    Transaction transaction(database, Transaction::Kind::read);
    read(study);
    transaction.commit();
  } catch (const Error& error) {
    // What names the file already is told as it is.
    const bool names_file = std::string_view(error.what()).starts_with(database.file().string());
    throw Error(names_file ? error.what() : fmt::format("{}: damaged: {}", database.file().string(), error.what()));
  } catch (const std::exception& error) {
    throw Error(fmt::format("{}: damaged: {}", database.file().string(), plain_message(error)));
  }
  return study;
}

}  // namespace

StudyData read_study(const Database& database) {
  return read_in_one(database, [&](StudyData& study) {
    Statement row(database, "SELECT kind, command FROM study");
    row.step();
    study.kind = row.read_text();
    study.command = row.read_text();
    refuse_damage(database, study);
    read_header(database, study);
    read_trials(database, study);
    read_records(database, study);
  });
}

StudyData read_plan(const Database& database) {
  return read_in_one(database, [&](StudyData& study) {
    refuse_damaged_row(database, damaged_trials(database));
    read_header(database, study);
  });
}

}  // namespace thalweg::lab

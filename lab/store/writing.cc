// Writes a study's rows.
#include "store/writing.h"

#include "store/checksums.h"

#include <thalweg/error.h>

#include <fmt/core.h>
#include <sqlite3.h>

namespace thalweg::lab {
namespace {

/// Runs an UPDATE of one trial, which must be there.
void update_trial(const Database& database, std::int64_t trial, Statement& update) {
  update.bind(trial).run();
  if (sqlite3_changes(database.get()) != 1) {
    throw Error(fmt::format("{}: there is no trial {}", database.file().string(), trial));
  }
}

/// In place of those that the part had at this epoch.
void write_scores(const Database& database, std::int64_t trial, std::int64_t epoch, const char* part,
                  const MetricValues& values) {
  Statement(database, "DELETE FROM scores WHERE trial = ? AND epoch = ? AND part = ?")
      .bind(trial)
      .bind(epoch)
      .bind(part)
      .run();
  Statement insert(database, "INSERT INTO scores VALUES (?, ?, ?, ?, ?)");
  for (const auto& [metric, value] : values) {
    insert.bind(trial).bind(epoch).bind(part).bind(metric).bind(value).run();
  }
}

/// What its test has given.
void remove_test(const Database& database, std::int64_t trial) {
  Statement(database, "DELETE FROM scores WHERE trial = ? AND part = 'test'").bind(trial).run();
  Statement(database, "DELETE FROM reviews WHERE trial = ?").bind(trial).run();
}

}  // namespace

void write_study(const Database& database, const StudyData& study) {
  Statement(database, "INSERT INTO study VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(study.name)
      .bind(study.kind)
      .bind(study.task)
      .bind(study.command)
      .bind(study.created)
      .bind(study.config.dump())
      .bind(study.environment.dump())
      .bind(study.outcome.dump())
      .run();
  seal(database, kStudyRow);
}

void write_plan(const Database& database, const nlohmann::json& config, const std::string& command,
                const nlohmann::json& outcome) {
  Statement(database, "UPDATE study SET config = ?, command = ?, outcome = ?")
      .bind(config.dump())
      .bind(command)
      .bind(outcome.dump())
      .run();
  seal(database, kStudyRow);
}

void write_outcome(const Database& database, const nlohmann::json& outcome) {
  Statement(database, "UPDATE study SET outcome = ?").bind(outcome.dump()).run();
  seal(database, kStudyRow);
}

void write_status(const Database& database, std::int64_t trial, TrialStatus status) {
  Statement update(database, "UPDATE trials SET status = ? WHERE id = ?");
  update.bind(to_string(status));
  update_trial(database, trial, update);
}

void write_epoch(const Database& database, std::int64_t trial, const EpochRecord& record) {
  Statement(database, "INSERT OR REPLACE INTO epochs VALUES (?, ?, ?, ?, ?, ?)")
      .bind(trial)
      .bind(record.epoch)
      .bind(record.step)
      .bind(record.lr)
      .bind(record.seconds)
      .bind(record.examples_per_second)
      .run();
  Statement(database, "DELETE FROM units WHERE trial = ? AND epoch = ?").bind(trial).bind(record.epoch).run();
  Statement units(database, "INSERT INTO units VALUES (?, ?, ?, ?, ?, ?)");
  for (std::size_t place = 0; place < record.units.size(); ++place) {
    const UnitCounts& counts = record.units[place];
    units.bind(trial).bind(record.epoch).bind(static_cast<std::int64_t>(place));
    units.bind(counts.layer).bind(counts.units).bind(counts.dead).run();
  }
  write_scores(database, trial, record.epoch, "train", record.train);
  if (record.validation) write_scores(database, trial, record.epoch, "validation", *record.validation);
}

void write_steps(const Database& database, std::int64_t trial, std::span<const StepRecord> records) {
  Statement statement(database, "INSERT OR REPLACE INTO steps VALUES (?, ?, ?, ?)");
  for (const StepRecord& record : records) {
    statement.bind(trial).bind(record.step).bind(record.loss).bind(record.lr).run();
  }
}

void write_diagnostics(const Database& database, std::int64_t trial, std::span<const DiagnosticRecord> records) {
  Statement gradients(database, "INSERT OR REPLACE INTO gradients VALUES (?, ?, ?, ?, ?)");
  Statement layers(database, "INSERT OR REPLACE INTO layers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  for (const DiagnosticRecord& record : records) {
    gradients.bind(trial)
        .bind(record.step)
        .bind(record.gradient_norm)
        .bind(record.clipped_norm)
        .bind(record.greatest_norm)
        .run();
    for (std::size_t place = 0; place < record.layers.size(); ++place) {
      const LayerRecord& layer = record.layers[place];
      layers.bind(trial)
          .bind(record.step)
          .bind(static_cast<std::int64_t>(place))
          .bind(layer.parameter)
          .bind(layer.elements)
          .bind(layer.gradient_norm)
          .bind(layer.parameter_norm)
          .bind(layer.update_norm)
          .bind(layer.zero_share)
          .bind(layer.non_finite)
          .run();
    }
  }
}

void write_result(const Database& database, std::int64_t trial, const TrainingResult& result) {
  Statement update(database,
                   "UPDATE trials SET status = 'finished', error = '', outcome = ?, reason = ?, epochs = ?, steps = ?, "
                   "seconds = ? WHERE id = ?");
  update.bind(to_string(result.outcome))
      .bind(result.reason)
      .bind(result.epochs)
      .bind(result.steps)
      .bind(result.seconds);
  update_trial(database, trial, update);
  remove_test(database, trial);
  if (result.test) write_scores(database, trial, result.epochs, "test", *result.test);
  if (result.review) {
    // Names of classes are a file's.
    const std::string text =
        nlohmann::json(*result.review).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    Statement(database, "INSERT INTO reviews VALUES (?, ?)").bind(trial).bind(text).run();
  }
  seal(database, trial);
}

std::int64_t write_trial(const Database& database, const TrialData& trial) {
  Statement insert(database,
                   "INSERT INTO trials (number, parameters, optimizer, lr, role, config, status, error) "
                   "VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id");
  insert.bind(trial.number)
      .bind(trial.parameters.is_null() ? std::string() : trial.parameters.dump())
      .bind(trial.optimizer)
      .bind(trial.lr)
      .bind(to_string(trial.role))
      .bind(nlohmann::json(trial.config).dump())
      .bind(to_string(trial.status))
      .bind(trial.error);
  insert.step();
  const std::int64_t id = insert.read_integer();
  insert.run();
  for (const EpochRecord& record : trial.epochs) write_epoch(database, id, record);
  write_steps(database, id, trial.steps);
  write_diagnostics(database, id, trial.diagnostics);
  if (trial.result) {
    write_result(database, id, *trial.result);
    if (trial.status != TrialStatus::finished) write_status(database, id, trial.status);
  }
  return id;
}

void write_failure(const Database& database, std::int64_t trial, const std::string& error) {
  Statement update(database, "UPDATE trials SET status = 'failed', error = ? WHERE id = ?");
  update.bind(error);
  update_trial(database, trial, update);
}

void rewind_trial(const Database& database, std::int64_t trial, std::int64_t step) {
  Statement update(database,
                   "UPDATE trials SET status = 'running', error = '', outcome = NULL, reason = NULL, epochs = NULL, "
                   "steps = NULL, seconds = NULL WHERE id = ?");
  update_trial(database, trial, update);
  remove_test(database, trial);
  for (const char* const remove :
       {"DELETE FROM scores WHERE trial = ? AND epoch IN (SELECT epoch FROM epochs WHERE trial = ? AND step > ?)",
        "DELETE FROM units WHERE trial = ? AND epoch IN (SELECT epoch FROM epochs WHERE trial = ? AND step > ?)"}) {
    Statement(database, remove).bind(trial).bind(trial).bind(step).run();
  }
  Statement(database, "DELETE FROM epochs WHERE trial = ? AND step > ?").bind(trial).bind(step).run();
  for (const char* const remove :
       {"DELETE FROM steps WHERE trial = ? AND step > ?", "DELETE FROM gradients WHERE trial = ? AND step > ?",
        "DELETE FROM layers WHERE trial = ? AND step > ?"}) {
    Statement(database, remove).bind(trial).bind(step).run();
  }
}

void remove_trial(const Database& database, std::int64_t trial) {
  Statement remove(database, "DELETE FROM trials WHERE id = ?");
  update_trial(database, trial, remove);
}

}  // namespace thalweg::lab

// Store: the tables of a study and what is written to and read from them.
#include "store/store.h"

#include "store/database.h"
#include "store/reading.h"

#include <thalweg/error.h>

#include <fmt/chrono.h>
#include <fmt/core.h>
#include <sqlite3.h>

#include <chrono>

namespace thalweg::lab {
namespace {

constexpr std::int64_t kApplication = 0x54484c57;  // "THLW" in the file's header says whose file it is
constexpr std::int64_t kSchemaVersion = 1;

constexpr const char* kSchema = R"sql(
CREATE TABLE study (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  name TEXT NOT NULL, kind TEXT NOT NULL, command TEXT NOT NULL, created TEXT NOT NULL,
  config TEXT NOT NULL, environment TEXT NOT NULL, outcome TEXT NOT NULL);      -- JSON
CREATE TABLE trials (
  id INTEGER PRIMARY KEY,
  optimizer TEXT NOT NULL, lr REAL NOT NULL, role TEXT NOT NULL, config TEXT NOT NULL,
  status TEXT NOT NULL, error TEXT NOT NULL DEFAULT '',
  outcome TEXT, reason TEXT, epochs INTEGER, steps INTEGER,                     -- of a finished trial
  test_loss REAL, test_accuracy REAL, seconds REAL);
CREATE TABLE epochs (
  trial INTEGER NOT NULL REFERENCES trials ON DELETE CASCADE,
  epoch INTEGER NOT NULL, step INTEGER NOT NULL, lr REAL NOT NULL,
  train_loss REAL NOT NULL, train_accuracy REAL NOT NULL, validation_loss REAL, validation_accuracy REAL,
  seconds REAL NOT NULL, images_per_second REAL NOT NULL,
  PRIMARY KEY (trial, epoch)) WITHOUT ROWID;
CREATE TABLE steps (
  trial INTEGER NOT NULL REFERENCES trials ON DELETE CASCADE,
  step INTEGER NOT NULL, loss REAL NOT NULL, lr REAL NOT NULL,
  PRIMARY KEY (trial, step)) WITHOUT ROWID;
)sql";

/// A file with the tables and the study's one row.
void write_new(const std::filesystem::path& file, const StudyData& study) {
  const Database database(file, Access::create);
  database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  Transaction transaction(database, Transaction::Kind::write);
  database.execute(kSchema);
  database.execute(
      fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kApplication, kSchemaVersion).c_str());
  Statement(database, "INSERT INTO study VALUES (1, ?, ?, ?, ?, ?, ?, ?)")
      .bind(study.name)
      .bind(study.kind)
      .bind(study.command)
      .bind(study.created)
      .bind(study.config.dump())
      .bind(study.environment.dump())
      .bind(study.outcome.dump())
      .run();
  transaction.commit();
}

}  // namespace

struct Store::Impl {
  Database database;

  Impl(const std::filesystem::path& file, Access access) : database(file, access) {}

  void check_kind() const {
    const std::string name = database.file().string();
    if (std::filesystem::file_size(database.file()) == 0) throw Error(fmt::format("{}: the file is empty", name));
    if (database.number("PRAGMA application_id") != kApplication) {
      throw Error(fmt::format("{}: an SQLite database, but no study of thalweg", name));
    }
    const std::int64_t version = database.number("PRAGMA user_version");
    if (version > kSchemaVersion) {
      throw Error(fmt::format("{}: written by a newer thalweg (schema {}, this one knows up to {})", name, version,
                              kSchemaVersion));
    }
    Statement check(database, "PRAGMA quick_check(1)");
    const std::string verdict = check.step() ? check.read_text() : "ok";
    if (verdict != "ok") throw Error(fmt::format("{}: damaged: {}", name, verdict));
    Statement study(database, "SELECT count(*) FROM study");
    if (!study.step() || study.read_integer() != 1) throw Error(fmt::format("{}: holds no study", name));
  }

  void set_up_for_writing() const {
    // FULL: a trial that was reported as finished stays finished after a power cut.
    database.execute("PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL");
  }

  /// Runs an UPDATE of one trial, which must be there.
  void update_trial(std::int64_t trial, Statement& update) const {
    update.bind(trial).run();
    if (sqlite3_changes(database.get()) != 1) {
      throw Error(fmt::format("{}: there is no trial {}", database.file().string(), trial));
    }
  }

  void insert_epoch(std::int64_t trial, const EpochRecord& record) const {
    Statement(database, "INSERT OR REPLACE INTO epochs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(trial)
        .bind(record.epoch)
        .bind(record.step)
        .bind(record.lr)
        .bind(record.train_loss)
        .bind(record.train_accuracy)
        .bind(record.validation_loss)
        .bind(record.validation_accuracy)
        .bind(record.seconds)
        .bind(record.images_per_second)
        .run();
  }

  void insert_steps(std::int64_t trial, std::span<const StepRecord> records) const {
    Statement statement(database, "INSERT OR REPLACE INTO steps VALUES (?, ?, ?, ?)");
    for (const StepRecord& record : records) {
      statement.bind(trial).bind(record.step).bind(record.loss).bind(record.lr).run();
    }
  }

  void set_result(std::int64_t trial, const TrainingResult& result) const {
    Statement update(
        database,
        "UPDATE trials SET status = 'finished', error = '', outcome = ?, reason = ?, epochs = ?, steps = ?, "
        "test_loss = ?, test_accuracy = ?, seconds = ? WHERE id = ?");
    update.bind(to_string(result.outcome))
        .bind(result.reason)
        .bind(result.epochs)
        .bind(result.steps)
        .bind(result.test_loss)
        .bind(result.test_accuracy)
        .bind(result.seconds);
    update_trial(trial, update);
  }

  /// Back to `running`, with the records up to `step` alone.
  void rewind(std::int64_t trial, std::int64_t step) const {
    Transaction transaction(database, Transaction::Kind::write);
    Statement update(database,
                     "UPDATE trials SET status = 'running', error = '', outcome = NULL, reason = NULL, epochs = NULL, "
                     "steps = NULL, test_loss = NULL, test_accuracy = NULL, seconds = NULL WHERE id = ?");
    update_trial(trial, update);
    Statement(database, "DELETE FROM epochs WHERE trial = ? AND step > ?").bind(trial).bind(step).run();
    Statement(database, "DELETE FROM steps WHERE trial = ? AND step > ?").bind(trial).bind(step).run();
    transaction.commit();
  }
};

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;

Store Store::create(const std::filesystem::path& file, const StudyData& study) {
  if (std::filesystem::exists(file)) throw Error(fmt::format("{}: exists already", file.string()));
  // Made beside its place and renamed: a process that dies here leaves no half study under the name.
  std::filesystem::path draft = file;
  draft += ".new";
  std::filesystem::remove(draft);
  try {
    write_new(draft, study);
    std::filesystem::rename(draft, file);
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(draft, ignored);
    throw;
  }
  return open(file);
}

Store Store::open(const std::filesystem::path& file) {
  if (!std::filesystem::is_regular_file(file)) throw Error(fmt::format("{}: no such file", file.string()));
  auto impl = std::make_unique<Impl>(file, Access::write);
  impl->check_kind();
  impl->set_up_for_writing();
  return Store(std::move(impl));
}

Store Store::open_for_reading(const std::filesystem::path& file) {
  if (!std::filesystem::is_regular_file(file)) throw Error(fmt::format("{}: no such file", file.string()));
  auto impl = std::make_unique<Impl>(file, Access::read);
  impl->check_kind();
  return Store(std::move(impl));
}

const std::filesystem::path& Store::file() const { return impl_->database.file(); }

void Store::set_outcome(const nlohmann::json& outcome) {
  Statement(impl_->database, "UPDATE study SET outcome = ?").bind(outcome.dump()).run();
}

void Store::set_plan(const nlohmann::json& config, const std::string& command, const nlohmann::json& outcome) {
  Statement(impl_->database, "UPDATE study SET config = ?, command = ?, outcome = ?")
      .bind(config.dump())
      .bind(command)
      .bind(outcome.dump())
      .run();
}

std::int64_t Store::add_trial(const TrialData& trial) {
  const Database& database = impl_->database;
  Transaction transaction(database, Transaction::Kind::write);
  Statement insert(database,
                   "INSERT INTO trials (optimizer, lr, role, config, status, error) VALUES (?, ?, ?, ?, ?, ?) "
                   "RETURNING id");
  insert.bind(trial.optimizer)
      .bind(trial.lr)
      .bind(to_string(trial.role))
      .bind(nlohmann::json(trial.config).dump())
      .bind(to_string(trial.status))
      .bind(trial.error);
  insert.step();
  const std::int64_t id = insert.read_integer();
  insert.run();
  for (const EpochRecord& record : trial.epochs) impl_->insert_epoch(id, record);
  impl_->insert_steps(id, trial.steps);
  if (trial.result) {
    impl_->set_result(id, *trial.result);
    set_status(id, trial.status);
  }
  transaction.commit();
  return id;
}

void Store::set_status(std::int64_t trial, TrialStatus status) {
  Statement update(impl_->database, "UPDATE trials SET status = ? WHERE id = ?");
  update.bind(to_string(status));
  impl_->update_trial(trial, update);
}

void Store::restart(std::int64_t trial) { impl_->rewind(trial, -1); }

void Store::resume(std::int64_t trial, std::int64_t step) { impl_->rewind(trial, step); }

void Store::add_steps(std::int64_t trial, std::span<const StepRecord> records) {
  Transaction transaction(impl_->database, Transaction::Kind::write);
  impl_->insert_steps(trial, records);
  transaction.commit();
}

void Store::add_epoch(std::int64_t trial, const EpochRecord& record) { impl_->insert_epoch(trial, record); }

void Store::finish(std::int64_t trial, const TrainingResult& result) { impl_->set_result(trial, result); }

void Store::fail(std::int64_t trial, const std::string& error) {
  Statement update(impl_->database, "UPDATE trials SET status = 'failed', error = ? WHERE id = ?");
  update.bind(error);
  impl_->update_trial(trial, update);
}

void Store::remove(std::int64_t trial) {
  Statement remove(impl_->database, "DELETE FROM trials WHERE id = ?");
  impl_->update_trial(trial, remove);
}

StudyData Store::load() const { return read_study(impl_->database); }

std::filesystem::path find_study(const std::filesystem::path& file_or_folder) {
  if (!std::filesystem::exists(file_or_folder)) {
    throw Error(fmt::format("{}: no such file or folder", file_or_folder.string()));
  }
  if (!std::filesystem::is_directory(file_or_folder)) return file_or_folder;
  std::filesystem::path file = file_or_folder / kStudyFile;
  if (!std::filesystem::exists(file)) {
    throw Error(fmt::format("{}: no run or study: there is no {} in it", file_or_folder.string(), kStudyFile));
  }
  return file;
}

std::string now_utc() {
  const auto now = std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
}

}  // namespace thalweg::lab

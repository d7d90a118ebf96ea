// The tables of a study.
#include "store/schema.h"

#include "store/checksums.h"

#include <thalweg/error.h>

#include <fmt/core.h>

#include <cstdint>
#include <string>
#include <vector>

namespace thalweg::lab {
namespace {

constexpr std::int64_t kApplication = 0x54484c57;  // "THLW" in the file's header says whose file it is
constexpr std::int64_t kSchemaVersion = 4;

/// Of schema 2, beside what came later.
constexpr const char* kTables = R"sql(
CREATE TABLE study (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  name TEXT NOT NULL, kind TEXT NOT NULL, task TEXT NOT NULL, command TEXT NOT NULL, created TEXT NOT NULL,
  config TEXT NOT NULL, environment TEXT NOT NULL, outcome TEXT NOT NULL);      -- JSON
CREATE TABLE trials (
  id INTEGER PRIMARY KEY,
  optimizer TEXT NOT NULL, lr REAL NOT NULL, role TEXT NOT NULL, config TEXT NOT NULL,
  status TEXT NOT NULL, error TEXT NOT NULL DEFAULT '',
  outcome TEXT, reason TEXT, epochs INTEGER, steps INTEGER,                     -- of a finished trial
  seconds REAL);
CREATE TABLE epochs (
  trial INTEGER NOT NULL REFERENCES trials ON DELETE CASCADE,
  epoch INTEGER NOT NULL, step INTEGER NOT NULL, lr REAL NOT NULL,
  seconds REAL NOT NULL, examples_per_second REAL NOT NULL,
  PRIMARY KEY (trial, epoch)) WITHOUT ROWID;
CREATE TABLE scores (                                                           -- loss and metrics, by name
  trial INTEGER NOT NULL REFERENCES trials ON DELETE CASCADE,
  epoch INTEGER NOT NULL, part TEXT NOT NULL, metric TEXT NOT NULL,             -- train, validation, test
  value REAL NOT NULL,
  PRIMARY KEY (trial, epoch, part, metric)) WITHOUT ROWID;
CREATE TABLE steps (
  trial INTEGER NOT NULL REFERENCES trials ON DELETE CASCADE,
  step INTEGER NOT NULL, loss REAL NOT NULL, lr REAL NOT NULL,
  PRIMARY KEY (trial, step)) WITHOUT ROWID;
CREATE TABLE units (                                                            -- of hidden layers behind ReLU
  trial INTEGER NOT NULL REFERENCES trials ON DELETE CASCADE,
  epoch INTEGER NOT NULL, place INTEGER NOT NULL, layer TEXT NOT NULL, units INTEGER NOT NULL, dead INTEGER NOT NULL,
  PRIMARY KEY (trial, epoch, place)) WITHOUT ROWID;
CREATE TABLE gradients (                                                        -- of all parameters together
  trial INTEGER NOT NULL REFERENCES trials ON DELETE CASCADE,
  step INTEGER NOT NULL, norm REAL NOT NULL, clipped REAL NOT NULL, greatest REAL NOT NULL,
  PRIMARY KEY (trial, step)) WITHOUT ROWID;
CREATE TABLE layers (                                                           -- the parameters of the same steps
  trial INTEGER NOT NULL REFERENCES trials ON DELETE CASCADE,
  step INTEGER NOT NULL, place INTEGER NOT NULL, parameter TEXT NOT NULL, elements INTEGER NOT NULL,
  gradient_norm REAL NOT NULL, parameter_norm REAL NOT NULL, update_norm REAL NOT NULL,
  zero_share REAL NOT NULL, non_finite INTEGER NOT NULL,
  PRIMARY KEY (trial, step, place)) WITHOUT ROWID;
)sql";

/// Since schema 3.
constexpr const char* kReviews = R"sql(
CREATE TABLE reviews (                                                          -- of the test part: Review as JSON
  trial INTEGER PRIMARY KEY REFERENCES trials ON DELETE CASCADE,
  review TEXT NOT NULL);
)sql";

/// Since schema 4: which trial of a search, and its parameters as JSON.
constexpr const char* kParameters = R"sql(
ALTER TABLE trials ADD COLUMN number INTEGER;
ALTER TABLE trials ADD COLUMN parameters TEXT;
)sql";

/// From schema 1, in which every study was a classification. Rows that damage has made impossible are left out; their
/// trial is known as damaged.
constexpr const char* kToSchema2[] = {
    R"sql(
ALTER TABLE study RENAME TO study1;
ALTER TABLE trials RENAME TO trials1;
ALTER TABLE epochs RENAME TO epochs1;
ALTER TABLE steps RENAME TO steps1;
)sql",
    kTables, R"sql(
INSERT OR IGNORE INTO study SELECT id, name, kind, 'classification', command, created, config, environment, outcome FROM study1;
INSERT OR IGNORE INTO trials SELECT id, optimizer, lr, role, config, status, error, outcome, reason, epochs, steps, seconds
  FROM trials1;
INSERT OR IGNORE INTO epochs SELECT trial, epoch, step, lr, seconds, images_per_second FROM epochs1;
INSERT OR IGNORE INTO steps SELECT trial, step, loss, lr FROM steps1;
INSERT OR IGNORE INTO scores SELECT trial, epoch, 'train', 'loss', train_loss FROM epochs1 WHERE train_loss IS NOT NULL;
INSERT OR IGNORE INTO scores SELECT trial, epoch, 'train', 'accuracy', train_accuracy FROM epochs1
  WHERE train_accuracy IS NOT NULL;
INSERT OR IGNORE INTO scores SELECT trial, epoch, 'validation', 'loss', validation_loss FROM epochs1
  WHERE validation_loss IS NOT NULL;
INSERT OR IGNORE INTO scores SELECT trial, epoch, 'validation', 'accuracy', validation_accuracy FROM epochs1
  WHERE validation_accuracy IS NOT NULL;
INSERT OR IGNORE INTO scores SELECT id, epochs, 'test', 'loss', test_loss FROM trials1 WHERE test_loss IS NOT NULL;
INSERT OR IGNORE INTO scores SELECT id, epochs, 'test', 'accuracy', test_accuracy FROM trials1 WHERE test_accuracy IS NOT NULL;
DROP TABLE epochs1; DROP TABLE steps1; DROP TABLE trials1; DROP TABLE study1;
DROP TABLE IF EXISTS checksums;
)sql"};

}  // namespace

void bring_up_to_date(const Database& database) {
  const std::int64_t version = database.number("PRAGMA user_version");
  if (version >= kSchemaVersion) return;
  Transaction transaction(database, Transaction::Kind::write);
  const std::vector<std::int64_t> intact = intact_trials(database), damaged = damaged_trials(database);
  if (version == 1) {
    for (const char* const sql : kToSchema2) database.execute(sql);
  }
  if (version < 3) database.execute(kReviews);
  database.execute(kParameters);
  database.execute(fmt::format("PRAGMA user_version = {}", kSchemaVersion).c_str());
  prepare_checksums(database);
  for (const std::int64_t trial : intact) seal(database, trial);
  for (const std::int64_t trial : damaged) mark_damaged(database, trial);
  transaction.commit();
}

void create_tables(const Database& database) {
  database.execute(kTables);
  database.execute(kReviews);
  database.execute(kParameters);
  database.execute(
      fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kApplication, kSchemaVersion).c_str());
  Transaction transaction(database, Transaction::Kind::write);
  prepare_checksums(database);
  transaction.commit();
}

void check_is_study(const Database& database) {
  const std::string name = database.file().string();
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

}  // namespace thalweg::lab

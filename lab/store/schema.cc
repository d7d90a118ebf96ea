// The tables of a study.
#include "store/schema.h"

#include "store/checksums.h"

#include <thalweg/error.h>

#include <fmt/core.h>

#include <cstdint>
#include <string>

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

}  // namespace

void create_tables(const Database& database) {
  database.execute(kSchema);
  database.execute(
      fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kApplication, kSchemaVersion).c_str());
  prepare_checksums(database);
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

// Checksums of a study's rows: a CRC-32 each, in a table that earlier versions do not look at.
#include "store/checksums.h"

#include "store/crc32.h"

#include <fmt/core.h>

#include <map>
#include <string>
#include <vector>

namespace thalweg::lab {
namespace {

struct Part {
  const char* table;
  const char* trial;   // the column that says whose row it is
  const char* values;  // the other columns
  const char* order;   // one that says nothing of how SQLite keeps the rows
};

/// What a schema's checksums are of.
struct Parts {
  Part study;
  std::vector<Part> trial;
};

const Parts& parts_of_schema1() {
  static const Parts parts{
      {"study", "0", "name, kind, command, created, config, environment, outcome", "id"},
      {{"trials", "id",
        "optimizer, lr, role, config, status, error, outcome, reason, epochs, steps, test_loss, test_accuracy, seconds",
        "id"},
       {"epochs", "trial",
        "epoch, step, lr, train_loss, train_accuracy, validation_loss, validation_accuracy, seconds, images_per_second",
        "trial, epoch"},
       {"steps", "trial", "step, loss, lr", "trial, step"}}};
  return parts;
}

const Parts& parts_of_schema2() {
  static const Parts parts{
      {"study", "0", "name, kind, task, command, created, config, environment, outcome", "id"},
      {{"trials", "id", "optimizer, lr, role, config, status, error, outcome, reason, epochs, steps, seconds", "id"},
       {"epochs", "trial", "epoch, step, lr, seconds, examples_per_second", "trial, epoch"},
       {"scores", "trial", "epoch, part, metric, value", "trial, epoch, part, metric"},
       {"steps", "trial", "step, loss, lr", "trial, step"},
       {"units", "trial", "epoch, place, layer, units, dead", "trial, epoch, place"},
       {"gradients", "trial", "step, norm, clipped, greatest", "trial, step"},
       {"layers", "trial",
        "step, place, parameter, elements, gradient_norm, parameter_norm, update_norm, zero_share, non_finite",
        "trial, step, place"}}};
  return parts;
}

const Parts& parts_of_schema3() {
  static const Parts parts = [] {
    Parts all = parts_of_schema2();
    all.trial.push_back({"reviews", "trial", "review", "trial"});
    return all;
  }();
  return parts;
}

const Parts& parts_of_schema4() {
  static const Parts parts = [] {
    Parts all = parts_of_schema3();
    all.trial.front().values =
        "optimizer, lr, role, config, status, error, outcome, reason, epochs, steps, seconds, number, parameters";
    return all;
  }();
  return parts;
}

const Parts& parts_of(const Database& database) {
  switch (database.number("PRAGMA user_version")) {
    case 1:
      return parts_of_schema1();
    case 2:
      return parts_of_schema2();
    case 3:
      return parts_of_schema3();
    default:
      return parts_of_schema4();
  }
}

void add_trigger(const Database& database, const Part& part, const char* event, const char* row) {
  const bool whole_study = part.trial[0] == '0';
  database.execute(fmt::format("CREATE TRIGGER IF NOT EXISTS {0}_{1}_checksum AFTER {1} ON {0} "
                               "BEGIN DELETE FROM checksums WHERE trial = {2}; END",
                               part.table, event, whole_study ? "0" : fmt::format("{}.{}", row, part.trial))
                       .c_str());
}

using Sums = std::map<std::int64_t, Crc32>;

/// Adds a table's rows to their trials' sums, and their number, so that none can vanish.
void add_rows(const Database& database, const Part& part, const std::string& where, Sums& sums) {
  std::map<std::int64_t, std::int64_t> counts;
  Statement rows(database, fmt::format("SELECT {}, {} FROM {} {} ORDER BY {}", part.trial, part.values, part.table,
                                       where, part.order)
                               .c_str());
  while (rows.step()) {
    const std::int64_t trial = rows.read_integer();
    rows.add_row_to(sums[trial]);
    ++counts[trial];
  }
  for (auto& [trial, sum] : sums) sum.add(counts[trial]);
}

/// Of all trials and of the study's row. All rows are read in the order in which `read_study` reads them: a row whose
/// trial's number was changed is among another's rows, where a search for its trial would not find it.
Sums all_sums(const Database& database) {
  const Parts& parts = parts_of(database);
  Sums sums;
  for (const Part& part : parts.trial) add_rows(database, part, "", sums);
  Sums study;
  add_rows(database, parts.study, "", study);
  sums.merge(study);
  return sums;
}

std::int64_t checksum(const Database& database, std::int64_t trial) {
  const Parts& parts = parts_of(database);
  Sums sums;
  if (trial == kStudyRow) {
    add_rows(database, parts.study, "", sums);
  } else {
    for (const Part& part : parts.trial)
      add_rows(database, part, fmt::format("WHERE {} = {}", part.trial, trial), sums);
  }
  return sums[trial].value();
}

}  // namespace

void prepare_checksums(const Database& database) {
  const Parts& parts = parts_of(database);
  database.execute("CREATE TABLE IF NOT EXISTS checksums (trial INTEGER PRIMARY KEY, crc32 INTEGER NOT NULL)");
  add_trigger(database, parts.study, "UPDATE", "new");
  for (const Part& part : parts.trial) {
    add_trigger(database, part, "INSERT", "new");
    add_trigger(database, part, "UPDATE", "old");
    add_trigger(database, part, "DELETE", "old");
  }
}

void seal(const Database& database, std::int64_t trial) {
  Statement(database, "INSERT OR REPLACE INTO checksums VALUES (?, ?)")
      .bind(trial)
      .bind(checksum(database, trial))
      .run();
}

namespace {

struct Sealed {
  std::vector<std::int64_t> intact, damaged;
};

Sealed look(const Database& database) {
  Sealed found;
  if (database.number("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'checksums'") == 0) {
    return found;
  }
  Sums now = all_sums(database);
  Statement sealed(database, "SELECT trial, crc32 FROM checksums ORDER BY trial");
  while (sealed.step()) {
    const std::int64_t trial = sealed.read_integer();
    if (sealed.read_integer() == now[trial].value()) {
      found.intact.push_back(trial);
      continue;
    }
    Statement row(database, "SELECT 1 FROM trials WHERE id = ?");
    row.bind(trial);
    found.damaged.push_back(row.step() ? trial : kStudyRow);
  }
  return found;
}

}  // namespace

std::vector<std::int64_t> damaged_trials(const Database& database) { return look(database).damaged; }

std::vector<std::int64_t> intact_trials(const Database& database) { return look(database).intact; }

void mark_damaged(const Database& database, std::int64_t trial) {
  constexpr std::int64_t kNone = -1;  // no CRC
  Statement(database, "INSERT OR REPLACE INTO checksums VALUES (?, ?)").bind(trial).bind(kNone).run();
}

}  // namespace thalweg::lab

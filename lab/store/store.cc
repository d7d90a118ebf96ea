// Store: a study's file, its transactions, and whether it is still in its place.
#include "store/store.h"

#include "store/checksums.h"
#include "store/database.h"
#include "store/reading.h"
#include "store/schema.h"
#include "store/snapshot.h"
#include "store/writing.h"

#include <thalweg/error.h>
#include <thalweg/files.h>

#include <fmt/chrono.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <system_error>
#include <utility>

namespace thalweg::lab {
namespace {

/// The device and number of a file, by which it is known again.
using Place = std::pair<dev_t, ino_t>;

std::optional<Place> place_of(const std::filesystem::path& file) {
  struct stat status {};
  if (stat(file.c_str(), &status) != 0) return std::nullopt;
  return Place(status.st_dev, status.st_ino);
}

/// Asked before SQLite is, whose words for it ("unable to open database file") do not say it.
void check_may_be_written(const std::filesystem::path& file) {
  for (const std::filesystem::path& each : {file, std::filesystem::absolute(file).parent_path()}) {
    if (access(each.c_str(), W_OK) == 0) continue;
    throw Error(fmt::format("{} may not be written: {}: {}; reading it, as `thalweg report` does, works", file.string(),
                            each.string(), std::generic_category().message(errno)));
  }
}

void write_records(const Database& database, std::int64_t trial, std::span<const StepRecord> steps,
                   std::span<const DiagnosticRecord> diagnostics, std::span<const EpochRecord> epochs) {
  write_steps(database, trial, steps);
  write_diagnostics(database, trial, diagnostics);
  for (const EpochRecord& epoch : epochs) write_epoch(database, trial, epoch);
}

void remove_file(const std::filesystem::path& file) {
  std::error_code reason;
  std::filesystem::remove(file, reason);
  if (reason) throw Error(fmt::format("cannot remove {}: {}", file.string(), reason.message()));
}

}  // namespace

struct Store::Impl {
  Database database;
  std::optional<Place> place;  // of the file that is written to; readers have a copy in memory
  bool in_memory = false;      // there is no file

  explicit Impl(const std::filesystem::path& file) : database(file), place(place_of(file)) {}
  Impl(const std::filesystem::path& file, std::span<const std::byte> bytes) : database(file, bytes) {}

  /// SQLite goes on writing into a file that was removed, as the system lets it.
  void check_place() const {
    if (in_memory) return;
    if (place_of(database.file()) != place) {
      throw Error(
          fmt::format("{}: was removed, moved or replaced while this process was writing it; what it writes now "
                      "is lost, unless the file was moved and is elsewhere",
                      database.file().string()));
    }
  }

  /// Does `job` in one transaction.
  template <class Job>
  void write(Job&& job) const {
    check_place();
    Transaction transaction(database, Transaction::Kind::write);
    job();
    transaction.commit();
    check_place();
  }
};

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;

Store Store::create(const std::filesystem::path& file, const StudyData& study) {
  if (std::filesystem::exists(file)) throw Error(fmt::format("{}: exists already", file.string()));
  remove_study(file);  // a new database must not find an old one's log
  // Made in memory and put in its place as a whole: there is no moment at which half a study has the name.
  const Store draft = in_memory(study);
  std::vector<std::byte> bytes = draft.impl_->database.bytes();
  set_has_log(bytes, true);  // one in memory has none, the file is to have one
  replace_file(file, bytes);
  return open(file);
}

Store Store::in_memory(const StudyData& study) {
  auto impl = std::make_unique<Impl>("a study in memory", std::span<const std::byte>());
  impl->in_memory = true;
  const Database& database = impl->database;
  create_tables(database);
  write_study(database, study);
  for (const TrialData& trial : study.trials) write_trial(database, trial);
  database.execute("PRAGMA foreign_keys = ON");
  return Store(std::move(impl));
}

Store Store::open(const std::filesystem::path& file) {
  open_for_reading(file);  // what is not ours, or is damaged, is not to be written to
  check_may_be_written(file);
  auto impl = std::make_unique<Impl>(file);
  bring_up_to_date(impl->database);
  // FULL: a trial that was reported as finished stays finished after a power cut.
  impl->database.execute("PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL");
  Transaction transaction(impl->database, Transaction::Kind::write);
  prepare_checksums(impl->database);
  transaction.commit();
  return Store(std::move(impl));
}

Store Store::open_for_reading(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) throw Error(fmt::format("{}: no such file", file.string()));
  if (!std::filesystem::is_regular_file(file)) throw Error(fmt::format("{}: is not a regular file", file.string()));
  const std::vector<std::byte> bytes = read_snapshot(file);
  if (bytes.empty()) throw Error(fmt::format("{}: the file is empty", file.string()));
  auto impl = std::make_unique<Impl>(file, bytes);
  check_is_study(impl->database);
  bring_up_to_date(impl->database);  // the copy in memory
  return Store(std::move(impl));
}

StudyData Store::load_plan(const std::filesystem::path& file) {
  return read_plan(open_for_reading(file).impl_->database);
}

const std::filesystem::path& Store::file() const { return impl_->database.file(); }

void Store::set_outcome(const nlohmann::json& outcome) {
  impl_->write([&] { write_outcome(impl_->database, outcome); });
}

void Store::set_plan(const nlohmann::json& config, const std::string& command, const nlohmann::json& outcome) {
  impl_->write([&] { write_plan(impl_->database, config, command, outcome); });
}

std::int64_t Store::add_trial(const TrialData& trial) { return add_trials({&trial, 1}).front(); }

std::vector<std::int64_t> Store::add_trials(std::span<const TrialData> trials) {
  std::vector<std::int64_t> ids;
  impl_->write([&] {
    for (const TrialData& trial : trials) ids.push_back(write_trial(impl_->database, trial));
  });
  return ids;
}

void Store::set_status(std::int64_t trial, TrialStatus status) {
  impl_->write([&] { write_status(impl_->database, trial, status); });
}

void Store::restart(std::int64_t trial) { resume(trial, -1); }

void Store::resume(std::int64_t trial, std::int64_t step) {
  impl_->write([&] { rewind_trial(impl_->database, trial, step); });
}

void Store::add_records(std::int64_t trial, std::span<const StepRecord> steps,
                        std::span<const DiagnosticRecord> diagnostics, std::span<const EpochRecord> epochs) {
  impl_->write([&] { write_records(impl_->database, trial, steps, diagnostics, epochs); });
}

void Store::finish(std::int64_t trial, const TrainingResult& result, std::span<const StepRecord> steps,
                   std::span<const DiagnosticRecord> diagnostics, std::span<const EpochRecord> epochs) {
  impl_->write([&] {
    write_records(impl_->database, trial, steps, diagnostics, epochs);
    write_result(impl_->database, trial, result);
  });
}

void Store::fail(std::int64_t trial, const std::string& error) {
  impl_->write([&] { write_failure(impl_->database, trial, error); });
}

void Store::remove(std::int64_t trial) {
  impl_->write([&] { remove_trial(impl_->database, trial); });
}

std::vector<std::int64_t> Store::remove_damaged() {
  std::vector<std::int64_t> damaged;
  impl_->write([&] {
    damaged = damaged_trials(impl_->database);
    if (std::ranges::find(damaged, kStudyRow) != damaged.end()) damaged.clear();  // `load` refuses all of it
    for (const std::int64_t trial : damaged) remove_trial(impl_->database, trial);
  });
  return damaged;
}

StudyData Store::load() const {
  if (!impl_->place && !impl_->in_memory) return read_study(open_for_reading(file()).impl_->database);
  impl_->check_place();
  return read_study(impl_->database);
}

void remove_study(const std::filesystem::path& file) {
  // The log before its database: a new database must not find an old one's.
  for (const char* const end : kBesideStudy) remove_file(file.string() + end);
  remove_file(file);
}

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

// Database, Statement, Transaction over SQLite's C interface.
#include "store/database.h"

#include "store/crc32.h"

#include <thalweg/error.h>

#include <fmt/core.h>
#include <sqlite3.h>

#include <bit>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <limits>

namespace thalweg::lab {
namespace {

constexpr int kBusyMilliseconds = 30'000;

/// The system's code for what SQLite could not do, as far as it is known. SQLite keeps it with the file that it was
/// about, the log before all, but passes it on from some calls only.
int system_code(sqlite3* database) {
  int code = 0;
  sqlite3_file* log = nullptr;
  if (sqlite3_file_control(database, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) == SQLITE_OK && log != nullptr &&
      log->pMethods != nullptr && log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &code) == SQLITE_OK &&
      code != 0) {
    return code;
  }
  if (sqlite3_file_control(database, "main", SQLITE_FCNTL_LAST_ERRNO, &code) == SQLITE_OK && code != 0) return code;
  return sqlite3_system_errno(database);
}

/// What the system said when SQLite could not do something with a file, in words that say what to do.
std::string system_reason(int code) {
  switch (code) {
    case 0:
      return {};
    case ENOSPC:
      return "the disk is full";
    case EDQUOT:
      return "the disk quota is used up";
    case EFBIG:
      return "the file would be larger than it may be (ulimit -f)";
    default:
      return std::strerror(code);
  }
}

}  // namespace

void Database::Close::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }

void Database::open(const std::string& name, int flags) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  handle_.reset(handle);
  if (handle == nullptr) throw Error(fmt::format("{}: out of memory", file_.string()));
  if (code != SQLITE_OK) fail(code);
  sqlite3_busy_timeout(handle, kBusyMilliseconds);
  sqlite3_extended_result_codes(handle, 1);
}

Database::Database(const std::filesystem::path& file) : file_(file) { open(file.string(), SQLITE_OPEN_READWRITE); }

Database::Database(const std::filesystem::path& file, std::span<const std::byte> bytes) : file_(file) {
  open(":memory:", SQLITE_OPEN_READWRITE);
  if (bytes.empty()) return;
  auto* const copy = static_cast<unsigned char*>(sqlite3_malloc64(bytes.size()));
  if (copy == nullptr) fail(SQLITE_NOMEM);
  std::memcpy(copy, bytes.data(), bytes.size());
  const auto size = static_cast<sqlite3_int64>(bytes.size());
  // Takes the copy over, even if it fails.
  const int code = sqlite3_deserialize(get(), "main", copy, size, size,
                                       SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE);
  if (code != SQLITE_OK) fail(code);
}

std::vector<std::byte> Database::bytes() const {
  sqlite3_int64 size = 0;
  const std::unique_ptr<unsigned char, void (*)(void*)> copy(sqlite3_serialize(get(), "main", &size, 0), sqlite3_free);
  if (copy == nullptr) fail(SQLITE_NOMEM);
  const auto* const begin = reinterpret_cast<const std::byte*>(copy.get());
  return {begin, begin + size};
}

void Database::execute(const char* sql) const {
  const int code = sqlite3_exec(get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code);
}

std::int64_t Database::number(const char* sql) const {
  Statement statement(*this, sql);
  return statement.step() ? statement.read_integer() : 0;
}

void Database::fail(int code) const {
  const auto fail_by = [&](const std::string& what) { throw Error(fmt::format("{}: {}", file_.string(), what)); };
  const std::string said = sqlite3_errmsg(get());
  switch (code & 0xff) {
    case SQLITE_FULL:
      fail_by(system_reason(ENOSPC));
      break;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      // sqlite3_errmsg is asked before: asking the files is a call like others.
      if (const std::string system = system_reason(system_code(get())); !system.empty()) {
        fail_by(fmt::format("{} ({})", system, said));
      }
      break;
    case SQLITE_NOMEM:
      fail_by("out of memory");
      break;
    case SQLITE_NOTADB:
      fail_by(said + " (damaged, or no study of thalweg)");
      break;
    case SQLITE_CORRUPT:
      fail_by(said + " (damaged)");
      break;
    case SQLITE_BUSY:
      fail_by(fmt::format("{} (another process has held it for {} s)", said, kBusyMilliseconds / 1000));
      break;
    default:
      break;
  }
  throw Error(fmt::format("{}: {}", file_.string(), said));
}

Statement::Statement(const Database& database, const char* sql) : database_(database) {
  check(sqlite3_prepare_v2(database.get(), sql, -1, &statement_, nullptr));
}

Statement::~Statement() { sqlite3_finalize(statement_); }

void Statement::check(int code) const {
  if (code != SQLITE_OK) database_.fail(code);
}

Statement& Statement::bind(std::int64_t value) {
  check(sqlite3_bind_int64(statement_, ++argument_, value));
  return *this;
}

Statement& Statement::bind(double value) {
  if (std::isnan(value)) return bind(std::string_view("nan"));
  check(sqlite3_bind_double(statement_, ++argument_, value));
  return *this;
}

Statement& Statement::bind(std::string_view value) {
  // An empty view may have no address, which SQLite would take for NULL.
  check(sqlite3_bind_text64(statement_, ++argument_, value.empty() ? "" : value.data(), value.size(), SQLITE_TRANSIENT,
                            SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind(const std::optional<double>& value) {
  if (value) return bind(*value);
  check(sqlite3_bind_null(statement_, ++argument_));
  return *this;
}

Statement& Statement::bind(const std::optional<std::int64_t>& value) {
  if (value) return bind(*value);
  check(sqlite3_bind_null(statement_, ++argument_));
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(statement_);
  column_ = 0;
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) database_.fail(code);
  return false;
}

void Statement::run() {
  step();
  check(sqlite3_reset(statement_));
  argument_ = 0;
}

bool Statement::next_is_null() const { return sqlite3_column_type(statement_, column_) == SQLITE_NULL; }

std::int64_t Statement::read_integer() { return sqlite3_column_int64(statement_, column_++); }

double Statement::read_real() {
  const int column = column_++;
  if (sqlite3_column_type(statement_, column) == SQLITE_TEXT) return std::numeric_limits<double>::quiet_NaN();
  return sqlite3_column_double(statement_, column);
}

std::string Statement::read_text() {
  const int column = column_++;
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return text == nullptr ? std::string() : std::string(text, sqlite3_column_bytes(statement_, column));
}

std::optional<double> Statement::read_optional() {
  if (next_is_null()) {
    ++column_;
    return std::nullopt;
  }
  return read_real();
}

std::optional<std::int64_t> Statement::read_optional_integer() {
  if (next_is_null()) {
    ++column_;
    return std::nullopt;
  }
  return read_integer();
}

void Statement::add_row_to(Crc32& sum) const {
  for (int column = 0; column < sqlite3_column_count(statement_); ++column) {
    const int type = sqlite3_column_type(statement_, column);
    sum.add(type);
    if (type == SQLITE_INTEGER) {
      sum.add(sqlite3_column_int64(statement_, column));
    } else if (type == SQLITE_FLOAT) {
      sum.add(std::bit_cast<std::int64_t>(sqlite3_column_double(statement_, column)));
    } else if (type != SQLITE_NULL) {
      // As it is read, not as it is kept: the file's header says how texts are encoded.
      const auto* const text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
      sum.add(std::string_view(text, text == nullptr ? 0 : sqlite3_column_bytes(statement_, column)));
    }
  }
}

Transaction::Transaction(const Database& database, Kind kind) : database_(database) {
  // A writer takes its lock at once: taken later, it could meet another writer's and fail without waiting.
  database.execute(kind == Kind::write ? "BEGIN IMMEDIATE" : "BEGIN");
}

Transaction::~Transaction() {
  // Some failures (a full disk, say) have rolled back already.
  if (open_ && sqlite3_get_autocommit(database_.get()) == 0) {
    sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

void Transaction::commit() {
  database_.execute("COMMIT");
  open_ = false;
}

}  // namespace thalweg::lab

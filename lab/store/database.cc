// Database, Statement, Transaction over SQLite's C interface.
#include "store/database.h"

#include <thalweg/error.h>

#include <fmt/core.h>
#include <sqlite3.h>

#include <cmath>
#include <limits>

namespace thalweg::lab {
namespace {

constexpr int kBusyMilliseconds = 30'000;

/// SQLite's URI for a file, every special character escaped.
std::string immutable_uri(const std::filesystem::path& file) {
  std::string uri = "file:";
  for (const unsigned char c : std::filesystem::absolute(file).string()) {
    if (c == '%' || c == '?' || c == '#') {
      uri += fmt::format("%{:02X}", c);
    } else {
      uri += static_cast<char>(c);
    }
  }
  return uri + "?immutable=1";
}

}  // namespace

void Database::Close::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }

Database::Database(const std::filesystem::path& file, Access access) : file_(file) {
  const auto open = [&](const std::string& name, int flags) {
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(name.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX, nullptr);
    handle_.reset(handle);
    if (handle == nullptr) throw Error(fmt::format("{}: out of memory", file_.string()));
    if (code != SQLITE_OK) fail(code);
    sqlite3_busy_timeout(handle, kBusyMilliseconds);
    sqlite3_extended_result_codes(handle, 1);
  };
  switch (access) {
    case Access::create:
      open(file.string(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
      break;
    case Access::write:
      open(file.string(), SQLITE_OPEN_READWRITE);
      break;
    case Access::read:
      open(file.string(), SQLITE_OPEN_READONLY);
      // A WAL file needs a writable folder for its index. Where that is refused, and no log is waiting, nobody writes.
      if (sqlite3_exec(get(), "PRAGMA schema_version", nullptr, nullptr, nullptr) != SQLITE_OK &&
          (sqlite3_errcode(get()) & 0xff) == SQLITE_CANTOPEN && !std::filesystem::exists(file.string() + "-wal")) {
        open(immutable_uri(file), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
      }
      break;
  }
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
  std::string hint;
  switch (code & 0xff) {
    case SQLITE_NOTADB:
      hint = " (damaged, or no study of thalweg)";
      break;
    case SQLITE_CORRUPT:
      hint = " (damaged)";
      break;
    case SQLITE_BUSY:
      hint = fmt::format(" (another process has held it for {} s)", kBusyMilliseconds / 1000);
      break;
    default:
      break;
  }
  throw Error(fmt::format("{}: {}{}", file_.string(), sqlite3_errmsg(get()), hint));
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

// Database, Statement, Transaction: SQLite's C interface with errors as exceptions that name the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace thalweg::lab {

class Crc32;

/// An open SQLite database. Every failure throws thalweg::Error: `FILE: what SQLite says`, or what the system says
/// where SQLite only says that it does.
class Database {
 public:
  /// The file, which must be there, for reading and writing.
  explicit Database(const std::filesystem::path& file);
  /// One in memory, empty or with a copy of these bytes; `file` is what errors name.
  Database(const std::filesystem::path& file, std::span<const std::byte> bytes);

  const std::filesystem::path& file() const { return file_; }
  sqlite3* get() const { return handle_.get(); }
  /// Runs SQL without arguments and results, several statements too.
  void execute(const char* sql) const;
  /// A pragma's whole number.
  std::int64_t number(const char* sql) const;
  /// What a file with this database would hold.
  std::vector<std::byte> bytes() const;
  [[noreturn]] void fail(int code) const;

 private:
  struct Close {
    void operator()(sqlite3* handle) const;
  };

  void open(const std::string& name, int flags);

  std::filesystem::path file_;
  std::unique_ptr<sqlite3, Close> handle_;
};

/// A prepared statement. `bind` fills the next `?`; columns are read left to right by `read_*` after `step` gave true.
class Statement {
 public:
  Statement(const Database& database, const char* sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(std::int64_t value);
  /// A NaN is kept as the text `nan`, since SQLite would make it NULL, which means absent.
  Statement& bind(double value);
  Statement& bind(std::string_view value);
  Statement& bind(const std::optional<double>& value);
  Statement& bind(const std::optional<std::int64_t>& value);

  /// Goes to the next row, if there is one.
  bool step();
  /// For statements without rows: runs it, after which it can be bound again.
  void run();

  bool next_is_null() const;
  std::int64_t read_integer();
  std::optional<std::int64_t> read_optional_integer();
  double read_real();
  std::string read_text();
  std::optional<double> read_optional();
  /// Adds the types and values of all columns of this row.
  void add_row_to(Crc32& sum) const;

 private:
  void check(int code) const;

  const Database& database_;
  sqlite3_stmt* statement_ = nullptr;
  int argument_ = 0, column_ = 0;
};

/// All or nothing: undone at the end of the scope unless `commit` was called.
class Transaction {
 public:
  enum class Kind { read, write };

  Transaction(const Database& database, Kind kind);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  void commit();

 private:
  const Database& database_;
  bool open_ = true;
};

}  // namespace thalweg::lab

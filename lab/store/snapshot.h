// Snapshot: a study's database as of one moment, read without writing, locking or making anything.
#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

namespace thalweg::lab {

/// The bytes of an SQLite database, with what its write-ahead log holds beyond it merged in as SQLite would. SQLite
/// itself could not do this without a lock and an index file beside the database, which a reader may not be able to
/// make and should not leave. Another process may be writing meanwhile. Throws thalweg::Error, which names the file, if
/// database or log cannot be read, or if the log is damaged so that committed changes would be lost.
std::vector<std::byte> read_snapshot(const std::filesystem::path& database);

/// Has the bytes of an SQLite database say that it has a write-ahead log, or that it has none, as in memory.
void set_has_log(std::vector<std::byte>& database, bool has_log);

}  // namespace thalweg::lab

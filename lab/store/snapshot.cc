// Reads a database and its write-ahead log; their format: https://www.sqlite.org/fileformat2.html, sections 1.3 and 4.
#include "store/snapshot.h"

#include <thalweg/error.h>
#include <thalweg/files.h>

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace thalweg::lab {
namespace {

using Bytes = std::vector<std::byte>;
using View = std::span<const std::byte>;

constexpr int kAttempts = 200;
constexpr std::chrono::milliseconds kBetweenAttempts{10};

constexpr std::string_view kDatabaseMagic{"SQLite format 3\0", 16};
constexpr std::size_t kDatabaseHeader = 100;
constexpr std::size_t kJournalVersions =
    18;  // where two bytes say that the database has a write-ahead log (2) or not (1)

constexpr std::uint32_t kLogMagic = 0x377f0682;  // its lowest bit: checksums are of big-endian words
constexpr std::size_t kLogHeader = 32, kFrameHeader = 24;

std::uint32_t big_endian(View bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | std::to_integer<std::uint32_t>(bytes[at + i]);
  return value;
}

std::uint32_t little_endian(View bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = value << 8 | std::to_integer<std::uint32_t>(bytes[at + i]);
  return value;
}

/// The log's running checksum.
class Checksum {
 public:
  explicit Checksum(bool big) : word_(big ? big_endian : little_endian) {}

  void add(View bytes) {
    for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
      first_ += word_(bytes, at) + second_;
      second_ += word_(bytes, at + 4) + first_;
    }
  }
  /// Do these eight bytes, which are always big-endian, say the same?
  bool matches(View bytes, std::size_t at) const {
    return big_endian(bytes, at) == first_ && big_endian(bytes, at + 4) == second_;
  }

 private:
  std::uint32_t (*word_)(View, std::size_t);
  std::uint32_t first_ = 0, second_ = 0;
};

/// A log's frames, one page each.
class Log {
 public:
  Log(View bytes, std::string name) : bytes_(bytes), name_(std::move(name)) {}

  /// Writes all committed pages into the database. Throws Error if some that were committed are lost.
  void apply_to(Bytes& database) {
    if (bytes_.size() < kLogHeader + kFrameHeader) return;
    Checksum checksum((big_endian(bytes_, 0) & 1) != 0);
    checksum.add(bytes_.first(24));
    page_ = big_endian(bytes_, 8);
    const bool power_of_two = page_ >= 512 && page_ <= 65536 && (page_ & (page_ - 1)) == 0;
    if ((big_endian(bytes_, 0) & ~1U) != kLogMagic || !checksum.matches(bytes_, 24) || !power_of_two) {
      fail("its header is damaged");
    }
    std::size_t valid = 0, committed = 0, pages = 0;
    for (; has(valid) && is_of_this_log(valid); ++valid) {
      checksum.add(frame(valid).first(8));
      checksum.add(page(valid));
      if (!checksum.matches(frame(valid), 16)) break;
      if (const std::uint32_t size = big_endian(frame(valid), 4); size != 0) {
        committed = valid + 1;
        pages = size;
      }
    }
    refuse_lost_commits(valid);
    if (committed == 0) return;
    database.resize(pages * page_);
    for (std::size_t i = 0; i < committed; ++i) {
      const std::size_t number = big_endian(frame(i), 0);
      if (number >= 1 && number <= pages) std::ranges::copy(page(i), database.begin() + offset(number));
    }
  }

 private:
  std::size_t begin(std::size_t i) const { return kLogHeader + i * (kFrameHeader + page_); }
  bool has(std::size_t i) const { return begin(i + 1) <= bytes_.size(); }
  View frame(std::size_t i) const { return bytes_.subspan(begin(i), kFrameHeader); }
  View page(std::size_t i) const { return bytes_.subspan(begin(i) + kFrameHeader, page_); }
  std::ptrdiff_t offset(std::size_t number) const { return static_cast<std::ptrdiff_t>((number - 1) * page_); }
  /// Frames of a log that stood in the file before have another salt.
  bool is_of_this_log(std::size_t i) const { return std::memcmp(frame(i).data() + 8, bytes_.data() + 16, 8) == 0; }

  /// A frame that was torn by a power cut is among the last, of a change that was never reported as done. It or one
  /// behind it may be that change's end, but none may be another's.
  void refuse_lost_commits(std::size_t first) const {
    int commits = 0;
    for (std::size_t i = first; has(i); ++i) {
      if (is_of_this_log(i) && big_endian(frame(i), 4) != 0) ++commits;
    }
    const std::size_t frames = (bytes_.size() - kLogHeader) / (kFrameHeader + page_);
    if (commits > 1) fail(fmt::format("it is damaged at frame {} of {}", first + 1, frames));
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(
        fmt::format("{}: {}, and with it the study's latest changes; without this file, the study is as it was "
                    "some changes before",
                    name_, what));
  }

  View bytes_;
  std::string name_;
  std::size_t page_ = 0;
};

/// The log; nothing if there is none.
std::optional<Bytes> read_log(const std::filesystem::path& log) {
  std::error_code ignored;
  if (!std::filesystem::exists(log, ignored)) return std::nullopt;
  try {
    return read_file(log);
  } catch (const Error& error) {
    if (!std::filesystem::exists(log, ignored)) return std::nullopt;  // its writer has just finished
    throw Error(fmt::format("{}; the study's latest changes are in it", error.what()));
  }
}

bool begins_with(const std::optional<Bytes>& whole, const std::optional<Bytes>& begin) {
  if (!begin || begin->empty()) return true;
  return whole && whole->size() >= begin->size() && std::equal(begin->begin(), begin->end(), whole->begin());
}

}  // namespace

std::vector<std::byte> read_snapshot(const std::filesystem::path& database) {
  const std::filesystem::path log = database.string() + "-wal", journal = database.string() + "-journal";
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    // A database changes only where its log is merged into it, and a log only grows until it begins anew. What is the
    // same in two readings did not change in between, so that this is the state of the moment between them.
    Bytes bytes = read_file(database);
    const std::optional<Bytes> changes = read_log(log);
    if (bytes != read_file(database) || !begins_with(read_log(log), changes)) {
      std::this_thread::sleep_for(kBetweenAttempts);
      continue;
    }
    std::error_code none;
    if (const std::uintmax_t size = std::filesystem::file_size(journal, none); !none && size > 0) {
      throw Error(
          fmt::format("{}: another program's change was cut off, and is to be undone by this file; opening the "
                      "study with sqlite3 does so",
                      journal.string()));
    }
    if (changes) Log(*changes, log.string()).apply_to(bytes);
    const bool is_database =
        bytes.size() >= kDatabaseHeader && std::memcmp(bytes.data(), kDatabaseMagic.data(), kDatabaseMagic.size()) == 0;
    if (is_database) set_has_log(bytes, false);
    return bytes;
  }
  throw Error(fmt::format("{}: another process changes it all the time; try again later", database.string()));
}

void set_has_log(Bytes& database, bool has_log) {
  std::fill_n(database.begin() + kJournalVersions, 2, has_log ? std::byte{2} : std::byte{1});
}

}  // namespace thalweg::lab

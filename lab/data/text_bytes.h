// TextBytes: the whole text of a file in memory, checked to be text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::lab {

/// The text of a file without the byte order mark that it may begin with. A line feed and zeros stand behind it, so
/// that a scan for the end of a line, or a read of 8 bytes at once, needs no look at where the text ends.
class TextBytes {
 public:
  /// Reads a file. Files that begin with 1f 8b are gzip, whatever their name. Throws Error if it cannot be read.
  explicit TextBytes(const std::filesystem::path& file);
  /// A copy of a text that is in memory already; `name` is what errors call it.
  TextBytes(std::string_view text, std::string name);

  const std::string& name() const { return name_; }
  const char* begin() const { return begin_; }
  const char* end() const { return end_; }  ///< where the line feed of our own stands
  std::size_t size() const { return static_cast<std::size_t>(end_ - begin_); }

  /// A piece of the text from the beginning of a line up to the beginning of another, or the text's end.
  struct Piece {
    const char* begin;
    const char* end;
    std::int64_t lines;  ///< line feeds
    bool odd;            ///< whether the number of double quotes is odd
  };
  /// Cuts the text into about as many pieces, none of them empty, and looks at every byte, in as many threads. Throws
  /// Error with the line of the first byte that is neither UTF-8 nor text: control characters other than tab, line feed
  /// and carriage return are not.
  std::vector<Piece> check(std::size_t pieces) const;

  /// Line of a byte, counted from 1.
  std::int64_t line_of(const char* at) const;
  /// Throws Error: `FILE:LINE: what`.
  [[noreturn]] void fail(const char* at, const std::string& what) const;

 private:
  void allocate(std::size_t size);
  void skip_mark();

  std::string name_;
  std::unique_ptr<char[]> memory_;
  const char* begin_ = nullptr;
  const char* end_ = nullptr;
};

}  // namespace thalweg::lab

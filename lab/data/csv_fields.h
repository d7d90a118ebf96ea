// Fields of CSV: where one begins and ends. Here, in a header, because the loop over all fields is made of it.
//
// Written by ourselves because libcsv, which calls a function for every field, takes as long to find the fields alone
// as pandas takes to read the whole file (bench/csv).
#pragma once

#include "data/value_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace thalweg::lab {

/// What is wrong, and where in the text. Thrown by what reads fields, and caught where the line is known.
struct CsvProblem {
  const char* at;
  std::string what;
};

/// A field's text. In a field with doubled quotes they still are doubled.
struct CsvField {
  std::string_view text;
  bool doubled = false;
};

/// The text of a field, with its quotes no longer doubled.
inline std::string plain_text(const CsvField& field) {
  std::string result(field.text);
  if (!field.doubled) return result;
  std::size_t size = 0;
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[size++] = result[i];
    if (result[i] == '"') ++i;  // the second of two
  }
  result.resize(size);
  return result;
}

/// Finds fields and rows in a text behind whose end a line feed stands, and from each of whose bytes on 8 can be read.
class CsvFields {
 public:
  CsvFields(char separator, const char* end)
      : separator_(separator), separators_(kOnes * static_cast<unsigned char>(separator)), end_(end) {
    for (const char c : {separator, '\n', '\r'}) stops_[static_cast<unsigned char>(c)] = true;
  }

  bool ends_field(char c) const { return stops_[static_cast<unsigned char>(c)]; }
  bool is_separator(char c) const { return c == separator_; }
  bool is_space(char c) const { return c == ' ' || (c == '\t' && separator_ != '\t'); }

  /// The field that begins at `at`, which becomes the place of the separator or line end behind it. Throws CsvProblem.
  CsvField next(const char*& at) const {
    while (is_space(*at)) ++at;
    if (*at == '"' && at < end_) return quoted(at);
    const char* const begin = at;
    at = field_end(at);
    return {trimmed(begin, at), false};
  }

  /// Without spaces and tabs at its end.
  std::string_view trimmed(const char* begin, const char* end) const {
    while (end > begin && is_space(end[-1])) --end;
    return {begin, static_cast<std::size_t>(end - begin)};
  }

  /// The beginning of the next line; `at` is at a line end. Throws CsvProblem.
  const char* next_line(const char* at) const {
    if (*at == '\r') ++at;
    if (*at != '\n') throw CsvProblem{at - 1, "a carriage return without a line feed behind it ends no row"};
    return at + 1;
  }

  /// From the beginning of a line on: over lines that are empty, to the next one that is not, or to `limit`, where a
  /// line begins or the text ends. `lines` counts those that are empty.
  const char* skip_blank(const char* line, const char* limit, std::int64_t& lines) const {
    while (line < limit) {
      const char* at = line;
      while (*at == ' ') ++at;
      if (*at == '\r' && at[1] == '\n') ++at;
      if (*at != '\n') return line;
      ++lines;
      line = at + 1;
    }
    return std::min(line, end_);
  }

 private:
  // Where a field without quotes ends. Eight bytes at once, which takes half the time of a loop over bytes.
  const char* field_end(const char* at) const {
    if constexpr (std::endian::native == std::endian::little) {
      for (;; at += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, at, sizeof word);
        const std::uint64_t ends = zeros(word ^ separators_) | zeros(word ^ kLineFeeds) | zeros(word ^ kReturns);
        if (ends != 0) return at + std::countr_zero(ends) / 8;
      }
    } else {
      while (!ends_field(*at)) ++at;
      return at;
    }
  }

  static constexpr std::uint64_t kOnes = 0x0101010101010101;
  static constexpr std::uint64_t kLineFeeds = kOnes * '\n';
  static constexpr std::uint64_t kReturns = kOnes * '\r';
  // The top bit of the first byte that is zero, and perhaps of bytes behind it.
  static constexpr std::uint64_t zeros(std::uint64_t word) { return (word - kOnes) & ~word & (kOnes << 7); }

  CsvField quoted(const char*& at) const {
    const char* const open = at;
    bool doubled = false;
    for (const char* from = open + 1;; from += 2) {
      from = static_cast<const char*>(std::memchr(from, '"', static_cast<std::size_t>(end_ - from)));
      if (from == nullptr) throw CsvProblem{open, "the quote that opens here is never closed"};
      if (from[1] == '"' && from + 1 < end_) {
        doubled = true;
        continue;
      }
      at = from + 1;
      while (is_space(*at)) ++at;
      if (!ends_field(*at)) {
        throw CsvProblem{at, fmt::format("{} follows a closing quote; expected a separator or the line's end "
                                         "(a quote within quotes is written twice)",
                                         shown({at, character(at)}))};
      }
      return {{open + 1, static_cast<std::size_t>(from - open - 1)}, doubled};
    }
  }

  // Bytes of the UTF-8 character at `at`.
  std::size_t character(const char* at) const {
    const char* next = at + 1;
    while (next < end_ && (static_cast<unsigned char>(*next) & 0xc0) == 0x80) ++next;
    return static_cast<std::size_t>(next - at);
  }

  char separator_;
  std::uint64_t separators_;
  const char* end_;
  std::array<bool, 256> stops_{};
};

}  // namespace thalweg::lab

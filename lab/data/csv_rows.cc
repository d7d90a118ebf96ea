// The rows of a CSV file: read in pieces, in several threads, into columns.
#include "data/csv_rows.h"

#include "data/csv_fields.h"
#include "data/huge_pages.h"
#include "data/in_parallel.h"
#include "data/plain_number.h"
#include "data/value_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>

namespace thalweg::lab {

namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

// A piece while it is read.
struct Work {
  const char* begin = nullptr;  // of a row
  const char* limit = nullptr;  // the last row begins before it
  const char* end = nullptr;    // behind the last row
  std::int64_t most_rows = 0;
  CsvPiece piece;
  std::optional<CsvProblem> problem;
};

class RowReader {
 public:
  RowReader(const TextBytes& text, const CsvLayout& layout, const std::vector<CsvFieldUse>& uses)
      : fields_(layout.separator, text.end()), layout_(layout), uses_(uses) {}

  void read(Work& work) const {
    work.piece = {};
    work.problem.reset();
    work.piece.columns.resize(uses_.size());
    for (std::size_t i = 0; i < uses_.size(); ++i) reserve(work.piece.columns[i], uses_[i], work.most_rows);
    const char* at = work.begin;
    std::int64_t line = 0;
    try {
      while ((at = fields_.skip_blank(at, work.limit, line)) < work.limit) {
        std::int64_t feeds = 1;
        read_row(at, work.piece.columns, feeds);
        at = fields_.next_line(at);
        work.piece.lines.add(work.piece.rows++, line);
        line += feeds;
      }
    } catch (CsvProblem& problem) {
      work.problem = std::move(problem);
    }
    work.end = at;
    work.piece.line_count = line;
  }

 private:
  static void reserve(CsvPieceColumn& column, CsvFieldUse use, std::int64_t rows) {
    if (use == CsvFieldUse::category) make_room(column.codes, rows);
    if (use == CsvFieldUse::numeric || use == CsvFieldUse::maybe_numeric) make_room(column.numbers, rows);
  }
  template <class Value>
  static void make_room(std::vector<Value>& values, std::int64_t rows) {
    values.reserve(static_cast<std::size_t>(rows));
    use_huge_pages(values.data(), values.capacity() * sizeof(Value));
  }

  // Reads the fields of the row at `at`, which becomes the place of its line end; counts line feeds in them.
  void read_row(const char*& at, std::vector<CsvPieceColumn>& columns, std::int64_t& feeds) const {
    const char* const row = at;
    const std::size_t last = uses_.size() - 1;
    for (std::size_t i = 0;; ++i, ++at) {
      switch (uses_[i]) {
        case CsvFieldUse::numeric:
        case CsvFieldUse::maybe_numeric:
          read_number_field(at, columns[i], i, feeds);
          break;
        case CsvFieldUse::category:
          read_category_field(at, columns[i], feeds);
          break;
        case CsvFieldUse::skip:
          next(at, feeds);
          break;
      }
      if (!fields_.is_separator(*at)) {
        if (i == last) return;
        fail_fields(row, i + 1);
      }
      if (i == last) fail_fields(row, count_fields(at, i + 1));
    }
  }

  CsvField next(const char*& at, std::int64_t& feeds) const {
    const char* const begin = at;
    const CsvField field = fields_.next(at);
    if (*begin == '"' || fields_.is_space(*begin)) feeds += std::count(begin, at, '\n');
    return field;
  }

  void read_number_field(const char*& at, CsvPieceColumn& column, std::size_t i, std::int64_t& feeds) const {
    double value = kMissing;
    const char* const end = read_plain_number(at, value);
    if (end != nullptr && fields_.ends_field(*end)) {
      at = end;
    } else {
      value = kMissing;
      read_unusual_number(at, value, column, i, feeds);
    }
    if (!column.category) column.numbers.push_back(value);
  }

  void read_unusual_number(const char*& at, double& value, CsvPieceColumn& column, std::size_t i,
                           std::int64_t& feeds) const {
    const char* const begin = at;
    const CsvField field = next(at, feeds);
    if (is_missing(field.text)) return;
    const NumberText kind = read_number(field.text, value);
    if (kind == NumberText::number) return;
    const bool must = uses_[i] == CsvFieldUse::numeric;
    if (kind == NumberText::out_of_range) {
      if (must) throw CsvProblem{begin, out_of_range_text(layout_.names[i], field.text)};
      if (column.out_of_range == nullptr) column.out_of_range = begin;
    } else if (must) {
      throw CsvProblem{
          begin, fmt::format("column {}: {} is not a number{}", shown(layout_.names[i]), shown(plain_text(field)),
                             has_decimal_comma(field.text) ? "; decimals are written with a point, not a comma" : "")};
    } else if (!column.category) {
      column.category = true;
      column.numbers = {};
    }
  }

  void read_category_field(const char*& at, CsvPieceColumn& column, std::int64_t& feeds) const {
    const CsvField field = next(at, feeds);
    column.codes.push_back(field.doubled ? column.values.code_of_copy(plain_text(field))
                                         : column.values.code(field.text));
  }

  std::size_t count_fields(const char* at, std::size_t before) const {
    while (fields_.is_separator(*at)) {
      ++before;
      fields_.next(++at);
    }
    return before;
  }

  [[noreturn]] void fail_fields(const char* row, std::size_t found) const {
    const std::size_t expected = uses_.size();
    throw CsvProblem{row, fmt::format("the row has {} field{}; expected {}, as in the {}", found, found == 1 ? "" : "s",
                                      expected, layout_.header ? "header" : "first row")};
  }

  CsvFields fields_;
  const CsvLayout& layout_;
  const std::vector<CsvFieldUse>& uses_;
};

// The first row that begins at `line`, the beginning of a line, or behind it; `open` says whether that is within
// quotes. The text's end if there is none.
const char* first_row(const TextBytes& text, const char* line, bool open) {
  const char* at = line;
  while (open && at < text.end()) {
    // Outside of quotes again where their number is even.
    bool within = true;
    for (; at < text.end() && (within || *at != '\n'); ++at) within ^= *at == '"';
    if (at < text.end()) ++at;
    open = false;
  }
  return at;
}

// As many rows as there can be in a part of the text: every row has a line feed, and a byte for every column.
std::int64_t most_rows(std::int64_t lines, std::ptrdiff_t bytes, std::size_t columns) {
  return 1 + std::min<std::int64_t>(lines, bytes / static_cast<std::ptrdiff_t>(columns));
}

std::vector<Work> cut(const TextBytes& text, const std::vector<TextBytes::Piece>& pieces, const CsvLayout& layout) {
  std::vector<Work> works;
  std::int64_t lines = 0;
  bool open = false;
  const char* begin = layout.first;
  for (const TextBytes::Piece& piece : pieces) {
    Work work;
    work.begin = std::max(begin, first_row(text, piece.begin, open));
    work.most_rows = most_rows(piece.lines, piece.end - piece.begin, layout.names.size());
    if (!works.empty()) works.back().limit = work.begin;
    begin = work.begin;
    works.push_back(std::move(work));
    lines += piece.lines;
    open ^= piece.odd;
  }
  works.back().limit = text.end();
  // The others' rows will be put behind those of the first piece.
  works.front().most_rows = most_rows(lines, text.end() - text.begin(), layout.names.size());
  return works;
}

}  // namespace

std::string out_of_range_text(const std::string& name, std::string_view value) {
  return fmt::format("column {}: {} is outside the range of doubles (4.9e-324 to 1.8e308)", shown(name), shown(value));
}

std::vector<CsvPiece> read_rows(const TextBytes& text, const std::vector<TextBytes::Piece>& pieces,
                                const CsvLayout& layout, const std::vector<CsvFieldUse>& uses) {
  std::vector<Work> works = cut(text, pieces, layout);
  const RowReader reader(text, layout, uses);
  in_parallel(works.size(), [&](std::size_t i) { reader.read(works[i]); });
  std::vector<CsvPiece> result;
  const char* begin = layout.first;
  for (Work& work : works) {
    // Quotes within fields that began without one are counted too where the text is cut. If that cut within a row, this
    // piece is read once more, from where the one before it has really ended.
    if (work.begin != begin) {
      work.begin = begin;
      reader.read(work);
    }
    if (work.problem) text.fail(work.problem->at, work.problem->what);
    begin = work.end;
    result.push_back(std::move(work.piece));
  }
  return result;
}

}  // namespace thalweg::lab

// How a CSV file is written: its separator, its header, and what its columns seem to be.
#include "data/csv_layout.h"

#include "data/csv_fields.h"
#include "data/value_text.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace thalweg::lab {

namespace {

constexpr std::size_t kSample = 100;  // rows that are looked at

using Row = std::vector<std::string>;

// The rows at the beginning, as far as they can be read.
struct Sample {
  std::vector<Row> rows;
  const char* second = nullptr;  // where the second row begins, or the text's end
  std::optional<CsvProblem> problem;
};

Sample read_sample(const TextBytes& text, char separator) {
  const CsvFields fields(separator, text.end());
  Sample sample;
  std::int64_t ignored = 0;
  const char* at = fields.skip_blank(text.begin(), text.end(), ignored);
  try {
    while (at < text.end() && sample.rows.size() <= kSample) {
      Row row;
      for (;; ++at) {
        row.push_back(plain_text(fields.next(at)));
        if (!fields.is_separator(*at)) break;
      }
      at = fields.skip_blank(fields.next_line(at), text.end(), ignored);
      if (sample.rows.empty()) sample.second = at;
      sample.rows.push_back(std::move(row));
    }
  } catch (CsvProblem& problem) {
    sample.problem = std::move(problem);
  }
  return sample;
}

// How far the rows agree on a number of fields.
struct Agreement {
  bool full = false;
  std::size_t rows = 0;    // that have the number that most have
  std::size_t fields = 0;  // that number
};

Agreement agreement_of(const Sample& sample) {
  std::map<std::size_t, std::size_t> rows_of;
  for (const Row& row : sample.rows) ++rows_of[row.size()];
  Agreement agreement;
  for (const auto& [fields, rows] : rows_of)
    if (rows >= agreement.rows) agreement = {false, rows, fields};
  agreement.full = !sample.problem && agreement.rows == sample.rows.size();
  return agreement;
}

char find_separator(const TextBytes& text) {
  constexpr std::array<char, 4> kRarestFirst = {'\t', ';', '|', ','};
  char best = ',';
  Agreement most;
  for (const char separator : kRarestFirst) {
    const Agreement agreement = agreement_of(read_sample(text, separator));
    if (agreement.fields < 2) continue;
    if (agreement.full) return separator;
    if (std::pair(agreement.rows, agreement.fields) >= std::pair(most.rows, most.fields)) {
      most = agreement;
      best = separator;
    }
  }
  return best;
}

bool is_number(const std::string& text) {
  double ignored = 0;
  return read_number(text, ignored) != NumberText::none;
}

// Rows `from` and on of the column: numbers, at least one, and nothing else but missing values?
bool numbers_below(const std::vector<Row>& rows, std::size_t column, std::size_t from) {
  bool some = false;
  for (std::size_t i = from; i < rows.size(); ++i) {
    if (column >= rows[i].size() || is_missing(rows[i][column])) continue;
    if (!is_number(rows[i][column])) return false;
    some = true;
  }
  return some;
}

bool find_header(const std::vector<Row>& rows, const CsvOptions& options) {
  const Row& first = rows.front();
  if (options.schema) {
    const std::set<std::string_view> names(first.begin(), first.end());
    if (std::all_of(options.schema->begin(), options.schema->end(),
                    [&](const CsvColumn& column) { return column.optional || names.contains(column.name); })) {
      return true;
    }
  }
  if (std::none_of(first.begin(), first.end(), is_number)) return true;
  for (std::size_t i = 0; i < first.size(); ++i)
    if (!is_number(first[i]) && !is_missing(first[i]) && numbers_below(rows, i, 1)) return true;
  return false;
}

std::vector<std::string> names_of(const TextBytes& text, const char* at, Row header) {
  std::map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (header[i].empty()) header[i] = fmt::format("c{}", i + 1);
    const auto [found, added] = places.emplace(header[i], i);
    if (added) continue;
    text.fail(at, fmt::format("columns {} and {} are both called {}; give each a name of its own", found->second + 1,
                              i + 1, shown(header[i])));
  }
  return header;
}

}  // namespace

CsvLayout csv_layout(const TextBytes& text, const CsvOptions& options) {
  CsvLayout layout;
  layout.separator = options.separator != '\0' ? options.separator : find_separator(text);
  const CsvFields fields(layout.separator, text.end());
  std::int64_t ignored = 0;
  const char* const start = fields.skip_blank(text.begin(), text.end(), ignored);
  if (start == text.end())
    throw Error(fmt::format("{}: is empty; expected rows of values, or names and rows of values", text.name()));
  const Sample sample = read_sample(text, layout.separator);
  const std::vector<Row>& rows = sample.rows;
  if (rows.empty()) text.fail(sample.problem->at, sample.problem->what);
  layout.header = options.header.value_or(find_header(rows, options));
  layout.first = layout.header ? sample.second : start;
  layout.names = names_of(text, start, layout.header ? rows.front() : Row(rows.front().size()));
  if (layout.first == text.end()) {
    text.fail(start, fmt::format("the file has a header ({} column{}) and no rows of values", layout.names.size(),
                                 layout.names.size() == 1 ? "" : "s"));
  }
  const std::size_t from = layout.header ? 1 : 0;
  for (std::size_t i = 0; i < layout.names.size(); ++i) {
    layout.category.push_back(
        std::any_of(rows.begin() + static_cast<std::ptrdiff_t>(from), rows.end(),
                    [&](const Row& row) { return i < row.size() && !is_missing(row[i]) && !is_number(row[i]); }));
  }
  return layout;
}

}  // namespace thalweg::lab

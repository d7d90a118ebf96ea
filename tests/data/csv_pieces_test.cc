// CSV: whatever a table holds and however it is written, it is read back, the same in any number of threads.
#include "data/csv.h"

#include "error_of.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <random>
#include <sstream>

namespace thalweg::lab {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using tests::error_of;

using Random = std::mt19937_64;

int below(Random& random, int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(random); }

CsvOptions in_threads(int threads) {
  CsvOptions options;
  options.threads = threads;
  options.smallest_piece = 1;
  return options;
}

void expect_equal(const DataTable& a, const DataTable& b) {
  ASSERT_EQ(a.rows, b.rows);
  ASSERT_EQ(a.columns.size(), b.columns.size());
  EXPECT_EQ(a.warnings, b.warnings);
  for (std::size_t i = 0; i < a.columns.size(); ++i) {
    EXPECT_EQ(a.columns[i].name, b.columns[i].name);
    EXPECT_EQ(a.columns[i].kind, b.columns[i].kind);
    EXPECT_EQ(a.columns[i].codes, b.columns[i].codes);
    EXPECT_EQ(a.columns[i].categories, b.columns[i].categories);
    EXPECT_TRUE(std::equal(a.columns[i].numbers.begin(), a.columns[i].numbers.end(), b.columns[i].numbers.begin(),
                           b.columns[i].numbers.end(), [](double x, double y) {
                             return std::bit_cast<std::uint64_t>(x) == std::bit_cast<std::uint64_t>(y);
                           }));
  }
  for (std::int64_t row = 0; row < a.rows; ++row) ASSERT_EQ(a.lines(row), b.lines(row));
}

// A table, and how it may be written.
struct Written {
  DataTable table;
  std::string text;
};

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) result += c == '"' ? "\"\"" : std::string(1, c);
  return result + "\"";
}

std::string number_text(double value) {
  char buffer[64];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

double any_double(Random& random) {
  for (;;) {
    const auto value = std::bit_cast<double>(random());
    if (std::isfinite(value)) return value;
  }
}

std::string any_text(Random& random, char separator) {
  const std::vector<std::string> pieces = {"a",    "B", "é", "€", " ",  "\t", "\"", "\n",
                                           "\r\n", ",", ";", "|", "x1", "-",  "7"};
  std::string text;
  do {
    text = "w";  // no number, and not missing
    for (int i = below(random, 12); i > 0; --i)
      text += pieces[static_cast<std::size_t>(below(random, static_cast<int>(pieces.size())))];
  } while (text.find(separator) != std::string::npos && below(random, 2) == 0);
  return text;
}

bool needs_quotes(const std::string& text, char separator) {
  return text.find_first_of(std::string("\n\r") + separator) != std::string::npos || text.front() == '"' ||
         text.back() == ' ' || text.back() == '\t';
}

Written write(Random& random) {
  const char separator = ",;\t|"[below(random, 4)];
  const std::string line_end = below(random, 2) == 0 ? "\n" : "\r\n";
  const std::vector<std::string> missing = {"", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?"};
  Written written;
  const int columns = 2 + below(random, 5);
  const int rows = 1 + below(random, 60);
  std::vector<std::vector<std::string>> cells(static_cast<std::size_t>(columns));
  for (std::size_t i = 0; i < cells.size(); ++i) {
    TableColumn column;
    column.name = "n" + std::to_string(i) + (below(random, 3) == 0 ? any_text(random, separator) : "");
    column.kind = below(random, 2) == 0 ? ColumnKind::numeric : ColumnKind::category;
    std::vector<std::string> values;
    for (int k = below(random, 20); k >= 0; --k) values.push_back(any_text(random, separator));
    for (int row = 0; row < rows; ++row) {
      // A category that nothing is there of would be numeric.
      const bool some = row > 0 && below(random, 6) == 0;
      if (some) {
        cells[i].push_back(missing[static_cast<std::size_t>(below(random, static_cast<int>(missing.size())))]);
      } else if (column.kind == ColumnKind::numeric) {
        cells[i].push_back(number_text(below(random, 2) == 0 ? any_double(random) : below(random, 1000) / 8.0));
      } else {
        cells[i].push_back(values[static_cast<std::size_t>(below(random, static_cast<int>(values.size())))]);
      }
      if (column.kind == ColumnKind::category && !some) column.categories.push_back(cells[i].back());
    }
    std::sort(column.categories.begin(), column.categories.end());
    column.categories.erase(std::unique(column.categories.begin(), column.categories.end()), column.categories.end());
    for (const std::string& cell : cells[i]) {
      const bool some = std::find(missing.begin(), missing.end(), cell) == missing.end();
      if (column.kind == ColumnKind::numeric) {
        double value = std::numeric_limits<double>::quiet_NaN();
        if (some) std::from_chars(cell.data(), cell.data() + cell.size(), value);
        column.numbers.push_back(value);
      } else {
        const auto found = std::lower_bound(column.categories.begin(), column.categories.end(), cell);
        column.codes.push_back(some ? static_cast<std::int32_t>(found - column.categories.begin()) : kMissingCode);
      }
    }
    written.table.columns.push_back(std::move(column));
  }
  written.table.rows = rows;
  const auto add = [&](std::size_t i, const std::string& cell) {
    if (i > 0) written.text += separator;
    const std::string space(static_cast<std::size_t>(below(random, 8) == 0 ? 1 : 0), ' ');
    const bool quote = (!cell.empty() && needs_quotes(cell, separator)) || below(random, 5) == 0;
    written.text += space + (quote ? quoted(cell) : cell) + space;
  };
  const auto line = [&] { return 1 + std::count(written.text.begin(), written.text.end(), '\n'); };
  for (std::size_t i = 0; i < cells.size(); ++i) add(i, written.table.columns[i].name);
  for (int row = 0; row < rows; ++row) {
    written.text += line_end;
    while (below(random, 20) == 0) written.text += line_end;
    written.table.lines.add(row, line());
    for (std::size_t i = 0; i < cells.size(); ++i) add(i, cells[i][static_cast<std::size_t>(row)]);
  }
  if (below(random, 2) == 0) written.text += line_end;
  if (below(random, 4) == 0) written.text.insert(0, "\xef\xbb\xbf");
  return written;
}

TEST(CsvPieces, RandomTablesAreReadBackInAnyNumberOfThreads) {
  for (unsigned seed = 0; seed < 400; ++seed) {
    Random random(seed);
    const Written written = write(random);
    SCOPED_TRACE(testing::Message() << "seed " << seed << "\n" << written.text);
    for (const int threads : {1, 2, 3, 8}) {
      CsvOptions options = in_threads(threads);
      options.header = true;
      try {
        expect_equal(read_csv_text(written.text, "in.csv", options), written.table);
      } catch (const Error& error) {
        FAIL() << error.what();
      }
    }
    if (HasFatalFailure() || HasNonfatalFailure()) return;
  }
}

TEST(CsvPieces, QuotesThatAreCharactersMayStandAnywhere) {
  std::string text = "size,n\n";
  for (int i = 0; i < 99; ++i) text += std::to_string(i % 5) + "\" disk,\"" + std::to_string(i) + "\"\n";
  const DataTable one = read_csv_text(text, "in.csv", in_threads(1));
  EXPECT_EQ(one.columns[0].categories.at(3), "3\" disk");
  EXPECT_EQ(one.columns[1].numbers.at(98), 98);
  for (int threads = 2; threads < 20; ++threads) expect_equal(read_csv_text(text, "in.csv", in_threads(threads)), one);
}

TEST(CsvPieces, TheFirstWrongRowIsNamed) {
  std::string text = "a,b\n";
  for (int i = 2; i < 300; ++i) text += i == 120 || i == 290 ? "1,2,3\n" : i == 200 ? "1,\"2\"3\n" : "1,\"2\"\n";
  for (int threads = 1; threads < 20; ++threads) {
    EXPECT_THAT(error_of([&] { read_csv_text(text, "in.csv", in_threads(threads)); }),
                StartsWith("in.csv:120: the row has 3 fields"));
    EXPECT_THAT(error_of([&] { read_csv_text(text + "\x01", "in.csv", in_threads(threads)); }),
                StartsWith("in.csv:300: byte 01"))
        << "first of all the bytes must be text";
  }
}

TEST(CsvPieces, NumbersAreRoundedAsFromCharsDoes) {
  Random random(7);
  std::ostringstream text;
  std::vector<std::string> written;
  for (int i = 0; i < 20000; ++i) {
    std::string number = below(random, 2) == 0 ? "-" : "";
    for (int k = 1 + below(random, 19); k > 0; --k) number += static_cast<char>('0' + below(random, 10));
    if (below(random, 3) > 0) number.insert(number.size() - static_cast<std::size_t>(below(random, 2)), ".");
    if (number == "." || number == "-.") number = "1.";
    for (int k = below(random, 2) * below(random, 8); k > 0 && number.find('.') != std::string::npos; --k)
      number += static_cast<char>('0' + below(random, 10));
    if (below(random, 2) == 0) number += (below(random, 2) == 0 ? "e" : "E-") + std::to_string(below(random, 30));
    written.push_back(number);
    text << number << ",1\n";
  }
  CsvOptions options = in_threads(3);
  options.header = false;
  const DataTable table = read_csv_text(text.str(), "in.csv", options);
  ASSERT_EQ(table.columns[0].kind, ColumnKind::numeric);
  for (std::size_t i = 0; i < written.size(); ++i) {
    double expected = 0;
    const std::from_chars_result result =
        std::from_chars(written[i].data(), written[i].data() + written[i].size(), expected);
    ASSERT_EQ(result.ptr, written[i].data() + written[i].size()) << written[i];
    ASSERT_EQ(table.columns[0].numbers.at(i), expected) << written[i];
    ASSERT_EQ(std::signbit(table.columns[0].numbers.at(i)), std::signbit(expected)) << written[i];
  }
}

TEST(CsvPieces, ManyCategoriesAndManyColumns) {
  std::string text = "id,same\n";
  for (int i = 0; i < 5000; ++i) text += "some-longer-name-" + std::to_string(i * 7919 % 5000) + ",x\n";
  const DataTable table = read_csv_text(text, "in.csv", in_threads(4));
  ASSERT_EQ(table.columns[0].categories.size(), 5000U);
  for (int i = 0; i < 5000; ++i) {
    const auto code = static_cast<std::size_t>(table.columns[0].codes.at(static_cast<std::size_t>(i)));
    ASSERT_EQ(table.columns[0].categories.at(code), "some-longer-name-" + std::to_string(i * 7919 % 5000));
  }
  std::string wide;
  for (int i = 0; i < 20000; ++i) wide += (i > 0 ? "," : "") + std::to_string(i);
  EXPECT_EQ(read_csv_text(wide + "\n" + wide, "in.csv", in_threads(2)).columns.size(), 20000U);
}

}  // namespace
}  // namespace thalweg::lab

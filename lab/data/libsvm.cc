// LIBSVM: reads files of sparse rows, `label index:value …`, into a DataTable.
//
// The text is read twice: to find what is wrong and how large the table is, then to fill it. So nothing but text and
// table takes memory.
#include "data/libsvm.h"

#include "data/text_bytes.h"
#include "data/value_text.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <new>
#include <system_error>
#include <utility>

namespace thalweg::lab {

namespace {

constexpr std::int64_t kMostFeatures = std::int64_t{1} << 20;

bool is_space(char c) { return c == ' ' || c == '\t'; }

// The text's rows, one after the other.
class Rows {
 public:
  Rows(const TextBytes& text, std::int64_t features) : text_(text), features_(features), next_(text.begin()) {}

  // The next row's label; false at the end.
  bool next_row(double& label) {
    while (next_ < text_.end()) {
      at_ = next_;
      ++line_;
      const auto* const feed =
          static_cast<const char*>(std::memchr(at_, '\n', static_cast<std::size_t>(text_.end() - at_) + 1));
      next_ = feed + 1;
      end_ = feed > at_ && feed[-1] == '\r' ? feed - 1 : feed;
      end_ = std::find(at_, end_, '#');
      index_ = 0;
      const std::string_view word = next_word();
      if (word.empty()) continue;
      if (const NumberText kind = read_number(word, label); kind != NumberText::number)
        fail_number("the label", word, kind);
      return true;
    }
    return false;
  }

  // The next feature of the row; false at its end.
  bool next_feature(std::int64_t& index, double& value) {
    const std::string_view word = next_word();
    if (word.empty()) return false;
    const std::size_t colon = word.find(':');
    if (word.substr(0, colon) == "qid") {
      fail(fmt::format("{}: groups for ranking are not supported; expected index:value", shown(word)));
    }
    if (colon == std::string_view::npos || !read_index(word.substr(0, colon), index))
      fail(fmt::format("{} is not index:value, as in 3:0.5", shown(word)));
    if (index == 0) fail("index 0: indices count from 1; in a file that counts from 0, add 1 to all");
    if (index <= index_)
      fail(fmt::format("index {} stands behind index {}; expected ascending indices", index, index_));
    if (index > features_) {
      fail(features_ == kMostFeatures
               ? fmt::format("index {} is beyond {}, the most features that are supported", word.substr(0, colon),
                             features_)
               : fmt::format("index {} is beyond the {} features that are expected", word.substr(0, colon), features_));
    }
    index_ = index;
    const std::string_view number = word.substr(colon + 1);
    if (const NumberText kind = read_number(number, value); kind != NumberText::number)
      fail_number(fmt::format("the value of index {}", index), number, kind);
    return true;
  }

  std::int64_t line() const { return line_; }
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(fmt::format("{}:{}: {}", text_.name(), line_, what));
  }

 private:
  std::string_view next_word() {
    while (at_ < end_ && is_space(*at_)) ++at_;
    const char* const begin = at_;
    while (at_ < end_ && !is_space(*at_)) ++at_;
    return {begin, static_cast<std::size_t>(at_ - begin)};
  }

  // Digits alone; what 64 bits do not hold is beyond all features.
  static bool read_index(std::string_view word, std::int64_t& index) {
    if (word.empty() || word.find_first_not_of("0123456789") != std::string_view::npos) return false;
    if (std::from_chars(word.data(), word.data() + word.size(), index).ec != std::errc()) index = kMostFeatures + 1;
    return true;
  }

  [[noreturn]] void fail_number(const std::string& what, std::string_view word, NumberText kind) const {
    fail(fmt::format("{}: {} is {}", what, shown(word),
                     kind == NumberText::none ? "not a number" : "outside the range of doubles (4.9e-324 to 1.8e308)"));
  }

  const TextBytes& text_;
  std::int64_t features_;
  const char* next_;           // where the next line begins
  const char* at_ = nullptr;   // in the row
  const char* end_ = nullptr;  // of the row
  std::int64_t line_ = 0;
  std::int64_t index_ = 0;  // the last one
};

// The table with no features but zeros.
DataTable make_table(const TextBytes& text, const LibsvmOptions& options) {
  DataTable table;
  table.file = text.name();
  std::int64_t features = options.features;
  double label = 0;
  double value = 0;
  std::int64_t index = 0;
  Rows rows(text, features > 0 ? std::min(features, kMostFeatures) : kMostFeatures);
  while (rows.next_row(label)) {
    table.lines.add(table.rows++, rows.line());
    while (rows.next_feature(index, value))
      if (options.features <= 0) features = std::max(features, index);
  }
  if (table.rows == 0) throw Error(fmt::format("{}: is empty; expected rows such as: 1 2:0.5 7:1", text.name()));
  if (features <= 0)
    throw Error(fmt::format("{}: holds labels alone; expected rows such as: 1 2:0.5 7:1", text.name()));
  if (features > kMostFeatures || table.rows > options.most_values / (features + 1)) {
    throw Error(
        fmt::format("{}: {} rows × {} features (absent ones are zeros, which take memory too) are too many: at "
                    "most {} features and {} values are supported",
                    text.name(), table.rows, features, kMostFeatures, options.most_values));
  }
  table.columns.resize(static_cast<std::size_t>(features) + 1);
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    table.columns[i].name = i == 0 ? "label" : fmt::format("f{}", i);
    table.columns[i].numbers.resize(static_cast<std::size_t>(table.rows));
  }
  return table;
}

DataTable read_text(const TextBytes& text, const LibsvmOptions& options) {
  text.check(1);
  DataTable table = make_table(text, options);
  Rows rows(text, kMostFeatures);
  double label = 0;
  double value = 0;
  std::int64_t index = 0;
  for (std::size_t row = 0; rows.next_row(label); ++row) {
    table.columns[0].numbers[row] = label;
    while (rows.next_feature(index, value)) table.columns[static_cast<std::size_t>(index)].numbers[row] = value;
  }
  return table;
}

}  // namespace

DataTable read_libsvm(const std::filesystem::path& file, const LibsvmOptions& options) {
  try {
    return read_text(TextBytes(file), options);
  } catch (const std::bad_alloc&) {
    throw Error(fmt::format("{}: no memory for the table", file.string()));
  }
}

DataTable read_libsvm_text(std::string_view text, std::string name, const LibsvmOptions& options) {
  try {
    return read_text(TextBytes(text, name), options);
  } catch (const std::bad_alloc&) {
    throw Error(fmt::format("{}: no memory for the table", name));
  }
}

}  // namespace thalweg::lab

// German credit: reads its two files into a DataTable.
#include "data/german_credit.h"

#include "data/text_bytes.h"
#include "data/value_text.h"

#include <thalweg/error.h>
#include <thalweg/suggest.h>
#include <thalweg/text.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>
#include <optional>
#include <utility>

namespace thalweg::lab {
namespace {

constexpr std::size_t kNumericAttributes = 24;
constexpr const char* kNote =
    "the meanings of several codes, checking_status's and foreign_worker's among them, are wrong in the data's own "
    "description, from which they are taken (Grömping 2019, South German Credit, has the right ones)";

/// `numeric`: of german.data-numeric.
std::vector<GermanAttribute> attributes_of(bool numeric) {
  if (!numeric) return german_attributes();
  std::vector<GermanAttribute> attributes;
  for (std::size_t i = 1; i <= kNumericAttributes; ++i) attributes.push_back({fmt::format("attribute_{}", i)});
  return attributes;
}

/// The text's lines that are not blank, one after the other, as fields.
class Lines {
 public:
  explicit Lines(const TextBytes& text) : text_(text), next_(text.begin()) {}

  bool next(std::vector<std::string_view>& fields) {
    fields.clear();
    while (fields.empty() && next_ < text_.end()) {
      ++line_;
      const char* at = next_;
      const auto* const feed =
          static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(text_.end() - at) + 1));
      next_ = feed + 1;
      while (at < feed) {
        while (at < feed && is_space(*at)) ++at;
        const char* const begin = at;
        while (at < feed && !is_space(*at)) ++at;
        if (at > begin) fields.emplace_back(begin, static_cast<std::size_t>(at - begin));
      }
    }
    return !fields.empty();
  }
  std::int64_t line() const { return line_; }
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(fmt::format("{}:{}: {}", text_.name(), line_, what));
  }

 private:
  static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }

  const TextBytes& text_;
  const char* next_;
  std::int64_t line_ = 0;
};

/// german.data begins with a code, german.data-numeric with a number.
bool is_numeric(const std::vector<std::string_view>& first) { return !first.front().starts_with('A'); }

class Reader {
 public:
  Reader(const TextBytes& text, const GermanCreditOptions& options) : lines_(text), options_(options) {
    table_.file = text.name();
  }

  DataTable read() {
    std::vector<std::string_view> fields;
    while (lines_.next(fields)) {
      if (table_.rows == 0) begin(fields);
      check_count(fields.size());
      for (std::size_t i = 0; i < attributes_.size(); ++i) add(fields[i], i);
      if (has_class_) add_class(fields.back());
      table_.lines.add(table_.rows++, lines_.line());
    }
    if (table_.rows == 0)
      throw Error(fmt::format("{}: is empty; expected lines such as: A11 6 A34 A43 1169 …", table_.file));
    if (!numeric_) table_.warnings.push_back(fmt::format("{}: {}", table_.file, kNote));
    leave_out();
    return std::move(table_);
  }

 private:
  void begin(const std::vector<std::string_view>& first) {
    numeric_ = is_numeric(first);
    attributes_ = attributes_of(numeric_);
    has_class_ = !options_.class_optional || first.size() != attributes_.size();
    for (const GermanAttribute& attribute : attributes_) {
      TableColumn& column = table_.columns.emplace_back();
      column.name = attribute.name;
      if (!attribute.codes.empty()) column.kind = ColumnKind::category;
      for (const auto& [code, meaning] : attribute.codes) column.categories.push_back(meaning);
    }
    if (has_class_)
      table_.columns.push_back({.name = kGermanClass, .kind = ColumnKind::category, .categories = {"good", "bad"}});
  }

  void check_count(std::size_t fields) const {
    const std::size_t expected = table_.columns.size();
    if (fields == expected) return;
    lines_.fail(fmt::format("{} field{}; expected {}, as german.data{} has them{}", fields, fields == 1 ? "" : "s",
                            expected, numeric_ ? "-numeric" : "",
                            has_class_ ? ": attributes, then the class" : ", without the class"));
  }

  void add(std::string_view field, std::size_t place) {
    const GermanAttribute& attribute = attributes_[place];
    TableColumn& column = table_.columns[place];
    if (attribute.codes.empty()) {
      double number = 0;
      if (read_number(field, number) != NumberText::number || number != std::floor(number)) {
        lines_.fail(fmt::format("field {} ({}): {} is no whole number", place + 1, attribute.name, shown(field)));
      }
      column.numbers.push_back(number);
      return;
    }
    for (std::size_t i = 0; i < attribute.codes.size(); ++i) {
      if (attribute.codes[i].first != field) continue;
      column.codes.push_back(static_cast<std::int32_t>(i));
      return;
    }
    lines_.fail(fmt::format("field {} ({}): {} is none of its codes, {} to {}{}", place + 1, attribute.name,
                            shown(field), attribute.codes.front().first, attribute.codes.back().first, owner(field)));
  }

  /// Whose code it is.
  std::string owner(std::string_view field) const {
    for (const GermanAttribute& attribute : attributes_)
      for (const auto& [code, meaning] : attribute.codes)
        if (code == field) return fmt::format("; it is {}'s", attribute.name);
    return {};
  }

  void add_class(std::string_view field) {
    if (field != "1" && field != "2")
      lines_.fail(fmt::format("the class is {}; expected 1 (good) or 2 (bad)", shown(field)));
    table_.columns.back().codes.push_back(field == "1" ? 0 : 1);
  }

  void leave_out() {
    for (const std::string& name : options_.ignored) {
      const auto found = std::ranges::find(table_.columns, name, &TableColumn::name);
      if (found == table_.columns.end()) {
        std::vector<std::string> names;
        for (const TableColumn& column : table_.columns) names.push_back(column.name);
        throw Error(fmt::format("{}: there is no column {}{}", table_.file, shown(name), suggest(name, names)));
      }
      table_.columns.erase(found);
    }
  }

  Lines lines_;
  const GermanCreditOptions& options_;
  bool numeric_ = false, has_class_ = true;
  std::vector<GermanAttribute> attributes_;
  DataTable table_;
};

DataTable read_text(const TextBytes& text, const GermanCreditOptions& options) {
  text.check(1);
  return Reader(text, options).read();
}

}  // namespace

DataTable read_german_credit(const std::filesystem::path& file, const GermanCreditOptions& options) {
  try {
    return read_text(TextBytes(file), options);
  } catch (const std::bad_alloc&) {
    throw Error(fmt::format("{}: no memory for the table", file.string()));
  }
}

DataTable read_german_credit_text(std::string_view text, std::string name, const GermanCreditOptions& options) {
  try {
    return read_text(TextBytes(text, name), options);
  } catch (const std::bad_alloc&) {
    throw Error(fmt::format("{}: no memory for the table", name));
  }
}

}  // namespace thalweg::lab

// Facts: columns, duplicates, remarks.
#include "data/facts.h"

#include "data/rows.h"
#include "data/table_plan.h"
#include "data/value_text.h"

#include <thalweg/text.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <functional>
#include <limits>
#include <span>
#include <string_view>

namespace thalweg::lab {
namespace {

constexpr std::int32_t kGap = -1;
constexpr std::int64_t kFewRows = 10;  // of so few, different values say nothing

/// A column's values by number: equal values have equal ones, gaps have kGap.
struct Coded {
  std::vector<std::int32_t> codes;
  std::int64_t distinct = 0;
};

Coded coded(const TableColumn& column) {
  Coded result;
  if (column.kind == ColumnKind::category) {
    // The list may hold values that no row has.
    std::vector<std::int32_t> numbers(column.categories.size(), kGap);
    std::int32_t unseen = kGap;
    for (const std::int32_t code : column.codes) {
      if (code == kMissingCode) {
        result.codes.push_back(kGap);
        continue;
      }
      std::int32_t& number = code >= 0 ? numbers[static_cast<std::size_t>(code)] : unseen;
      if (number == kGap) number = static_cast<std::int32_t>(result.distinct++);
      result.codes.push_back(number);
    }
    return result;
  }
  std::vector<double> values;
  std::ranges::copy_if(column.numbers, std::back_inserter(values), [](double value) { return !std::isnan(value); });
  std::ranges::sort(values);
  values.erase(std::unique(values.begin(), values.end()), values.end());
  result.distinct = std::ssize(values);
  for (const double value : column.numbers) {
    result.codes.push_back(
        std::isnan(value) ? kGap : static_cast<std::int32_t>(std::ranges::lower_bound(values, value) - values.begin()));
  }
  return result;
}

std::optional<NumberFacts> number_facts(const std::vector<double>& numbers) {
  NumberFacts facts{.least = std::numeric_limits<double>::infinity(), .most = -facts.least};
  double count = 0, first = 0, sum = 0, squares = 0;
  for (const double number : numbers) {
    if (std::isnan(number)) continue;
    if (count == 0) first = number;
    facts.least = std::min(facts.least, number);
    facts.most = std::max(facts.most, number);
    sum += number - first;
    ++count;
  }
  if (count == 0) return std::nullopt;
  facts.mean = first + sum / count;
  for (const double number : numbers)
    if (!std::isnan(number)) squares += (number - facts.mean) * (number - facts.mean);
  facts.deviation = std::sqrt(squares / count);
  return facts;
}

/// Do the numbers lie on a line that is not level, but for rounding?
bool are_on_a_line(const TableColumn& x, const TableColumn& y) {
  const auto fx = number_facts(x.numbers), fy = number_facts(y.numbers);
  if (!fx || !fy || !(fx->deviation > 0) || !(fy->deviation > 0)) return false;
  double product = 0;
  for (std::size_t i = 0; i < x.numbers.size(); ++i) {
    if (std::isnan(x.numbers[i]) != std::isnan(y.numbers[i])) return false;
    if (std::isnan(x.numbers[i])) continue;
    product += (x.numbers[i] - fx->mean) / fx->deviation * ((y.numbers[i] - fy->mean) / fy->deviation);
  }
  const auto count = static_cast<double>(std::ssize(x.numbers) - gaps_of(x));
  return count > 2 && std::abs(product / count) >= 1 - 1e-12;
}

/// Do the values belong to each other one to one? Of values that hardly repeat that says nothing.
bool are_one_to_one(const Coded& x, const Coded& y) {
  const auto rows = std::ssize(x.codes);
  if (x.distinct < 2 || x.distinct != y.distinct || 2 * x.distinct > rows) return false;
  std::vector<std::int32_t> partner(static_cast<std::size_t>(x.distinct), kGap);
  std::vector<std::int32_t> back(static_cast<std::size_t>(y.distinct), kGap);
  for (std::size_t i = 0; i < x.codes.size(); ++i) {
    const std::int32_t a = x.codes[i], b = y.codes[i];
    if ((a == kGap) != (b == kGap)) return false;
    if (a == kGap) continue;
    std::int32_t &to = partner[static_cast<std::size_t>(a)], &from = back[static_cast<std::size_t>(b)];
    if (to == kGap && from == kGap) to = b, from = a;
    if (to != b || from != a) return false;
  }
  return true;
}

bool are_whole(const std::vector<double>& numbers) {
  return std::ranges::all_of(numbers, [](double number) { return number == std::floor(number); });
}

std::vector<std::pair<std::string, std::int64_t>> most_frequent(const TableColumn& column) {
  constexpr std::size_t kShown = 3;
  std::vector<std::int64_t> counts(column.categories.size());
  for (const std::int32_t code : column.codes)
    if (code >= 0) ++counts[static_cast<std::size_t>(code)];
  std::vector<std::pair<std::string, std::int64_t>> values;
  for (std::size_t code = 0; code < counts.size(); ++code)
    if (counts[code] > 0) values.emplace_back(column.categories[code], counts[code]);
  std::ranges::stable_sort(values, std::greater<>(), [](const auto& value) { return value.second; });
  values.resize(std::min(values.size(), kShown));
  return values;
}

/// As ColumnFacts::stray.
std::optional<std::pair<std::string, std::int64_t>> stray_of(const TableColumn& column, std::int64_t rows) {
  std::vector<bool> is_number;
  double ignored = 0;
  for (const std::string& value : column.categories)
    is_number.push_back(read_number(value, ignored) == NumberText::number);
  std::optional<std::pair<std::string, std::int64_t>> stray;
  for (const std::int32_t code : column.codes) {
    if (code < 0 || is_number[static_cast<std::size_t>(code)]) continue;
    if (!stray) stray.emplace(column.categories[static_cast<std::size_t>(code)], 0);
    ++stray->second;
  }
  return stray && rows >= kFewRows && stray->second * 10 <= rows - gaps_of(column) ? stray : std::nullopt;
}

/// Calls `use` for each group of at least two of `count` things that are equal, in order.
void for_equal(std::size_t count, const std::function<std::uint64_t(std::size_t)>& hash,
               const std::function<bool(std::size_t, std::size_t)>& equal,
               const std::function<void(const std::vector<std::size_t>&)>& use) {
  std::vector<std::pair<std::uint64_t, std::size_t>> hashes;
  hashes.reserve(count);
  for (std::size_t i = 0; i < count; ++i) hashes.emplace_back(hash(i), i);
  std::ranges::sort(hashes);
  for (std::size_t begin = 0; begin < count;) {
    std::size_t end = begin + 1;
    while (end < count && hashes[end].first == hashes[begin].first) ++end;
    // Nearly always these are equal; a group of them at a time is taken out.
    std::vector<std::size_t> left;
    if (end - begin > 1)
      for (std::size_t i = begin; i < end; ++i) left.push_back(hashes[i].second);
    while (left.size() > 1) {
      std::vector<std::size_t> group, others;
      for (const std::size_t i : left) (equal(left.front(), i) ? group : others).push_back(i);
      if (group.size() > 1) use(group);
      left = std::move(others);
    }
    begin = end;
  }
}

std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
  return (hash ^ value) * 0x9E3779B97F4A7C15 + ((hash ^ value) >> 29);
}

}  // namespace

std::vector<ColumnFacts> column_facts(const DataTable& table, const std::string& target) {
  const TableColumn* const predicted = target.empty() ? nullptr : table.find(target);
  const Coded predicted_codes = predicted == nullptr ? Coded{} : coded(*predicted);
  std::vector<ColumnFacts> all;
  for (const TableColumn& column : table.columns) {
    const Coded codes = coded(column);
    const bool is_numeric = column.kind == ColumnKind::numeric;
    ColumnFacts facts{.name = column.name, .kind = column.kind};
    facts.missing = gaps_of(column);
    facts.distinct = codes.distinct;
    if (is_numeric) facts.numbers = number_facts(column.numbers);
    if (!is_numeric) {
      facts.frequent = most_frequent(column);
      facts.stray = stray_of(column, table.rows);
    }
    facts.is_target = &column == predicted;
    facts.is_constant = facts.distinct + (facts.missing > 0 ? 1 : 0) < 2;
    facts.is_identifier = !facts.is_target && table.rows >= kFewRows && facts.distinct == table.rows &&
                          (!is_numeric || are_whole(column.numbers));
    facts.tells_target = predicted != nullptr && !facts.is_target &&
                         (are_one_to_one(codes, predicted_codes) ||
                          (is_numeric && predicted->kind == column.kind && are_on_a_line(column, *predicted)));
    all.push_back(std::move(facts));
  }
  return all;
}

std::int64_t duplicate_rows(const DataTable& table) {
  std::vector<Coded> columns;
  for (const TableColumn& column : table.columns) columns.push_back(coded(column));
  std::int64_t duplicates = 0;
  for_equal(
      static_cast<std::size_t>(table.rows),
      [&](std::size_t row) {
        std::uint64_t hash = 0;
        for (const Coded& column : columns) hash = mix(hash, static_cast<std::uint64_t>(column.codes[row]));
        return hash;
      },
      [&](std::size_t a, std::size_t b) {
        return std::ranges::all_of(columns, [&](const Coded& column) { return column.codes[a] == column.codes[b]; });
      },
      [&](const std::vector<std::size_t>& group) { duplicates += std::ssize(group) - 1; });
  return duplicates;
}

Duplicates duplicates_of(const Dataset& dataset) {
  const auto training = dataset.train.size();
  const auto example = [&](std::size_t i) { return i < training ? dataset.train[i] : dataset.test[i - training]; };
  const Examples& examples = *dataset.examples;
  Duplicates result;
  for_equal(
      training + dataset.test.size(), [&](std::size_t i) { return examples.input_hash(example(i)); },
      [&](std::size_t a, std::size_t b) { return examples.have_same_inputs(example(a), example(b)); },
      [&](const std::vector<std::size_t>& group) {
        const auto in_training = std::ranges::count_if(group, [&](std::size_t i) { return i < training; });
        const auto in_test = std::ssize(group) - in_training;
        result.training += std::max<std::int64_t>(in_training - 1, 0);
        result.test += std::max<std::int64_t>(in_test - 1, 0);
        if (in_training > 0) result.in_both += in_test;
        const bool agree = std::ranges::all_of(
            group, [&](std::size_t i) { return examples.have_same_target(example(group.front()), example(i)); });
        if (!agree) result.contradicting += std::ssize(group);
      });
  return result;
}

}  // namespace thalweg::lab

// Generators: the list, their texts, and tables as CSV.
#include "data/generators.h"

#include "data/ratings_generator.h"

#include <thalweg/error.h>
#include <thalweg/random.h>
#include <thalweg/suggest.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <numbers>
#include <set>
#include <string_view>
#include <utility>

namespace thalweg::lab {
namespace {

TableColumn numeric(const std::string& name, std::int64_t rows) {
  TableColumn column;
  column.name = name;
  column.numbers.resize(static_cast<std::size_t>(rows));
  return column;
}

TableColumn category(const std::string& name, std::int64_t rows, std::vector<std::string> values) {
  TableColumn column;
  column.name = name;
  column.kind = ColumnKind::category;
  column.categories = std::move(values);
  column.codes.resize(static_cast<std::size_t>(rows));
  return column;
}

DataTable table_of(std::int64_t rows, std::vector<TableColumn> columns) {
  DataTable table;
  table.file = "make";
  table.columns = std::move(columns);
  table.rows = rows;
  for (std::int64_t row = 0; row < rows; ++row) table.lines.add(row, row + 2);  // as its CSV has them
  return table;
}

std::vector<std::string> letters(std::int64_t count) {
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < count; ++i) names.emplace_back(1, static_cast<char>('a' + i));
  return names;
}

/// y = 3 x + 2 + noise, x uniform in [-1, 1].
DataTable line(const GeneratorOptions& options) {
  const Random x(options.seed, RandomPurpose::test, "x"), noise(options.seed, RandomPurpose::test, "noise");
  TableColumn xs = numeric("x", options.rows), ys = numeric("y", options.rows);
  for (std::size_t i = 0; i < xs.numbers.size(); ++i) {
    xs.numbers[i] = 2 * x.uniform(i) - 1;
    ys.numbers[i] = 3 * xs.numbers[i] + 2 + options.noise * noise.normal(i);
  }
  return table_of(options.rows, {std::move(xs), std::move(ys)});
}

/// Arms of spirals around each other, each a class.
DataTable spirals(const GeneratorOptions& options) {
  const Random along(options.seed, RandomPurpose::test, "along"), noise(options.seed, RandomPurpose::test, "noise");
  TableColumn xs = numeric("x", options.rows), ys = numeric("y", options.rows);
  TableColumn arms = category("arm", options.rows, letters(options.classes));
  for (std::size_t i = 0; i < xs.numbers.size(); ++i) {
    const auto arm = static_cast<std::int32_t>(static_cast<std::int64_t>(i) % options.classes);
    const double t = along.uniform(i), turn = 2 * std::numbers::pi * static_cast<double>(arm);
    const double angle = 3 * std::numbers::pi * t + turn / static_cast<double>(options.classes);
    xs.numbers[i] = t * std::cos(angle) + options.noise * noise.normal(2 * i);
    ys.numbers[i] = t * std::sin(angle) + options.noise * noise.normal(2 * i + 1);
    arms.codes[i] = arm;
  }
  return table_of(options.rows, {std::move(xs), std::move(ys), std::move(arms)});
}

/// Eight numbers, four of which tell, and two categories, one of which tells; a twentieth of x8 is missing.
DataTable classification(const GeneratorOptions& options) {
  constexpr std::size_t kNumbers = 8, kTelling = 4;
  const auto stream = [&](const std::string& name) { return Random(options.seed, RandomPurpose::test, name); };
  const Random classes = stream("class"), gap = stream("gap"), told = stream("colour"), other = stream("shape");
  std::vector<Random> centres, numbers;
  std::vector<TableColumn> columns;
  for (std::size_t k = 0; k < kNumbers; ++k) {
    columns.push_back(numeric(fmt::format("x{}", k + 1), options.rows));
    centres.push_back(stream(fmt::format("centre{}", k)));
    numbers.push_back(stream(columns.back().name));
  }
  columns.push_back(category("colour", options.rows, {"blue", "green", "red"}));
  columns.push_back(category("shape", options.rows, {"round", "square"}));
  columns.push_back(category("class", options.rows, letters(options.classes)));
  for (std::size_t i = 0; i < static_cast<std::size_t>(options.rows); ++i) {
    const auto label = classes.below(static_cast<std::uint64_t>(options.classes), i);
    columns.back().codes[i] = static_cast<std::int32_t>(label);
    for (std::size_t k = 0; k < kNumbers; ++k) {
      const double centre = k < kTelling ? centres[k].normal(label) : 0;
      const double value = centre + (1 + options.noise) * numbers[k].normal(i);
      columns[k].numbers[i] = k + 1 == kNumbers && gap.uniform(i) < 0.05 ? std::nan("") : value;
    }
    const bool tells = told.uniform(2 * i) < 0.6;
    columns[kNumbers].codes[i] = static_cast<std::int32_t>(tells ? label % 3 : told.below(3, 2 * i + 1));
    columns[kNumbers + 1].codes[i] = static_cast<std::int32_t>(other.below(2, i));
  }
  return table_of(options.rows, std::move(columns));
}

/// A sum of two sines with noise, in time order.
DataTable sines(const GeneratorOptions& options) {
  const Random noise(options.seed, RandomPurpose::test, "noise");
  TableColumn ys = numeric("y", options.rows);
  for (std::size_t i = 0; i < ys.numbers.size(); ++i) {
    const auto t = static_cast<double>(i);
    ys.numbers[i] = std::sin(2 * std::numbers::pi * t / 25) + 0.5 * std::sin(2 * std::numbers::pi * t / 60) +
                    options.noise * noise.normal(i);
  }
  return table_of(options.rows, {std::move(ys)});
}

template <class T>
T number_of(std::string_view text, std::string_view key, T low, T high) {
  T value{};
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code == std::errc() && end == text.data() + text.size() && value >= low && value <= high) return value;
  throw Error(fmt::format("make: {} = {} is no number in [{}, {}]", key, text, low, high));
}

void set_option(const Generator& generator, std::string_view key, std::string_view value, GeneratorOptions& options) {
  if (std::ranges::find(generator.options, key) == generator.options.end()) {
    throw Error(fmt::format("make: {} has no option '{}'{}", generator.name, key,
                            suggest(std::string(key), generator.options)));
  }
  if (key == "rows") options.rows = number_of<std::int64_t>(value, key, 1, 100'000'000);
  if (key == "seed") options.seed = number_of<std::uint64_t>(value, key, 0, UINT64_MAX);
  if (key == "noise") options.noise = number_of<double>(value, key, 0, 1e6);
  if (key == "classes") options.classes = number_of<std::int64_t>(value, key, 2, 26);
  if (key == "users") options.users = number_of<std::int64_t>(value, key, 1, 100'000'000);
  if (key == "items") options.items = number_of<std::int64_t>(value, key, 1, 100'000'000);
  if (key == "rank") options.rank = number_of<std::int64_t>(value, key, 1, 1024);
}

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"') result += '"';
    result += c;
  }
  return result + "\"";
}

}  // namespace

const std::vector<Generator>& generators() {
  static const std::vector<Generator> all{
      {"line", "y = 3 x + 2 and noise", {"rows", "seed", "noise"}, {}, "y", "linear", 0, line},
      {"spirals",
       "arms that wind around each other, each a class",
       {"rows", "seed", "noise", "classes"},
       {.rows = 1000, .noise = 0.02},
       "arm",
       "mlp",
       0,
       spirals},
      {"classification",
       "numbers and categories, some of which tell the class; gaps",
       {"rows", "seed", "noise", "classes"},
       {.rows = 2000},
       "class",
       "tabular",
       0,
       classification},
      {"sines",
       "two sines with periods of 25 and 60 rows, in time order",
       {"rows", "seed", "noise"},
       {.rows = 2000},
       "y",
       "gru",
       50,
       sines},
      {"ratings",
       "ratings of a matrix of known rank, with biases and noise, in time order",
       {"rows", "seed", "noise", "users", "items", "rank"},
       {.rows = 1'000'000, .noise = 0.5},
       "rating",
       "factorization",
       0,
       make_ratings,
       "ratings"},
  };
  return all;
}

GeneratorSpec parse_generator(const std::string& text) {
  std::string_view rest = text;
  const auto next = [&] {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view part = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    return part;
  };
  const std::string name(next());
  const auto found = std::ranges::find(generators(), name, &Generator::name);
  if (found == generators().end()) {
    std::vector<std::string> names;
    for (const Generator& generator : generators()) names.push_back(generator.name);
    throw Error(fmt::format("make: unknown generator '{}'{}", name, suggest(name, names)));
  }
  GeneratorSpec spec{&*found, found->usual};
  std::set<std::string_view> seen;
  while (!rest.empty()) {
    const std::string_view part = next();
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) {
      throw Error(
          fmt::format("make: '{}' is no option; expected KEY=VALUE with {}", part, fmt::join(found->options, ", ")));
    }
    const std::string_view key = part.substr(0, equals);
    set_option(*found, key, part.substr(equals + 1), spec.options);
    if (!seen.insert(key).second) throw Error(fmt::format("make: '{}' is given twice", key));
  }
  return spec;
}

std::string to_csv(const DataTable& table) {
  std::string csv;
  for (const TableColumn& column : table.columns) csv += (csv.empty() ? "" : ",") + quoted(column.name);
  csv += '\n';
  for (std::size_t row = 0; row < static_cast<std::size_t>(table.rows); ++row) {
    bool first = true;
    for (const TableColumn& column : table.columns) {
      if (!std::exchange(first, false)) csv += ',';
      if (column.kind == ColumnKind::category) {
        if (column.codes[row] >= 0) csv += quoted(column.categories[static_cast<std::size_t>(column.codes[row])]);
      } else if (!std::isnan(column.numbers[row])) {
        fmt::format_to(std::back_inserter(csv), "{}", column.numbers[row]);
      }
    }
    csv += '\n';
  }
  return csv;
}

}  // namespace thalweg::lab

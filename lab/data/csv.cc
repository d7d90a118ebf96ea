// CSV: reads files of separated values into a DataTable, finding out how they are written.
#include "data/csv.h"

#include "data/csv_fields.h"
#include "data/csv_layout.h"
#include "data/csv_rows.h"
#include "data/in_parallel.h"
#include "data/text_bytes.h"
#include "data/value_text.h"

#include <thalweg/error.h>
#include <thalweg/suggest.h>

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <numeric>
#include <thread>
#include <unordered_map>
#include <utility>

namespace thalweg::lab {

namespace {

// A column of the table to be: where it stands in the file, and the list of categories it must have.
struct Target {
  std::size_t column;
  const std::vector<std::string>* categories;  // nullptr: those that are there
};

struct Plan {
  std::vector<Target> targets;
  std::vector<CsvFieldUse> uses;  // of the file's columns
};

using Places = std::unordered_map<std::string_view, std::size_t>;

Plan plan_by_schema(const TextBytes& text, const CsvLayout& layout, const Places& places,
                    const std::vector<CsvColumn>& schema) {
  Plan plan{{}, std::vector<CsvFieldUse>(layout.names.size(), CsvFieldUse::skip)};
  for (const CsvColumn& column : schema) {
    const auto found = places.find(column.name);
    if (found == places.end()) {
      if (column.optional) continue;
      throw Error(fmt::format("{}: no column {}, which must be there{}{}", text.name(), shown(column.name),
                              layout.header ? "" : " (the first row is no header)",
                              suggest(column.name, layout.names)));
    }
    if (plan.uses[found->second] != CsvFieldUse::skip)
      throw Error(fmt::format("{}: column {} is asked for twice", text.name(), shown(column.name)));
    const bool numeric = column.kind == ColumnKind::numeric;
    plan.targets.push_back({found->second, numeric || !column.categories ? nullptr : &*column.categories});
    plan.uses[found->second] = numeric ? CsvFieldUse::numeric : CsvFieldUse::category;
  }
  return plan;
}

Plan plan_by_values(const TextBytes& text, const CsvLayout& layout, const Places& places,
                    const std::map<std::string, ColumnUse>& columns) {
  Plan plan;
  for (const bool category : layout.category)
    plan.uses.push_back(category ? CsvFieldUse::category : CsvFieldUse::maybe_numeric);
  for (const auto& [name, use] : columns) {
    const auto found = places.find(name);
    if (found == places.end())
      throw Error(fmt::format("{}: no column {}{}", text.name(), shown(name), suggest(name, layout.names)));
    plan.uses[found->second] = use == ColumnUse::ignore    ? CsvFieldUse::skip
                               : use == ColumnUse::numeric ? CsvFieldUse::numeric
                                                           : CsvFieldUse::category;
  }
  for (std::size_t i = 0; i < plan.uses.size(); ++i)
    if (plan.uses[i] != CsvFieldUse::skip) plan.targets.push_back({i, nullptr});
  return plan;
}

Plan plan_of(const TextBytes& text, const CsvLayout& layout, const CsvOptions& options) {
  Places places;
  for (std::size_t i = 0; i < layout.names.size(); ++i) places.emplace(layout.names[i], i);
  Plan plan = options.schema ? plan_by_schema(text, layout, places, *options.schema)
                             : plan_by_values(text, layout, places, options.columns);
  if (plan.targets.empty()) throw Error(fmt::format("{}: no column is left to read", text.name()));
  return plan;
}

// Columns that only later rows have shown to be categories are read once more, alone.
void read_again(const TextBytes& text, const std::vector<TextBytes::Piece>& cuts, const CsvLayout& layout, Plan& plan,
                std::vector<CsvPiece>& pieces) {
  std::vector<CsvFieldUse> again(plan.uses.size(), CsvFieldUse::skip);
  bool some = false;
  for (std::size_t i = 0; i < plan.uses.size(); ++i) {
    if (std::none_of(pieces.begin(), pieces.end(), [&](const CsvPiece& piece) { return piece.columns[i].category; }))
      continue;
    for (CsvPiece& piece : pieces) piece.columns[i] = {};
    again[i] = plan.uses[i] = CsvFieldUse::category;
    some = true;
  }
  if (!some) return;
  std::vector<CsvPiece> read = read_rows(text, cuts, layout, again);
  for (std::size_t i = 0; i < again.size(); ++i) {
    if (again[i] == CsvFieldUse::skip) continue;
    for (std::size_t j = 0; j < pieces.size(); ++j) pieces[j].columns[i] = std::move(read[j].columns[i]);
  }
}

void refuse_out_of_range(const TextBytes& text, const CsvLayout& layout, const std::vector<CsvPiece>& pieces) {
  for (const CsvPiece& piece : pieces) {
    const char* first = nullptr;
    const std::string* name = nullptr;
    for (std::size_t i = 0; i < piece.columns.size(); ++i) {
      const char* const at = piece.columns[i].out_of_range;
      if (at == nullptr || (first != nullptr && first < at)) continue;
      first = at;
      name = &layout.names[i];
    }
    if (first == nullptr) continue;
    const char* end = first;
    text.fail(first, out_of_range_text(*name, CsvFields(layout.separator, text.end()).next(end).text));
  }
}

// The order of categories: by number if all are, else by bytes. Of each text its place.
std::vector<std::int32_t> places_of(const std::vector<std::string_view>& values) {
  std::vector<double> numbers(values.size());
  bool all = true;
  for (std::size_t i = 0; i < values.size() && all; ++i) all = read_number(values[i], numbers[i]) == NumberText::number;
  std::vector<std::int32_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
    const auto i = static_cast<std::size_t>(a);
    const auto j = static_cast<std::size_t>(b);
    if (all && numbers[i] != numbers[j]) return numbers[i] < numbers[j];
    return values[i] < values[j];
  });
  std::vector<std::int32_t> places(values.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    places[static_cast<std::size_t>(order[i])] = static_cast<std::int32_t>(i);
  return places;
}

// Sets the column's list of categories; of each distinct value the code in it.
std::vector<std::int32_t> make_categories(TableColumn& column, const std::vector<std::string_view>& values,
                                          const std::vector<std::string>* given) {
  if (given == nullptr) {
    std::vector<std::int32_t> places = places_of(values);
    column.categories.resize(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) column.categories[static_cast<std::size_t>(places[i])] = values[i];
    return places;
  }
  column.categories = *given;
  std::unordered_map<std::string_view, std::int32_t> codes;
  for (const std::string& category : column.categories)
    codes.emplace(category, static_cast<std::int32_t>(codes.size()));
  std::vector<std::int32_t> result;
  for (const std::string_view value : values) {
    const auto found = codes.find(value);
    if (found == codes.end()) column.unseen.emplace_back(value);
    result.push_back(found == codes.end() ? kUnseenCode : found->second);
  }
  std::sort(column.unseen.begin(), column.unseen.end());
  return result;
}

template <class Value>
void take(std::vector<Value>& all, std::vector<Value>& piece) {
  if (all.empty()) {
    all = std::move(piece);  // which has room for all rows
  } else {
    all.insert(all.end(), piece.begin(), piece.end());
  }
  piece = {};
}

// Joins what the pieces hold of a column.
TableColumn join(std::vector<CsvPiece>& pieces, std::size_t i, CsvFieldUse use, const Target& target,
                 const std::string& name) {
  TableColumn column;
  column.name = name;
  if (use != CsvFieldUse::category) {
    for (CsvPiece& piece : pieces) take(column.numbers, piece.columns[i].numbers);
    return column;
  }
  column.kind = ColumnKind::category;
  // One list for all pieces first: the pieces number their texts each in their own way.
  ValueCodes all;
  std::vector<std::vector<std::int32_t>> codes(pieces.size());
  for (std::size_t j = 0; j < pieces.size(); ++j)
    for (const std::string_view value : pieces[j].columns[i].values.values()) codes[j].push_back(all.code(value));
  const std::vector<std::int32_t> places = make_categories(column, all.values(), target.categories);
  for (std::size_t j = 0; j < pieces.size(); ++j) {
    CsvPieceColumn& piece = pieces[j].columns[i];
    for (std::int32_t& code : codes[j]) code = places[static_cast<std::size_t>(code)];
    for (std::int32_t& code : piece.codes)
      if (code != kMissingCode) code = codes[j][static_cast<std::size_t>(code)];
    take(column.codes, piece.codes);
  }
  return column;
}

void warn(DataTable& table) {
  for (const TableColumn& column : table.columns) {
    bool commas = false;
    const bool all = std::all_of(column.categories.begin(), column.categories.end(), [&](const std::string& value) {
      const bool comma = has_decimal_comma(value);
      commas |= comma;
      double ignored = 0;
      return comma || read_number(value, ignored) == NumberText::number;
    });
    if (!all || !commas) continue;
    table.warnings.push_back(
        fmt::format("{}: column {} is a category: its values, such as {}, have decimal commas, which are not "
                    "supported; write numbers with a point",
                    table.file, shown(column.name),
                    shown(*std::find_if(column.categories.begin(), column.categories.end(), has_decimal_comma))));
  }
}

std::size_t piece_count(const TextBytes& text, const CsvOptions& options) {
  constexpr unsigned kMostByItself = 8;
  const std::size_t threads = options.threads > 0 ? static_cast<std::size_t>(options.threads)
                                                  : std::clamp(std::thread::hardware_concurrency(), 1U, kMostByItself);
  return std::clamp<std::size_t>(text.size() / std::max<std::size_t>(options.smallest_piece, 1), 1, threads);
}

DataTable read_text(const TextBytes& text, const CsvOptions& options) {
  const std::vector<TextBytes::Piece> cuts = text.check(piece_count(text, options));
  const CsvLayout layout = csv_layout(text, options);
  Plan plan = plan_of(text, layout, options);
  std::vector<CsvPiece> pieces = read_rows(text, cuts, layout, plan.uses);
  read_again(text, cuts, layout, plan, pieces);
  refuse_out_of_range(text, layout, pieces);

  DataTable table;
  table.file = text.name();
  std::int64_t line = text.line_of(layout.first);
  for (const CsvPiece& piece : pieces) {
    table.lines.append(piece.lines, table.rows, line);
    table.rows += piece.rows;
    line += piece.line_count;
  }
  table.columns.resize(plan.targets.size());
  const std::size_t threads = pieces.size();
  in_parallel(threads, [&](std::size_t thread) {
    for (std::size_t i = thread; i < plan.targets.size(); i += threads) {
      const Target& target = plan.targets[i];
      const std::size_t place = target.column;
      table.columns[i] = join(pieces, place, plan.uses[place], target, layout.names[place]);
    }
  });
  if (!options.schema) warn(table);
  return table;
}

}  // namespace

DataTable read_csv(const std::filesystem::path& file, const CsvOptions& options) {
  try {
    return read_text(TextBytes(file), options);
  } catch (const std::bad_alloc&) {
    throw Error(fmt::format("{}: no memory for the table", file.string()));
  }
}

DataTable read_csv_text(std::string_view text, std::string name, const CsvOptions& options) {
  try {
    return read_text(TextBytes(text, name), options);
  } catch (const std::bad_alloc&) {
    throw Error(fmt::format("{}: no memory for the table", name));
  }
}

}  // namespace thalweg::lab

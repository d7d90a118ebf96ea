// Facts: what is found by loading the examples, and remarks.
#include "data/facts.h"

#include "data/value_text.h"

#include <thalweg/text.h>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <span>
#include <utility>

namespace thalweg::lab {
namespace {

/// Calls `use` for pieces of a part, which take little memory.
void in_pieces(const std::vector<std::int64_t>& part, const auto& use) {
  constexpr std::size_t kPiece = 1024;
  for (std::size_t begin = 0; begin < part.size(); begin += kPiece)
    use(std::span(part).subspan(begin, std::min(kPiece, part.size() - begin)));
}

std::string plural(std::int64_t count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

}  // namespace

std::optional<DataTable> inputs_table(const Dataset& dataset) {
  if (dataset.inputs.size() != 1) return std::nullopt;
  const Input& input = dataset.inputs.front();
  if (input.kind != InputKind::numbers && input.kind != InputKind::series) return std::nullopt;
  const auto features = static_cast<std::size_t>(input.shape.back());
  const bool is_series = input.kind == InputKind::series, is_label = dataset.target.kind == TargetKind::label;
  DataTable table;
  for (std::size_t k = 0; k < features; ++k)
    table.columns.push_back({.name = k < input.columns.size() ? input.columns[k] : fmt::format("x{}", k + 1)});
  TableColumn target{.name = dataset.target.name};
  const Scaling scaling{.mean = std::vector<double>(features), .deviation = std::vector<double>(features, 1)};
  for (const std::vector<std::int64_t>* part : {&dataset.train, &dataset.test}) {
    in_pieces(*part, [&](std::span<const std::int64_t> piece) {
      std::vector<float> values(piece.size() * static_cast<std::size_t>(input.size())), numbers(piece.size());
      std::vector<std::int64_t> labels(piece.size());
      BatchMemory memory{{std::span(values)}, std::span(numbers)};
      if (is_label) memory.target = std::span(labels);
      dataset.examples->load(piece, scaling, memory);
      for (std::size_t i = 0; i < values.size(); ++i) table.columns[i % features].numbers.push_back(values[i]);
      for (std::size_t i = 0; i < piece.size(); ++i)
        target.numbers.push_back(is_label ? static_cast<double>(labels[i]) : numbers[i]);
    });
  }
  table.rows = std::ssize(table.columns.front().numbers);
  if (!is_series) table.columns.push_back(std::move(target));
  return table;
}

std::vector<std::int64_t> character_counts(const Dataset& dataset, const std::vector<std::int64_t>& part) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(dataset.target.classes));
  in_pieces(part, [&](std::span<const std::int64_t> piece) {
    std::vector<std::int64_t> codes(piece.size() * static_cast<std::size_t>(dataset.target.length)), next(codes.size());
    dataset.examples->load(piece, {}, {{std::span(codes)}, std::span(next)});
    for (const std::int64_t code : codes) ++counts[static_cast<std::size_t>(code)];
  });
  return counts;
}

std::vector<std::string> remarks(const std::vector<ColumnFacts>& columns, std::int64_t rows) {
  std::vector<std::string> lines;
  for (const ColumnFacts& column : columns) {
    const std::string name = printable(column.name);
    const std::string what = column.is_target ? "target" : "column";
    if (column.missing == rows) {
      lines.push_back(fmt::format("{} {}: nothing is in it", what, name));
    } else if (column.is_constant && rows > 1) {
      lines.push_back(fmt::format("{} {} is the same in every row", what, name));
    } else if (column.tells_target) {
      lines.push_back(
          fmt::format("column {} says the target by itself; if it is not known beforehand, it is a leak: "
                      "--column {}=ignore",
                      name, name));
    } else if (column.stray) {
      lines.push_back(fmt::format("{} {} is a category, since {} no number, as {}; --column {}=numeric tells the line",
                                  what, name, plural(column.stray->second, "row holds", "rows hold"),
                                  shown(column.stray->first), name));
    } else if (column.is_identifier) {
      lines.push_back(fmt::format(
          "column {} has another value in every row; if it is an identifier: --column {}=ignore", name, name));
    } else if (column.missing * 2 > rows) {
      lines.push_back(fmt::format("{} {} is missing in {} of {} rows", what, name, column.missing, rows));
    }
  }
  return lines;
}

std::vector<std::string> remarks(const Dataset& dataset, const Duplicates& duplicates) {
  std::vector<std::string> lines;
  if (duplicates.training > 0) {
    lines.push_back(fmt::format("{} another one's inputs",
                                plural(duplicates.training, "training example has", "training examples have")));
  }
  if (duplicates.test > 0) {
    lines.push_back(
        fmt::format("{} another one's inputs", plural(duplicates.test, "test example has", "test examples have")));
  }
  if (duplicates.in_both > 0) {
    lines.push_back(fmt::format("{} in the training part too, so that results on the test part are too good",
                                plural(duplicates.in_both, "test example is", "test examples are")));
  }
  if (duplicates.contradicting > 0) {
    lines.push_back(fmt::format("{} have another one's inputs and not its target",
                                plural(duplicates.contradicting, "example", "examples")));
  }
  std::ranges::move(missing_classes(dataset, dataset.train, dataset.test), std::back_inserter(lines));
  return lines;
}

std::vector<std::string> missing_classes(const Dataset& dataset, std::span<const std::int64_t> training,
                                         std::span<const std::int64_t> test) {
  std::vector<std::string> lines;
  if (dataset.target.kind != TargetKind::label) return lines;
  for (const auto& [name, part] : {std::pair{"training", training}, std::pair{"test", test}}) {
    std::vector<bool> seen(static_cast<std::size_t>(dataset.target.classes));
    for (const std::int64_t example : part) seen[static_cast<std::size_t>(dataset.examples->label(example))] = true;
    const auto missing = std::ranges::count(seen, false);
    if (missing > 0) {
      const auto first = static_cast<std::size_t>(std::ranges::find(seen, false) - seen.begin());
      const auto& names = dataset.target.class_names;
      lines.push_back(fmt::format("the {} part has no example of {}, {}{}", name, plural(missing, "class", "classes"),
                                  first < names.size() ? printable(names[first]) : fmt::format("{}", first),
                                  missing > 1 ? ", …" : ""));
    }
  }
  return lines;
}

}  // namespace thalweg::lab

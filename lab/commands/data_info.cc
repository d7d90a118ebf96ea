// What `thalweg data info` tells of data.
#include "commands/data_info.h"

#include "commands/exit.h"
#include "data/clip_dataset.h"
#include "output/output.h"
#include "output/table.h"
#include "tasks/task.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <numeric>
#include <span>
#include <utility>

namespace thalweg::lab {
namespace {

std::vector<std::int64_t> class_counts(const Dataset& dataset, const std::vector<std::int64_t>& part) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(dataset.target.classes));
  for (const std::int64_t example : part) ++counts[static_cast<std::size_t>(dataset.examples->label(example))];
  return counts;
}

std::string kind_text(const ColumnFacts& column) { return column.kind == ColumnKind::numeric ? "numeric" : "category"; }

nlohmann::json to_json(const Input& input) {
  nlohmann::json json{{"kind", to_string(input.kind)}, {"shape", input.shape}};
  if (!input.sizes.empty()) json["sizes"] = input.sizes;
  if (!input.columns.empty()) json["columns"] = input.columns;
  return json;
}

std::string input_text(const Input& input) {
  const std::vector<std::int64_t>& shape = input.shape;
  switch (input.kind) {
    case InputKind::image:
      return fmt::format("images of {} × {} pixels, {} channel{}", shape[1], shape[2], shape[0],
                         shape[0] == 1 ? "" : "s");
    case InputKind::numbers:
      return fmt::format("{} numeric column{}", shape[0], shape[0] == 1 ? "" : "s");
    case InputKind::categories:
      return fmt::format("{} column{} of categories", shape[0], shape[0] == 1 ? "" : "s");
    case InputKind::series:
      return fmt::format("windows of {} steps with {} feature{}", shape[0], shape[1], shape[1] == 1 ? "" : "s");
    case InputKind::characters:
      return fmt::format("windows of {} characters out of {}", shape[0], input.sizes.front());
    case InputKind::waveform:
      return fmt::format("sounds of {} samples, {} a second", shape[0], kClipRate);
  }
  return {};
}

std::string target_text(const Target& target) {
  const std::string of = target.name.empty() ? "" : fmt::format(" of {}", target.name);
  switch (target.kind) {
    case TargetKind::label:
      return fmt::format("{} classes{}", target.classes, of);
    case TargetKind::number:
      return fmt::format("the number {}", target.name);
    case TargetKind::characters:
      return "the character that follows";
  }
  return {};
}

void print_classes(const Dataset& dataset) {
  const auto train = class_counts(dataset, dataset.train), test = class_counts(dataset, dataset.test);
  Table classes({"class", "name", "training", "share", "test", "share"}, {true, false, true, true, true, true});
  for (std::size_t i = 0; i < train.size(); ++i) {
    const auto share = [](std::int64_t count, std::size_t all) {
      return fmt::format("{:.1f} %",
                         100 * static_cast<double>(count) / static_cast<double>(std::max<std::size_t>(all, 1)));
    };
    const auto& names = dataset.target.class_names;
    classes.add({fmt::format("{}", i), i < names.size() ? names[i] : "", fmt::format("{}", train[i]),
                 share(train[i], dataset.train.size()), fmt::format("{}", test[i]),
                 share(test[i], dataset.test.size())});
  }
  print_lines('\n' + classes.text(output_columns()));
}

void add_dataset(const Dataset& dataset, nlohmann::json& json) {
  const bool has_labels = dataset.target.kind == TargetKind::label;
  const auto part = [&](const std::vector<std::int64_t>& examples) {
    nlohmann::json json{{"examples", examples.size()}};
    if (has_labels) json["class_counts"] = class_counts(dataset, examples);
    const Scaling measured = dataset.examples->measure(examples);
    json["mean"] = measured.mean;
    json["deviation"] = measured.deviation;
    if (dataset.target.kind == TargetKind::number) {
      json["target_mean"] = measured.target_mean;
      json["target_deviation"] = measured.target_deviation;
    }
    return json;
  };
  nlohmann::json inputs = nlohmann::json::array();
  for (const Input& input : dataset.inputs) inputs.push_back(to_json(input));
  nlohmann::json target{{"name", dataset.target.name}, {"task", task_of(dataset.target).name}};
  if (dataset.target.kind != TargetKind::number) target["classes"] = dataset.target.classes;
  target["class_names"] = dataset.target.class_names;
  json["origin"] = dataset.origin;
  json["fingerprint"] = dataset.fingerprint;
  json["inputs"] = inputs;
  json["target"] = target;
  json["train"] = part(dataset.train);
  json["test"] = part(dataset.test);
  json["parts_are_drawn"] = dataset.are_parts_drawn;
}

nlohmann::json to_json(const ColumnFacts& column) {
  nlohmann::json json{{"name", column.name},
                      {"kind", kind_text(column)},
                      {"missing", column.missing},
                      {"distinct", column.distinct},
                      {"is_target", column.is_target},
                      {"is_constant", column.is_constant},
                      {"is_identifier", column.is_identifier},
                      {"tells_target", column.tells_target}};
  if (column.kind == ColumnKind::category) {
    json["most_frequent"] = nlohmann::json::array();
    for (const auto& [value, count] : column.frequent)
      json["most_frequent"].push_back({{"value", value}, {"count", count}});
    return json;
  }
  const auto number = [&](double NumberFacts::*what) {
    return column.numbers ? nlohmann::json((*column.numbers).*what) : nlohmann::json(nullptr);
  };
  json["min"] = number(&NumberFacts::least);
  json["max"] = number(&NumberFacts::most);
  json["mean"] = number(&NumberFacts::mean);
  json["deviation"] = number(&NumberFacts::deviation);
  return json;
}

bool is_text(const Dataset& dataset) { return dataset.target.kind == TargetKind::characters; }

void print_characters(const Dataset& dataset) {
  constexpr std::size_t kShown = 20;
  const auto train = character_counts(dataset, dataset.train), test = character_counts(dataset, dataset.test);
  std::vector<std::size_t> codes(train.size());
  std::iota(codes.begin(), codes.end(), std::size_t{0});
  std::ranges::stable_sort(codes, std::greater<>(), [&](std::size_t code) { return train[code]; });
  codes.resize(std::min(codes.size(), kShown));
  Table table({"character", "training", "test"}, {false, true, true});
  for (const std::size_t code : codes) {
    if (code == 0) continue;
    table.add({fmt::format("'{}'", dataset.target.class_names[code]), fmt::format("{}", train[code]),
               fmt::format("{}", test[code])});
  }
  print_lines("\nThe most frequent characters:\n\n" + table.text(output_columns()));
  print("\nUnknown characters, which the training part's alphabet does not have: {} of {} in the test part.\n", test[0],
        std::accumulate(test.begin(), test.end(), std::int64_t{0}));
}

void print_columns(const DataInfo& info) {
  constexpr std::size_t kShown = 60;
  if (info.columns.empty()) return;
  Table table({"column", "type", "missing", "distinct", "min", "max", "mean", "most frequent"},
              {false, false, true, true, true, true, true, false});
  for (const ColumnFacts& column : std::span(info.columns).first(std::min(info.columns.size(), kShown))) {
    const auto number = [&](double NumberFacts::*what, int digits) {
      return column.numbers ? fmt::format("{:.{}g}", (*column.numbers).*what, digits) : std::string();
    };
    std::vector<std::string> frequent;
    for (const auto& [value, count] : column.frequent) frequent.push_back(fmt::format("{} ({})", value, count));
    table.add({column.name + (column.is_target ? " (target)" : ""), kind_text(column),
               fmt::format("{}", column.missing), fmt::format("{}", column.distinct), number(&NumberFacts::least, 10),
               number(&NumberFacts::most, 10), number(&NumberFacts::mean, 6),
               fmt::format("{}", fmt::join(frequent, ", "))});
  }
  print_lines('\n' + table.text(output_columns()));
  if (info.columns.size() > kShown) print("… and {} more columns; --json has all\n", info.columns.size() - kShown);
}

void print_parts(const Dataset& dataset) {
  const bool is_image = dataset.inputs.size() == 1 && dataset.inputs.front().kind == InputKind::image;
  std::vector<std::string> heads{"part", "examples"};
  if (is_image) heads.insert(heads.end(), {"mean", "deviation"});
  Table parts(heads, {false, true, true, true});
  for (const auto& [name, part] : {std::pair{"training", &dataset.train}, std::pair{"test", &dataset.test}}) {
    std::vector<std::string> row{name, fmt::format("{}", part->size())};
    if (is_image) {
      const Scaling measured = dataset.examples->measure(*part);
      row.push_back(fmt::format("{:.4f}", measured.mean.front()));
      row.push_back(fmt::format("{:.4f}", measured.deviation.front()));
    }
    parts.add(row);
  }
  print_lines('\n' + parts.text(output_columns()));
  if (dataset.target.kind == TargetKind::label) print_classes(dataset);
  if (is_image) print_lines("\nMean and deviation are of pixels scaled to [0, 1].\n");
}

void refuse_without_target(const DataOptions& options) {
  const auto refuse = [](const char* flag, bool given) {
    if (given) throw UsageError(fmt::format("{}: means nothing without --target", flag));
  };
  refuse("--positive", !options.positive.empty());
  refuse("--window", options.window > 0);
  refuse("--test-data", !options.test_data.empty());
  refuse("--test-fraction", options.test_fraction > 0);
}

}  // namespace

DataInfo data_info(const std::string& spec, const DataOptions& options) {
  // What is wrong with the flags is a wrong command line; damaged files are a failed job.
  const auto [format, argument] = as_usage([&] { return parse_data_spec(spec); });
  as_usage([&, format = format] { check_data_options(*format, options); });
  DataInfo info{.name = spec};
  const bool takes_target = format->is_path && std::ranges::find(format->options, "target") != format->options.end();
  std::optional<DataTable> table;
  if (format->table != nullptr) table = format->table(argument, options);
  if (takes_target && options.target.empty()) {
    refuse_without_target(options);
    info.rows = table->rows;
    info.columns = column_facts(*table, "");
    info.duplicate_rows = duplicate_rows(*table);
    info.notes = table->warnings;
    info.remarks = remarks(info.columns, info.rows);
    if (info.duplicate_rows > 0) {
      info.remarks.push_back(fmt::format("{} row{} equal to an earlier one", info.duplicate_rows,
                                         info.duplicate_rows == 1 ? " is" : "s are"));
    }
    return info;
  }
  DataOptions with_table = options;
  if (table) with_table.table = &*table;
  info.dataset = open_dataset(spec, with_table);
  const Dataset& dataset = *info.dataset;
  info.notes = dataset.notes;
  if (!table) table = inputs_table(dataset);
  if (table) {
    info.rows = table->rows;
    info.columns = column_facts(*table, dataset.target.name);
    info.remarks = remarks(info.columns, info.rows);
  }
  info.duplicates = duplicates_of(dataset);
  for (std::string& line : remarks(dataset, *info.duplicates)) info.remarks.push_back(std::move(line));
  info.drift = drift_of(dataset, dataset.train, dataset.test);
  if (info.drift && !info.drift->columns.empty() && info.drift->columns.front().differs())
    info.remarks.push_back(drift_line(*info.drift));
  return info;
}

nlohmann::json to_json(const DataInfo& info) {
  nlohmann::json json{{"name", info.name}, {"notes", info.notes}, {"remarks", info.remarks}};
  if (info.dataset) {
    add_dataset(*info.dataset, json);
    if (is_text(*info.dataset)) {
      json["train"]["character_counts"] = character_counts(*info.dataset, info.dataset->train);
      json["test"]["character_counts"] = character_counts(*info.dataset, info.dataset->test);
    }
  }
  if (info.duplicates) {
    json["duplicates"] = {{"training", info.duplicates->training},
                          {"test", info.duplicates->test},
                          {"in_both", info.duplicates->in_both},
                          {"contradicting", info.duplicates->contradicting}};
  } else {
    json["duplicates"] = {{"rows", info.duplicate_rows}};
  }
  if (info.drift) json["drift"] = *info.drift;
  if (info.columns.empty()) return json;
  json["rows"] = info.rows;
  json["columns"] = nlohmann::json::array();
  for (const ColumnFacts& column : info.columns) json["columns"].push_back(to_json(column));
  return json;
}

void print_info(const DataInfo& info) {
  if (info.dataset) {
    const Dataset& dataset = *info.dataset;
    std::vector<std::string> inputs;
    for (const Input& input : dataset.inputs) inputs.push_back(input_text(input));
    print("{}: {}; target: {}\n", info.name, fmt::format("{}", fmt::join(inputs, " and ")),
          target_text(dataset.target));
    if (!dataset.origin.empty()) print("in {}\n", dataset.origin);
  } else {
    print("{}: {} row{}, {} column{}\n", info.name, info.rows, info.rows == 1 ? "" : "s", info.columns.size(),
          info.columns.size() == 1 ? "" : "s");
  }
  for (const std::string& note : info.notes) print("{}\n", note);
  if (info.dataset) print_parts(*info.dataset);
  if (info.dataset && is_text(*info.dataset)) print_characters(*info.dataset);
  print_columns(info);
  print_lines(info.remarks.empty() ? "\nNothing odd was found.\n" : "\nWorth a look:\n");
  for (const std::string& remark : info.remarks) print("- {}\n", remark);
  if (!info.dataset) print_lines("\n--target COLUMN tells what a training on it would see.\n");
}

}  // namespace thalweg::lab

// thalweg data: what data sets there are, and what is in one of them.
#include "commands/commands.h"
#include "commands/exit.h"
#include "data/dataset.h"
#include "output/output.h"
#include "output/table.h"
#include "tasks/task.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <memory>

namespace thalweg::lab {
namespace {

constexpr const char* kFooter = R"(
Examples:
  thalweg data                             what there is
  thalweg data info fashion-mnist
  thalweg data info idx:/data/mnist --json)";

constexpr const char* kInfoFooter = R"(
Examples:
  thalweg data info fashion-mnist
  thalweg data info idx:/data/mnist --json)";

std::vector<std::int64_t> class_counts(const Dataset& dataset, const std::vector<std::int64_t>& part) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(dataset.target.classes));
  for (const std::int64_t example : part) ++counts[static_cast<std::size_t>(dataset.examples->label(example))];
  return counts;
}

nlohmann::json to_json(const Input& input) {
  nlohmann::json json{{"kind", to_string(input.kind)}, {"shape", input.shape}};
  if (!input.sizes.empty()) json["sizes"] = input.sizes;
  if (!input.columns.empty()) json["columns"] = input.columns;
  return json;
}

nlohmann::json to_json(const Dataset& dataset) {
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
  return {{"name", dataset.name},
          {"origin", dataset.origin},
          {"fingerprint", dataset.fingerprint},
          {"inputs", inputs},
          {"target", target},
          {"notes", dataset.notes},
          {"train", part(dataset.train)},
          {"test", part(dataset.test)}};
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

void print_info(const Dataset& dataset) {
  std::vector<std::string> inputs;
  for (const Input& input : dataset.inputs) inputs.push_back(input_text(input));
  print("{}: {}; target: {}\n", dataset.name, fmt::format("{}", fmt::join(inputs, " and ")),
        target_text(dataset.target));
  if (!dataset.origin.empty()) print("in {}\n", dataset.origin);
  for (const std::string& note : dataset.notes) print("{}\n", note);
  print("\n");
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
  print_lines(parts.text(output_columns()));
  if (dataset.target.kind == TargetKind::label) print_classes(dataset);
  if (is_image) print_lines("\nMean and deviation are of pixels scaled to [0, 1].\n");
}

void print_names(bool json) {
  if (json) {
    print_json(nlohmann::json(dataset_names()));
    return;
  }
  Table table({"data set", "what it is"});
  for (const Format& format : formats()) table.add({data_spec(format, format.argument), format.meaning});
  print_lines(table.text(output_columns()) + "\n`thalweg data info NAME` tells what is in one.\n");
}

}  // namespace

void add_data(CLI::App& app) {
  CLI::App* command = app.add_subcommand("data", "List the data sets, or tell what is in one of them");
  command->footer(kFooter);
  struct Flags {
    std::string spec;
    bool json = false, info_json = false;
  };
  auto flags = std::make_shared<Flags>();
  command->add_flag("--json", flags->json, "Print JSON");
  CLI::App* info = command->add_subcommand("info", "Counts, shapes, classes, and what is odd");
  info->footer(kInfoFooter);
  info->add_option("DATA", flags->spec, "As `thalweg data` lists them: fashion-mnist, csv:FILE, …")->required();
  info->add_flag("--json", flags->info_json, "Print JSON");
  info->callback([flags] {
    // An unknown name is a wrong command line, damaged files are a failed job.
    as_usage([&] { parse_data_spec(flags->spec); });
    const Dataset dataset = open_dataset(flags->spec);
    if (flags->json || flags->info_json) {
      print_json(to_json(dataset));
    } else {
      print_info(dataset);
    }
  });
  command->callback([command, flags] {
    if (command->get_subcommands().empty()) print_names(flags->json);
  });
}

}  // namespace thalweg::lab

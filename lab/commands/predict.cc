// thalweg predict: what a run's model says of examples, as CSV or JSON.
#include "commands/commands.h"
#include "commands/exit.h"
#include "commands/output_file.h"
#include "commands/trained_run.h"
#include "output/output.h"
#include "page/folder.h"
#include "report/csv_field.h"
#include "training/evaluate.h"

#include <thalweg/files.h>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace thalweg::lab {
namespace {

constexpr const char* kFooter = R"(
A header, then a row for each row of the data, in their order: the prediction, and of classes the probability of each.
Data need no target column; a file's columns are found by their names. csv:- reads standard input.

Examples:
  thalweg predict runs/loans --data csv:new.csv -o predictions.csv
  thalweg predict runs/loans --data csv:- < new.csv
  thalweg predict runs/first --part test --json)";

struct Flags : TrainedRunFlags {
  std::string output;
  bool json = false;
};

std::vector<std::string> class_names(const Target& target) {
  std::vector<std::string> names = target.class_names;
  for (std::int64_t i = std::ssize(names); i < target.classes; ++i) names.push_back(std::to_string(i));
  return names;
}

std::string to_csv(const Predictions& predictions, const Target& target) {
  if (target.kind == TargetKind::number) {
    std::string csv = csv_field(target.name.empty() ? "prediction" : target.name) + "\r\n";
    for (const double number : predictions.numbers) csv += csv_field(number) + "\r\n";
    return csv;
  }
  const std::vector<std::string> names = class_names(target);
  std::string csv = csv_field(target.name.empty() ? "class" : target.name);
  for (const std::string& name : names) csv += ',' + csv_field("p(" + name + ")");
  csv += "\r\n";
  const float* probability = predictions.probabilities.data();
  for (const std::int64_t label : predictions.labels) {
    csv += csv_field(names[static_cast<std::size_t>(label)]);
    for (std::size_t i = 0; i < names.size(); ++i) csv += fmt::format(",{}", *probability++);
    csv += "\r\n";
  }
  return csv;
}

nlohmann::json to_json(const Predictions& predictions, const Target& target) {
  nlohmann::json rows = nlohmann::json::array();
  if (target.kind == TargetKind::number) {
    for (const double number : predictions.numbers) rows.push_back({{"prediction", number}});
    return rows;
  }
  const std::vector<std::string> names = class_names(target);
  const float* probability = predictions.probabilities.data();
  for (const std::int64_t label : predictions.labels) {
    nlohmann::json shares = nlohmann::json::object();
    for (const std::string& name : names) shares[name] = *probability++;
    rows.push_back({{"prediction", names[static_cast<std::size_t>(label)]}, {"probabilities", shares}});
  }
  return rows;
}

void predict(const Flags& flags) {
  const TrainedModel trained = load_run(flags.run);
  const Target& target = trained.checkpoint.dataset.target;
  if (target.kind == TargetKind::characters) {
    throw UsageError("predict: a model of texts predicts each next character; `thalweg eval` tells how well");
  }
  const Chosen chosen = open_chosen(trained, flags, false);
  if (!flags.output.empty()) {
    check_output("--output", flags.output, {chosen.dataset.files.begin(), chosen.dataset.files.end()});
  }
  Predictions predictions;
  evaluate(*trained.model, *trained.objective, chosen.dataset, chosen.examples, trained.checkpoint.scaling,
           [&](auto, const torch::Tensor& outputs, const torch::Tensor&) {
             trained.objective->predict(outputs, predictions);
           });
  const std::string text = flags.json ? to_json(predictions, target).dump(2) + "\n" : to_csv(predictions, target);
  if (flags.output.empty()) {
    print_lines(text);
    return;
  }
  create_folder(std::filesystem::path(flags.output).parent_path());
  replace_file(flags.output, text);
  print_message("{} rows in {}\n", chosen.examples.size(), flags.output);
}

}  // namespace

void add_predict(CLI::App& app) {
  CLI::App* command = app.add_subcommand("predict", "What a run's model says of each row");
  command->footer(kFooter);
  const auto flags = std::make_shared<Flags>();
  add_trained_run_flags(*command, *flags, true);
  command->add_option("-o,--output", flags->output, "File to write; by default standard output")->type_name("FILE");
  command->add_flag("--json", flags->json, "JSON in place of CSV");
  command->callback([flags] { predict(*flags); });
}

}  // namespace thalweg::lab

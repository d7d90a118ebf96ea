// thalweg predict: what a run's model says of examples, as CSV or JSON.
#include "commands/commands.h"
#include "commands/exit.h"
#include "commands/output_file.h"
#include "commands/recommend.h"
#include "commands/risk_output.h"
#include "commands/trained_run.h"
#include "output/output.h"
#include "page/folder.h"
#include "page/text.h"
#include "report/csv_field.h"
#include "training/evaluate.h"
#include "training/negatives.h"
#include "training/write_text.h"

#include <thalweg/files.h>
#include <thalweg/text.h>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::lab {
namespace {

constexpr const char* kFooter = R"(
A header, then a row for each row of the data, in their order: the prediction, and of classes the probability of each;
of a run with --cost also the decision, by the threshold that was cheapest on its validation part.
Data need no target column; a file's columns are found by their names. csv:- reads standard input.

Examples:
  thalweg predict runs/loans --data csv:new.csv -o predictions.csv
  thalweg predict runs/loans --data csv:- < new.csv
  thalweg predict runs/first --part test --json
  thalweg predict runs/films --user 42 --top 10    what a model of ratings recommends
  thalweg predict runs/text --prompt "The " --characters 200     a model of characters writes on)";

struct Flags : TrainedRunFlags {
  std::string output;
  bool json = false;
  std::string prompt;
  std::string user;
  std::int64_t top = 10;
  WritingOptions writing;
};

/// What stands beside the predictions.
struct Beside {
  std::vector<std::string> files;  ///< in front: what each example is called; empty: nothing
  /// Behind them, of two classes: the one that an example is taken for. It is the cheapest threshold on the run's
  /// validation part; none: nothing.
  std::optional<double> threshold;

  const std::string& decision(float probability, const std::vector<std::string>& classes) const {
    return classes[static_cast<double>(probability) >= *threshold ? 1 : 0];
  }
};

/// What each example is called, if they are called anything, in UTF-8: a file's name may be any bytes.
std::vector<std::string> names_of(const Chosen& chosen) {
  std::vector<std::string> names;
  for (const std::int64_t example : chosen.examples)
    names.push_back(valid_utf8(chosen.dataset.examples->name(example)));
  const bool has_any = std::ranges::any_of(names, [](const std::string& name) { return !name.empty(); });
  return has_any ? names : std::vector<std::string>{};
}

std::string to_csv(const Predictions& predictions, const Target& target, const Beside& beside) {
  if (target.kind == TargetKind::number) {
    std::string csv = csv_field(is_ranking(target)    ? "score"
                                : target.name.empty() ? "prediction"
                                                      : target.name) +
                      "\r\n";
    for (const double number : predictions.numbers) csv += csv_field(number) + "\r\n";
    return csv;
  }
  const std::vector<std::string> names = target.names();
  std::string csv = (beside.files.empty() ? "" : "file,") + csv_field(target.name.empty() ? "class" : target.name);
  for (const std::string& name : names) csv += ',' + csv_field("p(" + name + ")");
  if (beside.threshold) csv += ",decision";
  csv += "\r\n";
  const float* probability = predictions.probabilities.data();
  for (std::size_t row = 0; row < predictions.labels.size(); ++row) {
    const std::int64_t label = predictions.labels[row];
    if (!beside.files.empty()) csv += csv_field(beside.files[row]) + ',';
    csv += csv_field(names[static_cast<std::size_t>(label)]);
    for (std::size_t i = 0; i < names.size(); ++i) csv += fmt::format(",{}", *probability++);
    if (beside.threshold) csv += ',' + csv_field(beside.decision(probability[-1], names));
    csv += "\r\n";
  }
  return csv;
}

nlohmann::json to_json(const Predictions& predictions, const Target& target, const Beside& beside) {
  nlohmann::json rows = nlohmann::json::array();
  if (target.kind == TargetKind::number) {
    for (const double number : predictions.numbers) rows.push_back({{"prediction", number}});
    return rows;
  }
  const std::vector<std::string> names = target.names();
  const float* probability = predictions.probabilities.data();
  for (const std::int64_t label : predictions.labels) {
    nlohmann::json shares = nlohmann::json::object();
    for (const std::string& name : names) shares[name] = *probability++;
    rows.push_back({{"prediction", names[static_cast<std::size_t>(label)]}, {"probabilities", shares}});
    if (beside.threshold) rows.back()["decision"] = beside.decision(probability[-1], names);
    if (!beside.files.empty()) rows.back()["file"] = beside.files[rows.size() - 1];
  }
  return rows;
}

void write(const Flags& flags, const std::string& text, const std::string& what) {
  if (flags.output.empty()) {
    print_lines(text);
    return;
  }
  create_folder(std::filesystem::path(flags.output).parent_path());
  replace_file(flags.output, text);
  print_message("{} in {}\n", what, flags.output);
}

/// A text that a terminal may be given: lines of a file may hold what moves its cursor.
std::string printable_lines(std::string_view text) {
  std::string lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines += printable(text.substr(begin, end - begin), 8 * text.size()) + "\n";
    begin = end + 1;
  }
  return lines;
}

void predict_text(const CLI::App& command, const Flags& flags, const TrainedModel& trained) {
  for (const char* const name : {"--data", "--part"}) {
    if (command.count(name) > 0)
      throw UsageError(fmt::format("{}: a model of characters writes on behind --prompt", name));
  }
  if (!flags.output.empty()) check_output("--output", flags.output, {});
  const Dataset& dataset = trained.checkpoint.dataset;
  // Without a prompt behind the line feed that begins a line, or else the most frequent character.
  const auto& names = dataset.target.class_names;
  const std::string start = std::ranges::find(names, "\n") != names.end() ? "\n" : names.at(1);
  const std::string prompt = flags.prompt.empty() ? start : flags.prompt;
  std::string text;
  as_usage([&] { text = write_text(*trained.model, dataset.inputs.front(), dataset.target, prompt, flags.writing); });
  text = flags.json ? nlohmann::json{{"prompt", prompt}, {"text", text}}.dump(2) + "\n" : flags.prompt + text + "\n";
  write(flags, flags.output.empty() ? printable_lines(text) : text,
        fmt::format("{} characters", flags.writing.characters));
}

void predict_rows(const CLI::App& command, const Flags& flags, const TrainedModel& trained) {
  for (const char* const name : {"--prompt", "--characters", "--temperature", "--seed"}) {
    if (command.count(name) > 0)
      throw UsageError(fmt::format("{}: is for models of characters; {} predicts one value for each row", name,
                                   trained.checkpoint.config.model));
  }
  const Target& target = trained.checkpoint.dataset.target;
  const Chosen chosen = open_chosen(trained, flags, false);
  if (!flags.output.empty()) {
    check_output("--output", flags.output, {chosen.dataset.files.begin(), chosen.dataset.files.end()});
  }
  Predictions predictions;
  evaluate(*trained.model, *trained.objective, chosen.dataset, chosen.examples, trained.checkpoint.scaling,
           [&](auto, const torch::Tensor& outputs, const torch::Tensor&) {
             trained.objective->predict(outputs, predictions);
           });
  Beside beside{.files = names_of(chosen), .threshold = {}};
  if (const std::optional<CostReview> costs = costs_of_run(trained.checkpoint.config, flags.run))
    beside.threshold = costs->chosen.threshold;
  write(flags, flags.json ? to_json(predictions, target, beside).dump(2) + "\n" : to_csv(predictions, target, beside),
        fmt::format("{} rows", chosen.examples.size()));
}

void predict_user(const CLI::App& command, const Flags& flags, const TrainedModel& trained) {
  for (const char* const name : {"--part", "--prompt", "--characters", "--temperature", "--seed"}) {
    if (command.count(name) > 0) throw UsageError(fmt::format("{}: means nothing beside --user", name));
  }
  if (!flags.output.empty()) check_output("--output", flags.output, {});
  write(flags, recommended_text(trained, flags, flags.user, flags.top, flags.json), "items");
}

void predict(const CLI::App& command, const Flags& flags) {
  if (command.count("--top") > 0 && command.count("--user") == 0)
    throw UsageError("--top: means nothing without --user");
  const TrainedModel trained = load_run(flags.run);
  if (command.count("--user") > 0) return predict_user(command, flags, trained);
  if (trained.checkpoint.dataset.target.kind == TargetKind::characters) {
    predict_text(command, flags, trained);
  } else {
    predict_rows(command, flags, trained);
  }
}

}  // namespace

void add_predict(CLI::App& app) {
  CLI::App* command = app.add_subcommand("predict", "What a run's model says of each row");
  command->footer(kFooter);
  const auto flags = std::make_shared<Flags>();
  add_trained_run_flags(*command, *flags, true);
  command->add_option("-o,--output", flags->output, "File to write; by default standard output")->type_name("FILE");
  command->add_flag("--json", flags->json, "JSON in place of CSV");
  const char* const ratings = "Ratings";
  command->add_option("--user", flags->user, "Recommend to this user of the data, by the id that the file has")
      ->group(ratings)
      ->type_name("ID");
  command->add_option("--top", flags->top, "So many items, without those that the data hold of the user")
      ->group(ratings)
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 31))
      ->capture_default_str();
  const char* const text = "Text";
  command->add_option("--prompt", flags->prompt, "What the text begins with; by default a new line")
      ->group(text)
      ->type_name("TEXT");
  command->add_option("--characters", flags->writing.characters, "How many to write")
      ->group(text)
      ->capture_default_str();
  command
      ->add_option("--temperature", flags->writing.temperature,
                   "0: always the likeliest character; 1: as the model says; more: wilder")
      ->group(text)
      ->capture_default_str();
  command->add_option("--seed", flags->writing.seed, "Of the draws")->group(text)->capture_default_str();
  command->callback([command, flags] { predict(*command, *flags); });
}

}  // namespace thalweg::lab

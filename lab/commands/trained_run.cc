// A run whose model is used: loads it and its data.
#include "commands/trained_run.h"

#include "commands/exit.h"
#include "commands/run_data.h"
#include "store/folder_lock.h"
#include "training/split.h"

#include <thalweg/error.h>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>

namespace thalweg::lab {
namespace {

std::string shape_text(const std::vector<Input>& inputs) {
  std::string text;
  for (const Input& input : inputs) {
    text += fmt::format("{}{} of", text.empty() ? "" : " and ", to_string(input.kind));
    for (std::size_t i = 0; i < input.shape.size(); ++i)
      text += fmt::format("{}{}", i == 0 ? " " : " × ", input.shape[i]);
  }
  return text;
}

bool is_same(const std::vector<Input>& a, const std::vector<Input>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i].kind != b[i].kind || a[i].shape != b[i].shape) return false;
  return true;
}

void check_same(const Dataset& trained, const Dataset& dataset) {
  if (!is_same(trained.inputs, dataset.inputs)) {
    throw Error(fmt::format("{}: has {}; the model was trained on {}", dataset.name, shape_text(dataset.inputs),
                            shape_text(trained.inputs)));
  }
  const std::vector<std::string>&own = trained.target.class_names, &others = dataset.target.class_names;
  if (!own.empty() && !others.empty() && own != others) {
    throw Error(fmt::format("{}: its classes are {}; the model tells {} apart", dataset.name, fmt::join(others, ", "),
                            fmt::join(own, ", ")));
  }
  if (trained.target.kind == TargetKind::label && dataset.target.classes > trained.target.classes) {
    throw Error(fmt::format("{}: has {} classes; the model tells {} apart", dataset.name, dataset.target.classes,
                            trained.target.classes));
  }
}

}  // namespace

void add_trained_run_flags(CLI::App& command, TrainedRunFlags& flags, bool part) {
  command.add_option("RUN", flags.run, "Folder of a run that thalweg train --out wrote")->required();
  command.add_option("--data", flags.data, "Data to use it on, as `thalweg data` lists them; by default the run's own");
  if (!part) return;
  command.add_option("--part", flags.part, "Of the run's own data: test, validation or train")
      ->check(CLI::IsMember({"test", "validation", "train"}))
      ->excludes("--data")
      ->capture_default_str();
}

TrainedModel load_run(const std::string& folder) {
  const std::filesystem::path checkpoint = std::filesystem::path(folder) / kCheckpointFile;
  if (!std::filesystem::exists(checkpoint)) {
    throw UsageError(
        fmt::format("{}: there is no {} in it; `thalweg train --out FOLDER` keeps one", folder, kCheckpointFile));
  }
  return load_trained_model(checkpoint);
}

Chosen open_chosen(const TrainedModel& trained, const TrainedRunFlags& flags, bool needs_target) {
  const Checkpoint& checkpoint = trained.checkpoint;
  TrainingConfig config = checkpoint.config;
  Chosen chosen;
  if (flags.data.empty()) {
    chosen.dataset = open_run_data(config, checkpoint, flags.run, false,
                                   [](TrainingConfig& each) { return open_training_data(each); });
    chosen.parts = split(chosen.dataset, config);
    const Split& parts = chosen.parts;
    chosen.examples = flags.part == "train"        ? parts.training
                      : flags.part == "validation" ? parts.validation
                                                   : parts.test;
    if (chosen.examples.empty()) throw UsageError(fmt::format("--part {}: the run has no such part", flags.part));
    return chosen;
  }
  DataOptions options = config.data_options;
  options.schema = checkpoint.dataset.schema;
  options.test_data.clear();
  options.needs_target = needs_target;
  const Format* format = nullptr;
  as_usage([&] { format = parse_data_spec(flags.data).format; });
  const auto other_kind = [&] {
    return fmt::format("{}: is of another kind than what the model was trained on, {}", flags.data,
                       checkpoint.config.data);
  };
  try {
    check_data_options(*format, options);
  } catch (const Error&) {  // of a flag that the training had, and that this command has not
    throw Error(other_kind());
  }
  try {
    chosen.dataset = open_dataset(flags.data, options);
  } catch (const nlohmann::json::exception&) {  // what is known of the training's data means nothing for these
    throw Error(other_kind());
  }
  check_same(checkpoint.dataset, chosen.dataset);
  chosen.dataset.target = checkpoint.dataset.target;  // which may have more classes
  chosen.examples = chosen.dataset.test;
  // Where the format has no parts, all of it is asked about.
  if (chosen.dataset.are_parts_drawn) {
    chosen.examples.insert(chosen.examples.end(), chosen.dataset.train.begin(), chosen.dataset.train.end());
    std::ranges::sort(chosen.examples);
  }
  return chosen;
}

}  // namespace thalweg::lab

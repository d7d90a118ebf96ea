// thalweg train: one training, from the beginning or from where it was stopped.
#include "commands/commands.h"
#include "commands/config_file.h"
#include "commands/detection_output.h"
#include "commands/exit.h"
#include "commands/parsed_command.h"
#include "commands/review_output.h"
#include "commands/risk_output.h"
#include "commands/run_data.h"
#include "commands/run_folder.h"
#include "commands/task.h"
#include "commands/train_file.h"
#include "commands/training_display.h"
#include "commands/training_flags.h"
#include "data/facts.h"
#include "duration.h"
#include "error_text.h"
#include "math_library.h"
#include "models/model_list.h"
#include "output/output.h"
#include "risk/risk_folds.h"
#include "study/environment.h"
#include "study/statistics.h"
#include "tasks/task.h"
#include "tensorboard/training_events.h"
#include "training/checkpoint.h"
#include "training/findings.h"
#include "training/kept_epoch.h"
#include "training/optimizer.h"
#include "training/split.h"
#include "training/trained_model.h"

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace thalweg::lab {
namespace {

constexpr const char* kFooter = R"(
The same command gives the same bits again on the same kind of processor, with the same number of threads and the same
BLAS (its kernels included); whatever else the computer does, and whatever the language, changes nothing. Another number
of threads, or another processor, rounds sums in another order.

With --resume, everything is as the run began. Stop conditions may be given anew; but a schedule without a length of its
own, as the default cosine, is measured by --epochs and --steps: these may change only if it has one (cosine:steps=N).
Data are known by their contents: where they were moved, --data names their folder.

An optimizer is one text: a rule with options (see `thalweg rules`), and behind it clip=, average=, schedule= (see
`thalweg schedule`) and group[PATTERN]= for parameters by name. With average= the averages are what is evaluated.

Examples:
  thalweg train --optimizer 'adamw:lr=1e-3 clip=global_norm:1 schedule=cosine:warmup=200 average=ema:0.99'
  thalweg train --optimizer 'adamw:weight_decay=0.1 group[*.bias]=weight_decay=0' --epochs 2
  thalweg train                                       mlp, Fashion-MNIST, RMSprop with lr 1e-3, 10 epochs
  thalweg train --model cnn --optimizer rmsprop --lr 1e-3 --epochs 2 --out runs/first
  thalweg train --resume runs/first                   goes on with the same bits as if never stopped
  thalweg train --optimizer sgd:momentum=0.9,nesterov=true --lr 0.02 --schedule step:every=3,interval=epoch
  thalweg train --epochs 3 --print-config > run.toml  all flags and their values, as a file
  thalweg train --config run.toml --seed 2            as the file says, but for the seed
  thalweg train --dense 256,128 --data idx:/data/mnist --patience 3 --json
  thalweg train --model tabular --data csv:loans.csv --target class --folds 10
  thalweg train --tensorboard events/first            then: tensorboard --logdir events
  thalweg train --goal 0.85                           stops at 85 % validation accuracy)";

struct Flags {
  TrainingConfig config;
  ConfigFlags file;
  OptimizerShortcuts shortcuts;
  std::string out, resume, tensorboard;
  std::int64_t checkpoint_every = 0;
  bool overwrite = false, json = false;
};

void add_flags(CLI::App& command, Flags& flags) {
  add_training_flags(command, flags.config);
  add_optimizer_shortcuts(command, flags.shortcuts);
  const auto output = "Output";
  command.add_option("--out", flags.out, "Folder for checkpoint and records; none are kept without it")
      ->type_name("FOLDER")
      ->group(output);
  command.add_option("--resume", flags.resume, "Folder of the run to continue")
      ->type_name("FOLDER")
      ->group(output)
      ->excludes("--out");
  command.add_option("--checkpoint-every", flags.checkpoint_every, "Also every N steps, not only each epoch")
      ->group(output)
      ->check(CLI::NonNegativeNumber);
  command.add_option("--tensorboard", flags.tensorboard, "New folder for an event file, which TensorBoard shows")
      ->type_name("FOLDER")
      ->group(output);
  command.add_flag("--overwrite", flags.overwrite, "Begin anew if the folder holds a run")->group(output);
  command.add_flag("--json", flags.json, "Print the result as JSON")->group(output);
  add_config_flags(command, flags.file);
}

// Flags that would do nothing.
void check_output_flags(const Flags& flags) {
  if (!flags.out.empty()) return;
  if (flags.overwrite) {
    throw UsageError(flags.resume.empty() ? "--overwrite: there is no --out whose run could be overwritten"
                                          : "--overwrite: --resume goes on with a run; --out begins one");
  }
  if (flags.checkpoint_every > 0 && flags.resume.empty()) {
    throw UsageError("--checkpoint-every: there is no --out to keep checkpoints in");
  }
}

// The checkpoint's configuration with what was given on the command line on top.
TrainingConfig resumed_config(const CLI::App& command, const Flags& flags, const Checkpoint& checkpoint) {
  TrainingConfig config = checkpoint.config;
  CLI::App again;
  add_training_flags(again, config);  // to be read a second time, on top of the checkpoint's
  for (CLI::Option* option : again.get_options()) {
    if (option->get_lnames().empty() || option->get_lnames().front() == "help") continue;
    const CLI::Option* given = command.get_option("--" + option->get_lnames().front());
    if (given->count() == 0) continue;
    option->add_result(given->results());
    option->run_callback();
  }
  apply_shortcuts(command, flags.shortcuts, /*is_new=*/false, config);
  check_resumable(checkpoint.config, checkpoint.threads, config);
  return config;
}

/// What a training tells while it runs.
struct Records {
  std::vector<EpochRecord> epochs;
  std::vector<DiagnosticRecord> diagnostics;
};

/// What a training ended with.
struct Trained {
  TrainingResult result;
  Records records;
  TrainingConfig config;
  std::string task;
};

nlohmann::json to_json(const Trained& trained, const std::string& folder) {
  const std::vector<EpochRecord>& epochs = trained.records.epochs;
  nlohmann::json json = trained.result;
  json.erase("review");  // for the report: it may hold pictures
  if (trained.result.review) add_review(*trained.result.review, json);
  json["task"] = trained.task;
  const EpochRecord* kept = kept_epoch(epochs, trained.config);
  json["validation"] = kept == nullptr || !kept->validation ? nlohmann::json() : nlohmann::json(*kept->validation);
  json["config"] = trained.config;
  json["records"] = epochs;
  json["findings"] = findings(trained.records.diagnostics, epochs);
  if (!folder.empty()) json["out"] = folder;
  return json;
}

// What was found in the run, and what it is at when it stops: for people on stdout, for programs as JSON.
void print_result(const Trained& trained, const Flags& flags) {
  for (const Finding& finding : findings(trained.records.diagnostics, trained.records.epochs)) {
    const std::string line = fmt::format("{}. {}.\n", finding.text, finding.advice);
    flags.json ? print_message_lines(line) : print_lines(line);
  }
  const std::string& folder = flags.resume.empty() ? flags.out : flags.resume;
  if (flags.json) {
    print_json(to_json(trained, folder));
    return;
  }
  const TrainingResult& result = trained.result;
  const std::string why = result.outcome == Outcome::completed ? "" : fmt::format(" ({})", result.reason);
  print("{}{} after {} of {} epochs and {} steps, {} of training\n", to_string(result.outcome), why, result.epochs,
        trained.config.stop.epochs, result.steps, duration(result.seconds));
  if (result.test) print("test {}\n", values_text(*result.test));
  if (result.review) print_review(*result.review);
  if (result.review && result.review->detection) {
    print_lines('\n' + detection_table(*result.review->detection).text(output_columns()) + '\n');
  }
  if (!folder.empty()) {
    print("kept in {}; `thalweg report {} -o report.html` shows it\n", folder, shell_quoted(folder));
  }
}

// The run's event file, behind what the checkpoint knows; a new one beside it where it is gone.
TrainingEvents events_again(const EventPlace& place, const CLI::App& command, const TrainingConfig& config) {
  try {
    return TrainingEvents::go_on(place);
  } catch (const Error& error) {
    const std::filesystem::path folder = std::filesystem::path(place.file).parent_path();
    TrainingEvents events = TrainingEvents::begin(folder, config, config_text(command, config));
    print_message("{}; a new event file has the run from here on: {}\n", error.what(), events.path().string());
    return events;
  }
}

// Of folders the first examples are those of the first classes, so a limit may leave out classes altogether.
void warn_of_missing_classes(const Dataset& dataset, const TrainingConfig& config) {
  if (dataset.target.kind != TargetKind::label) return;
  const Split parts = split(dataset, config);
  for (const std::string& remark : missing_classes(dataset, parts.training, parts.test))
    print_message("warning: {}\n", remark);
}

// One training; nothing where its configuration is printed instead.
std::optional<Trained> train_once(const CLI::App& command, const Flags& flags) {
  if (!flags.tensorboard.empty()) check_has_no_events(flags.tensorboard);
  TrainingConfig config = flags.config;
  Checkpointing checkpointing{.file = {}, .every_steps = flags.checkpoint_every, .resume = false};
  std::optional<RunFolder> folder;
  std::optional<TrainingEvents> events;
  Records records;
  Dataset dataset;
  if (!flags.resume.empty()) {
    folder.emplace(RunFolder::resume(flags.resume));  // first, so that no other process goes on with it meanwhile
    const Checkpoint checkpoint = read_checkpoint(folder->checkpoint());
    config = as_usage([&] { return resumed_config(command, flags, checkpoint); });
    check_training_flags(command, config, std::span(&config.optimizer, 1));
    if (flags.file.print) {
      print_lines(config_text(command, config));
      return std::nullopt;
    }
    dataset = open_run_data(config, checkpoint, flags.resume, command.count("--data") > 0, [&](TrainingConfig& each) {
      const std::string model = std::exchange(each.model, model_of(each, folder->checkpoint()));
      Dataset opened = open_task(each, std::span(&each.optimizer, 1));
      each.model = model;
      return opened;
    });
    if (flags.tensorboard.empty() && checkpoint.events)
      events.emplace(events_again(*checkpoint.events, command, config));
    folder->rewind(checkpoint.run.step);
    records.epochs = checkpoint.run.epochs;
    records.diagnostics = folder->diagnostics();
    checkpointing.resume = true;
  } else {
    as_usage([&] { apply_shortcuts(command, flags.shortcuts, /*is_new=*/true, config); });
    if (config.threads == 0) config.threads = all_threads();  // bits depend on it, so it is kept
    check_training_flags(command, config, std::span(&config.optimizer, 1));
    if (flags.file.print) {
      as_usage([&] { check(config); });
      print_lines(config_text(command, config));
      return std::nullopt;
    }
    dataset = open_task(config, std::span(&config.optimizer, 1));
    warn_of_missing_classes(dataset, config);
    if (!flags.out.empty())
      folder.emplace(RunFolder::create(flags.out, config, task_of(dataset.target).name, flags.overwrite,
                                       parsed_command(command, {"overwrite"})));
  }
  if (!flags.tensorboard.empty()) {
    events.emplace(TrainingEvents::begin(flags.tensorboard, config, config_text(command, config)));
  }
  if (folder) {
    checkpointing.file = folder->checkpoint();
    go_on_without_reader();
  }

  const Task& task = task_of(dataset.target);
  TrainingDisplay display(flags.json ? Lines::messages : Lines::output, task, config.stop.epochs);
  TrainingHooks hooks;
  // Until the first step is done, a signal ends the process at once: nothing is lost, and it may be stuck.
  hooks.on_started = [&hooks] { hooks.stop_requested = &watch_for_interrupt(); };
  hooks.on_progress = [&](const Progress& progress) { display.show(progress); };
  hooks.on_epoch = [&](const EpochRecord& record) {
    display.add(record);
    records.epochs.push_back(record);
    if (folder) folder->add(record);
    if (events) events->add(record);
  };
  hooks.on_diagnostics = [&](const DiagnosticRecord& record) {
    records.diagnostics.push_back(record);
    if (folder) folder->add(record);
    if (events) events->add(record);
  };
  hooks.on_step = [&](const StepRecord& record) {
    if (folder) folder->add(record);
    if (events) events->add(record);
  };
  if (folder) hooks.before_checkpoint = [&] { folder->flush(); };
  if (events) {
    hooks.on_gradient = [&](auto... gradient) { events->add_gradient(gradient...); };
    hooks.event_place = [&] { return events->place(); };
  }

  TrainingResult result;
  try {
    result = train(config, dataset, hooks, checkpointing);
  } catch (const std::exception& error) {
    display.clear();
    if (folder) folder->fail(error_text(error));
    if (events) events->fail();
    throw;
  }
  display.clear();
  if (folder) folder->finish(result);
  if (events) events->finish(result);
  if (result.outcome == Outcome::interrupted) {
    if (folder) {
      print_message("interrupted after {} steps; to go on: `thalweg train --resume {}`\n", result.steps,
                    shell_quoted(flags.resume.empty() ? flags.out : flags.resume));
    } else {
      print_message("interrupted after {} steps; nothing is kept without --out\n", result.steps);
    }
    throw Interrupted{};
  }
  return Trained{std::move(result), std::move(records), std::move(config), task.name};
}

void check_ended_well(const Trained& trained) {
  if (trained.result.outcome != Outcome::diverged) return;
  throw Error(fmt::format("diverged: {}; a smaller learning rate may help", trained.result.reason));
}

// Mean and standard deviation of each metric over the folds that have it, and how many these are.
nlohmann::json spread_json(const std::vector<Trained>& folds) {
  std::map<std::string, std::vector<double>> values;
  for (const Trained& fold : folds)
    for (const auto& [metric, value] : fold.result.test.value_or(MetricValues{})) values[metric].push_back(value);
  nlohmann::json means = nlohmann::json::object(), deviations = means, counts = means;
  for (const auto& [metric, list] : values) {
    counts[metric] = list.size();
    means[metric] = mean(list);
    if (list.size() > 1) deviations[metric] = sample_sd(list);
  }
  return {{"folds", counts}, {"mean", means}, {"sd", deviations}};
}

/// What the folds' probabilities of two classes say together.
std::optional<RiskFolds> risk_of(const std::vector<Trained>& folds) {
  std::vector<const RiskReview*> reviews;
  for (const Trained& fold : folds)
    if (fold.result.review && fold.result.review->risk) reviews.push_back(&*fold.result.review->risk);
  return reviews.size() == folds.size() ? risk_over_folds(reviews) : std::nullopt;
}

std::int64_t one_class_folds(const std::vector<Trained>& folds) {
  return std::ranges::count_if(folds, [](const Trained& fold) {
    return fold.result.review && fold.result.review->risk && !fold.result.review->risk->auc;
  });
}

// A training for each part, which tests it; fold k has the seed SEED + k − 1, and with --out its own folder.
void cross_validate(const CLI::App& command, const Flags& flags) {
  std::vector<Trained> folds;
  nlohmann::json each = nlohmann::json::array();
  for (std::int64_t fold = 1; fold <= flags.config.folds; ++fold) {
    Flags own = flags;
    own.config.fold = fold;
    own.config.seed += static_cast<std::uint64_t>(fold - 1);
    if (!flags.out.empty()) own.out = (std::filesystem::path(flags.out) / fmt::format("fold-{}", fold)).string();
    if (!flags.tensorboard.empty())
      own.tensorboard = (std::filesystem::path(flags.tensorboard) / fmt::format("fold-{}", fold)).string();
    std::optional<Trained> trained = train_once(command, own);
    if (!trained) return;
    if (flags.json) {
      each.push_back(to_json(*trained, own.out));
    } else {
      print("fold {} of {}: ", fold, flags.config.folds);
      print_result(*trained, own);
    }
    check_ended_well(*trained);
    folds.push_back(std::move(*trained));
  }
  const nlohmann::json spread = spread_json(folds);
  const std::optional<RiskFolds> risk = risk_of(folds);
  if (flags.json) {
    nlohmann::json json{{"task", folds.front().task}, {"folds", each}, {"test", spread}};
    if (risk) json["risk"] = measures_json(*risk);
    print_json(json);
    return;
  }
  print("\nover {} folds\n", folds.size());
  for (const auto& [name, value] : spread.at("mean").items()) {
    const Metric& metric = find_metric(name);
    const auto count = spread.at("folds").at(name).get<std::size_t>();
    print("{} {}{}{}\n", metric.title, value_text(metric, value.get<double>()),
          count > 1 ? " ± " + plain_text(metric, spread.at("sd").at(name).get<double>()) : "",
          count < folds.size() ? fmt::format(" (of {} folds, which alone have it)", count) : "");
  }
  if (!risk) {
    if (const std::int64_t count = one_class_folds(folds); count > 0)
      print("{} of {} folds test examples of one class alone: no measures of risk of all folds together\n", count,
            folds.size());
    return;
  }
  for (const std::string& line : risk_lines(*risk)) print("{}\n", line);
}

void train_command(const CLI::App& command, const Flags& flags) {
  if (!flags.file.file.empty()) read_config_file(command, flags.file.file);
  check_output_flags(flags);
  if (flags.config.folds > 0 && flags.resume.empty()) {
    as_usage([&] { check(flags.config); });
    return cross_validate(command, flags);
  }
  if (const std::optional<Trained> trained = train_once(command, flags)) {
    print_result(*trained, flags);
    check_ended_well(*trained);
  }
}

}  // namespace

std::string train_file(const TrainingConfig& config) {
  CLI::App command;
  Flags flags;
  flags.config = config;
  add_flags(command, flags);
  return config_text(command, config);
}

void add_train(CLI::App& app) {
  CLI::App* command = app.add_subcommand("train", "Train one model with one optimizer");
  command->footer(kFooter);
  auto flags = std::make_shared<Flags>();
  add_flags(*command, *flags);
  command->callback([command, flags] { train_command(*command, *flags); });
}

}  // namespace thalweg::lab

// thalweg tune: searches for a training's best parameters.
#include "commands/commands.h"
#include "commands/config_file.h"
#include "commands/exit.h"
#include "commands/forecast.h"
#include "commands/parsed_command.h"
#include "commands/search_output.h"
#include "commands/study_flags.h"
#include "commands/study_runner.h"
#include "commands/task.h"
#include "commands/training_flags.h"
#include "models/model_list.h"
#include "output/output.h"
#include "search/sampler.h"
#include "study/run_tune.h"
#include "study/trial_files.h"
#include "study/tune_folder.h"
#include "study/tune_results.h"
#include "tasks/task.h"
#include "training/split.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::lab {
namespace {

constexpr std::uint64_t kRunSeedsAfter = 1000;  // apart from the seeds of final trainings

struct Flags {
  TuneConfig config;
  OptimizerShortcuts shortcuts;
  ConfigFlags file;
  JobFlags workers;
  std::uint64_t runs = 1;  // of each trial: --seeds
  std::string time;
  std::optional<double> seconds;  // of `time`
  bool keep_all = false, maximize = false, dry_run = false;
  std::optional<std::int64_t> task;
  std::int64_t patience = 3600;
  StudyOutput output{.out = "runs/tune", .report = {}};
};

constexpr const char* kFooter = R"(
A trial is the training with one value of each range, for the same epochs and with the same seeds as every other; the best
has the best value of the task's first metric on the validation part, with the weights that it ends with. The test part is
not touched.

Ranges:
  lr=log:1e-5:1e-1             a real number, equal ratios equally likely
  momentum=0:0.99              a real number
  batch=int:16:256             a whole number; int:log:16:256 by ratios
  dense=choice:64|128|256      one of these
  momentum=0:0.99:if:optimizer=sgd|rmsprop     counts only with one of these values of a choice before it
A range's name is an option of the optimizer's rule, else a setting, called as its flag.

Samplers: random; sobol covers the space more evenly; grid has --trials points or fewer; tpe learns from the trials that
have ended (tree-structured Parzen estimator); hyperband gives many trials few epochs and the best of them more.

The proposal for trial n sees the results of trials up to n - lag, whatever --jobs is: the same command gives the same
trials and results with any number of workers. A search that was interrupted goes on when the same command is run again,
with a larger --trials too.

On a cluster: each task of a batch array runs one trial with --task NUMBER and writes one file; no server is needed, and
no database lies on the network. `thalweg tune merge FOLDER` makes the study of the files.

A command of one's own: what stands behind -- is run for each trial, with {NAME} in place of the parameters, {seed} and
{folder}; it prints its metric as JSON lines.

Examples:
  thalweg tune --range lr=log:1e-5:1e-1 --range momentum=0:0.99 --optimizer sgd --trials 32 --out runs/sgd
  thalweg tune --model cnn --range lr=log:1e-4:1e-1 --range 'dense=choice:64|128|256' --epochs 4 --sampler hyperband
  thalweg tune --range 'optimizer=choice:sgd|rmsprop|adam' --range lr=log:1e-4:1 \
      --range momentum=0:0.99:if:optimizer=sgd --time 10m
  thalweg tune --range lr=log:1e-5:1e-1 --dry-run     how many trials, how long, how much disk
  thalweg tune --range lr=log:1e-5:1e-1 --task $SLURM_ARRAY_TASK_ID --out /shared/search
  thalweg tune --range lr=log:1e-4:1 --metric accuracy --maximize -- ./train.py --lr {lr} --seed {seed})";

void add_flags(CLI::App& command, Flags& flags) {
  TuneConfig& config = flags.config;
  command.add_option("COMMAND", config.program.command, "Behind --: a command of one's own, in place of a training");
  add_training_flags(command, config.training, {"seed", "threads", "folds"});
  add_optimizer_shortcuts(command, flags.shortcuts);

  const auto group = "Search";
  command.add_option("--range", config.ranges, "What is searched, as below; given again for each")
      ->group(group)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command
      .add_option("--sampler", config.sampler, fmt::format("{} or {}", fmt::join(sampler_names(), ", "), kHyperband))
      ->group(group)
      ->capture_default_str();
  command.add_option("--trials", config.trials, "Of the whole search; may grow later (not of grid and hyperband)")
      ->group(group)
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  command.add_option("--time", flags.time, "Begins no trial after this time, as 90s, 10m, 2h")->group(group);
  command.add_option("--seed", config.seed, "Of the proposals; trials are trained with seeds 1000 further on")
      ->group(group)
      ->capture_default_str();
  command.add_option("--seeds", flags.runs, "Runs of each trial, whose mean counts")
      ->group(group)
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command
      .add_option("--folds", config.folds, "Validation parts: a run for each of N parts of the training part; 0: one")
      ->group(group)
      ->check(CLI::Range(0, 1000))
      ->capture_default_str();
  command
      .add_flag("--keep-all", flags.keep_all,
                "Give every trial all of its runs, also one that a paired test shows to be worse than the best")
      ->group(group);
  command.add_option("--lag", config.lag, "Trials that may run at once, as below")
      ->group(group)
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  command.add_option("--eta", config.eta, "Of hyperband: at each rung the best 1/eta go on, with eta times the epochs")
      ->group(group)
      ->check(CLI::Range(2, 100))
      ->capture_default_str();

  add_program_flags(command, config.program, flags.maximize);
  add_job_flags(command, flags.workers);
  const auto study = "Study";
  command.add_option("--task", flags.task, "Run only the trial of this number, from 0, into a file of its own")
      ->group(study);
  command
      .add_option("--patience-for-others", flags.patience,
                  "Seconds that a task waits for one more of the trials that its proposal sees")
      ->group(study)
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command.add_flag("--dry-run", flags.dry_run, "Tell how many trials, how long and how much disk, and end")
      ->group(study);

  add_study_output(command, flags.output);
  add_config_flags(command, flags.file);
}

/// Seconds of `90s`, `10m`, `2h`, `90`.
double read_time(std::string_view text) {
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const double factor = unit.empty() || unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3600 : 0;
  if (code == std::errc() && factor > 0 && value > 0 && value * factor < 1e9) return value * factor;
  throw UsageError(fmt::format("--time: '{}' is no time; expected a number with s, m or h, as 90s, 10m, 2h", text));
}

/// Values that this setting may have in trials; `usual` where it is not searched.
std::vector<std::string> choices_of(const TuneConfig& config, const char* setting, const std::string& usual) {
  const SearchSpace space = parse_space(config.ranges);
  const auto found = std::ranges::find(space.dimensions, setting, &Dimension::name);
  if (found == space.dimensions.end()) return {usual};
  std::vector<std::string> texts;
  for (const nlohmann::json& choice : found->choices) {
    texts.push_back(written(choice));
  }
  return texts;
}

void complete(const CLI::App& command, Flags& flags) {
  TuneConfig& config = flags.config;
  config.rejects = !flags.keep_all;
  config.seeds.clear();
  for (std::uint64_t i = 0; i < flags.runs; ++i) config.seeds.push_back(config.seed + kRunSeedsAfter + i);
  complete(flags.workers);
  config.training.threads = flags.workers.threads_per_job;
  complete(config.program, flags.maximize);
  if (command.count("--time") > 0) flags.seconds = read_time(flags.time);
  if (config.program) {
    return as_usage([&] { check(config); });
  }
  as_usage([&] {
    apply_shortcuts(command, flags.shortcuts, /*is_new=*/true, config.training);
    check(config);
  });
  check_training_flags(command, config.training, choices_of(config, "optimizer", config.training.optimizer));
}

/// What the study is about.
struct About {
  std::string task;
  std::int64_t examples = 0;  ///< in the training part
};

/// Opens the data to find out what is wrong with it, and fills in what depends on it.
About open_data(Flags& flags) {
  TuneConfig& config = flags.config;
  if (config.program) {
    check_report(flags.output);
    return {.task = task_of(config.program)};
  }
  TrainingConfig first = config.training;  // of a trial's runs
  if (config.folds > 0) {
    first.validation_folds = config.folds;
    first.validation_fold = 1;
  }
  const Dataset dataset = open_task(first, choices_of(config, "optimizer", config.training.optimizer));
  const Split parts = split(dataset, first);  // throws where there are fewer examples than folds
  first.validation_folds = first.validation_fold = 0;
  config.training = first;
  const std::vector<std::string> models = choices_of(config, "model", config.training.model);
  as_usage([&] {
    check(config);  // the epochs are known now
    for (const std::string& model : models) check_fits(find_model(model), dataset);
  });
  config.data_fingerprint = dataset.fingerprint;
  config.model_fingerprint.clear();
  for (const std::string& model : models) config.model_fingerprint += model_fingerprint(model);
  check_report(flags.output, {dataset.files.begin(), dataset.files.end()});
  return {.task = task_of(dataset.target).name, .examples = std::ssize(parts.training)};
}

void run_one_task(const CLI::App& command, const Flags& flags, const std::string& task) {
  const TrialFiles files =
      TrialFiles::open(flags.output.out, flags.config, task, parsed_command(command, {"overwrite", "task", "json"}));
  const bool ended = [&] {
    StudyRunner runner(1);
    return train_task(files, *flags.task, runner.trials(), runner.hooks(), std::chrono::seconds(flags.patience));
  }();
  if (!ended) {
    print_message("Interrupted: trial {} goes on from its checkpoint when its task is run again\n", *flags.task);
    throw Interrupted{};
  }
  if (flags.output.json) {
    StudyData study = files.plan();
    study.trials = files.read(*flags.task);
    return print_json(tune_json(study).at("trials").front());
  }
  print("trial {} is in {}\n", *flags.task, files.file_of(*flags.task).string());
}

void tune(const CLI::App& command, Flags& flags) {
  if (!flags.file.file.empty()) read_config_file(command, flags.file.file);
  complete(command, flags);
  if (flags.file.print) return print_lines(config_text(command, flags.config.training));
  if (flags.task) as_usage([&] { check_task(flags.config, *flags.task); });
  const About about = open_data(flags);
  if (flags.dry_run) return print_lines(forecast_text(flags.config, flags.workers.jobs, about.examples));
  if (flags.task) return run_one_task(command, flags, about.task);

  TuneFolder folder = open_tune_folder(flags.output.out, flags.config, about.task,
                                       parsed_command(command, {"overwrite"}), flags.output.overwrite);
  const StudyEnd end = [&] {
    StudyRunner runner(flags.workers.jobs);
    if (folder.continued) runner.say(fmt::format("{} is continued: what has ended is kept", flags.output.out));
    for (const std::string& note : folder.notes) runner.say(note);
    return run_tune(folder.config, folder.store, flags.output.out, runner.trials(), runner.hooks(),
                    {.seconds = flags.seconds, .only = {}});
  }();
  const StudyData study = folder.store.load();
  if (end == StudyEnd::interrupted) {
    print_message("Interrupted: what has ended is kept in {}. To go on, run it again:\n", flags.output.out);
    print_message_command(study.command);
    throw Interrupted{};
  }
  print_search(study, flags.output);
}

}  // namespace

void add_tune(CLI::App& app) {
  CLI::App* command = app.add_subcommand("tune", "Search for a training's best parameters");
  command->footer(kFooter);
  auto flags = std::make_shared<Flags>();
  add_flags(*command, *flags);
  add_tune_merge(*command);
  command->callback([command, flags] {
    if (command->get_subcommands().empty()) tune(*command, *flags);
  });
}

}  // namespace thalweg::lab

// thalweg compare: optimizers × seeds on one task, every learning rate tuned alike.
#include "commands/commands.h"
#include "commands/comparison.h"
#include "commands/config_file.h"
#include "commands/exit.h"
#include "commands/parsed_command.h"
#include "commands/study_flags.h"
#include "commands/suite.h"
#include "commands/summary_json.h"
#include "commands/training_flags.h"
#include "output/output.h"
#include "report/report.h"
#include "tasks/task.h"

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace thalweg::lab {
namespace {

constexpr std::uint64_t kTuningSeedsAfter = 1000;  // apart from the final ones
constexpr int kMostWords = 10'000;                 // of a command; CLI11 allows one list without an end

struct Flags {
  CompareConfig config;
  ConfigFlags file;
  std::string grid;  // of --tune-lr
  std::string suite;
  std::vector<std::string> own_command;  // behind --
  bool no_tune = false, quick = false, maximize = false;
  std::uint64_t seeds = 8, first_seed = 1, tune_seeds = 1;
  JobFlags workers;
  StudyOutput output{.out = "runs/compare", .report = {}};
};

constexpr const char* kFooter = R"(
Every optimizer is trained with every learning rate of one grid, on the same seeds, and gets the rate with the best
value of the task's first metric on the validation part (accuracy of classes, RMSE of numbers); the final trials use other seeds. An lr that is given (rmsprop:lr=1e-3) counts only with
--no-tune-lr. Learning rates fall along a cosine unless --schedule or the optimizer says otherwise.

The default grid is 1e-4 3e-4 1e-3 3e-3 1e-2 3e-2 1e-1 3e-1 1. As long as some optimizer's best rate is the lowest or
the highest, the grid grows there by its own ratio, for all optimizers alike: to 3e-5 and 1e-5, to 3 and 10, no
further. A grid given by --tune-lr stays as it is; a best rate at its edge is only warned about.

An interrupted study goes on when the same command is run again: finished trials are kept. A study also takes more seeds
and more optimizers: the same command with a larger --seeds or with optimizers added, on the same --out, trains what is
new. Who adds until the result pleases finds winners where there are none; so a study that is enlarged after its verdict
is labelled so and announces no winner, unless --looks had planned for several verdicts from the start.

A command of one's own: what stands behind -- is run for each trial, with each OPTIMIZER (any text) in place of
{optimizer}, {seed}, {lr} and {folder}; it prints its metric as JSON lines. With {lr} in it rates are tuned as above, by
the last value of --metric; the final runs are compared by test_METRIC where it prints that, else by the metric.

An optimizer is one text: a rule with options (see `thalweg rules`), and behind it clip=, average=, schedule= (see
`thalweg schedule`) and group[PATTERN]= for parameters by name; optimizers may differ in any of it.

A suite is several comparisons, one after the other, in folders of their own below --out, with one report:
  tutorial    RMSprop, SGD, Adam, Nadam and Adagrad on four models, ten repeats each
  claims      what tutorials claim of RMSprop, put to the test: each claim, whether it holds, and what was seen

Examples:
  thalweg compare adam 'adam clip=global_norm:1' 'adam schedule=cosine:warmup=100' 'adam average=ema:0.99'
  thalweg compare rmsprop sgd:momentum=0.9 adam nadam --model mlp --epochs 8 --out runs/first --report report.html
  thalweg compare --config study.toml                 a file with flags, as --print-config prints it
  thalweg compare rmsprop adam --out runs/pair
  thalweg compare rmsprop adam lion --out runs/pair              adds lion
  thalweg compare rmsprop adam lion --seeds 16 --out runs/pair   adds eight seeds of each
  thalweg compare --suite tutorial --report study.html          an hour on two cores; --quick: a minute
  thalweg compare rmsprop adam sgd --metric accuracy --maximize --out runs/own \
      -- ./train.py --optimizer {optimizer} --lr {lr} --seed {seed}
Two verdicts, planned from the start: one after 8 seeds, one after 20.
  thalweg compare rmsprop adam --looks 2 --out runs/planned
  thalweg compare rmsprop adam --looks 2 --seeds 20 --out runs/planned)";

void add_flags(CLI::App& command, Flags& flags) {
  CompareConfig& config = flags.config;
  command.add_option("OPTIMIZER", config.optimizers, "Rules with options and what is around them, as below");
  command.add_option("COMMAND", config.program.command, "Behind --: a command of one's own, in place of a training")
      ->expected(0, kMostWords)
      ->allow_extra_args(false);  // a word [a,b] stays one
  add_training_flags(command, config.training, {"optimizer", "seed", "threads", "folds"});

  const auto group = "Study";
  command
      .add_option("--seeds", flags.seeds, "Final trials of each optimizer; 8 or more give a verdict; may grow later")
      ->group(group)
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command
      .add_option("--first-seed", flags.first_seed, "The final trials' first seed; tuning uses those 1000 further on")
      ->group(group)
      ->capture_default_str();
  command.add_option("--tune-lr", flags.grid, "The grid of learning rates, as 1e-4,1e-3,1e-2; by default as below")
      ->group(group)
      ->expected(0, 1);
  command.add_flag("--no-tune-lr", flags.no_tune, "Use each optimizer's own lr")->group(group)->excludes("--tune-lr");
  command.add_option("--tune-seeds", flags.tune_seeds, "Tuning trials of each optimizer and learning rate")
      ->group(group)
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command
      .add_option("--tune-epochs", config.tuning.epochs,
                  "Epochs of a tuning trial, the same for all; 0: 2, of tables as many as the final trials")
      ->group(group)
      ->capture_default_str();
  command
      .add_option("--looks", config.looks,
                  "Verdicts planned, between which the study may be enlarged; each at 5 %/looks")
      ->group(group)
      ->check(CLI::Range(1, 20))
      ->capture_default_str();
  command.add_flag("--quick", flags.quick, "Small data, few trials: shows that all works; flags given still count")
      ->group(group);
  command
      .add_option("--suite", flags.suite,
                  "Several comparisons known by a name, as below; it says all but --quick, workers and output itself")
      ->group(group);
  add_program_flags(command, config.program, flags.maximize);
  add_job_flags(command, flags.workers);

  add_study_output(command, flags.output);
  add_config_flags(command, flags.file);
}

std::vector<double> read_grid(std::string_view text) {
  std::vector<double> grid;
  while (true) {
    const std::size_t comma = std::min(text.find(','), text.size());
    double value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + comma, value);
    if (code != std::errc() || end != text.data() + comma) {
      throw UsageError(
          fmt::format("--tune-lr: '{}' is not a number; a grid reads 1e-4,1e-3,1e-2", text.substr(0, comma)));
    }
    grid.push_back(value);
    if (comma == text.size()) return grid;
    text.remove_prefix(comma + 1);
  }
}

/// A small study; what was given on the command line stays.
void make_quick(const CLI::App& command, Flags& flags) {
  const auto set = [&](const char* flag, auto& value, auto quick) {
    if (command.count(flag) == 0) value = quick;
  };
  CompareConfig& config = flags.config;
  set("--train-limit", config.training.train_limit, 4000);
  set("--test-limit", config.training.test_limit, 2000);
  set("--epochs", config.training.stop.epochs, 2);
  set("--tune-epochs", config.tuning.epochs, 1);
  set("--tune-lr", config.tuning.grid, std::vector<double>{1e-3, 1e-2, 1e-1});
  set("--seeds", flags.seeds, 2);
}

/// What a command of one's own is given, and what means nothing beside one.
void complete_program(const CLI::App& command, Flags& flags) {
  CompareConfig& config = flags.config;
  const Program& program = config.program;
  complete(config.program, flags.maximize);
  if (!program) return;
  refuse_training_flags(command, config.training);
  const bool is_alone = config.optimizers.empty() && !uses(program, Placeholders::kOptimizer);
  if (is_alone) config.optimizers = {program.command.front()};
  if (command.count("--tune-epochs") == 0) config.tuning.epochs = 0;  // whatever --quick has chosen
  check_report(flags.output);
  if (uses(program, Placeholders::kRate)) return;
  if (!flags.grid.empty()) throw UsageError("--tune-lr: {lr} is in no word of the command");
  config.tune = false;
}

void complete(const CLI::App& command, Flags& flags) {
  CompareConfig& config = flags.config;
  if (flags.quick) make_quick(command, flags);
  config.tuning.given = !flags.grid.empty();
  if (config.tuning.given) config.tuning.grid = read_grid(flags.grid);
  config.tune = !flags.no_tune;
  const auto fill = [](std::vector<std::uint64_t>& seeds, std::uint64_t first, std::uint64_t count) {
    seeds.resize(count);
    for (std::uint64_t i = 0; i < count; ++i) seeds[i] = first + i;
  };
  fill(config.seeds, flags.first_seed, flags.seeds);
  fill(config.tuning.seeds, flags.first_seed + kTuningSeedsAfter, flags.tune_seeds);
  complete(flags.workers);
  config.training.threads = flags.workers.threads_per_job;
  complete_program(command, flags);
}

/// What is not the suite's own to say.
constexpr const char* kBesideSuite[] = {"suite",     "quick",  "jobs", "threads-per-job", "out",
                                        "overwrite", "report", "json", "config"};

void compare_suite(const CLI::App& command, Flags& flags) {
  for (const CLI::Option* option : command.get_options()) {
    if (option->count() == 0) continue;
    const std::string name = option->get_positional() ? option->get_name() : option->get_lnames().front();
    if (std::ranges::find(kBesideSuite, name) != std::end(kBesideSuite)) continue;
    throw UsageError(fmt::format("--suite says for itself what it compares; {}{} is not for it",
                                 option->get_positional() ? "" : "--", name));
  }
  const Suite suite = as_usage([&] { return make_suite(flags.suite, flags.quick); });
  complete(flags.workers);
  if (command.count("--out") == 0) flags.output.out = "runs/" + suite.name;
  run_suite(suite, flags.output, flags.workers, parsed_command(command, {"overwrite"}));
}

/// Opens the data to find out what is wrong with it, and fills in what depends on it. Returns the task.
std::string open_data(Flags& flags) {
  const Dataset dataset = open_comparison(flags.config);
  check_report(flags.output, {dataset.files.begin(), dataset.files.end()});
  return task_of(dataset.target).name;
}

void compare(const CLI::App& command, Flags& flags) {
  if (!flags.file.file.empty()) read_config_file(command, flags.file.file);
  if (command.count("--suite") > 0) return compare_suite(command, flags);
  const Program& program = flags.config.program;
  complete(command, flags);
  if (flags.config.optimizers.empty()) {
    throw UsageError(program ? "OPTIMIZER is required, in front of --: the command's {optimizer} has no value"
                             : "OPTIMIZER is required: at least one rule, as rmsprop; see thalweg compare --help");
  }
  as_usage([&] { check(flags.config); });
  if (!program) check_training_flags(command, flags.config.training, flags.config.optimizers);
  if (flags.file.print) return print_lines(config_text(command, flags.config.training));
  const std::string task = program ? task_of(program) : open_data(flags);
  const ComparisonRun run = run_comparison(flags.config, task,
                                           {.folder = flags.output.out,
                                            .command = parsed_command(command, {"overwrite"}, flags.own_command),
                                            .overwrite = flags.output.overwrite},
                                           flags.workers.jobs);
  const std::span studies(&run.study, 1);
  if (!flags.output.report.empty()) write_report(studies, flags.output.report);
  if (flags.output.json) {
    print_json(summary_json(run.study));
  } else {
    print_lines('\n' + report_text(studies, {}, output_columns()));
    print("\n");
    print_places(flags.output);
  }
  expect_all_trained(run);
}

}  // namespace

void add_compare(CLI::App& app, const std::vector<std::string>& own_command) {
  CLI::App* command = app.add_subcommand("compare", "Compare optimizers over seeds, their learning rates tuned alike");
  command->footer(kFooter);
  auto flags = std::make_shared<Flags>();
  add_flags(*command, *flags);
  flags->own_command = own_command;
  command->callback([command, flags] {
    if (!flags->own_command.empty()) {
      CLI::Option* const words = command->get_option("COMMAND");
      words->add_result(flags->own_command);
      words->run_callback();
    }
    compare(*command, *flags);
  });
}

}  // namespace thalweg::lab

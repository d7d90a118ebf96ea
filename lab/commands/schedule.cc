// thalweg schedule: what schedules there are, and the rates that they give.
#include "commands/commands.h"
#include "commands/exit.h"
#include "commands/output_file.h"
#include "commands/parsed_command.h"
#include "output/output.h"
#include "schedule/curve.h"
#include "schedule/kinds.h"
#include "schedule/page.h"
#include "schedule/text.h"

#include <thalweg/schedule.h>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace thalweg::lab {
namespace {

constexpr std::size_t kMostSchedules = 10;

constexpr const char* kFooter = R"(
A schedule is a factor on the learning rate. Without SCHEDULE, all kinds are listed with their options; docs/schedules.md
has the formulas.

Examples:
  thalweg schedule                                                     all kinds
  thalweg schedule 'cosine:warmup=500,steps=10000'                     its rates, as a chart and a table
  thalweg schedule cosine one_cycle --steps 10000 -o schedule.html     two of a run of 10000 steps, on a page
  thalweg schedule step:every=30,interval=epoch --steps-per-epoch 938  one that counts epochs
  thalweg schedule plateau:patience=1 --metrics 0.9,0.8,0.8,0.8,0.7    one that follows a metric)";

struct Flags {
  std::vector<std::string> schedules;
  CurveOptions run;
  std::optional<std::int64_t> steps;
  std::string output;
  bool json = false;
};

void check(const Flags& flags) {
  if (flags.schedules.size() > kMostSchedules) {
    throw UsageError(
        fmt::format("{} schedules; at most {} can be shown together", flags.schedules.size(), kMostSchedules));
  }
  if (!(flags.run.lr >= 0 && std::isfinite(flags.run.lr))) {
    throw UsageError(fmt::format("--lr: {} is outside [0, ∞)", flags.run.lr));
  }
  const auto check_count = [](const char* flag, std::int64_t count) {
    if (count >= 1 && count <= kMostSteps) return;
    throw UsageError(fmt::format("{}: {} is outside [1, {}]", flag, count, kMostSteps));
  };
  if (flags.steps) check_count("--steps", *flags.steps);
  check_count("--steps-per-epoch", flags.run.steps_per_epoch);
  if (!flags.output.empty()) check_output("--output", flags.output, {});
}

std::vector<thalweg::Schedule> parse(const Flags& flags) {
  std::vector<thalweg::Schedule> schedules;
  for (const std::string& text : flags.schedules) {
    schedules.push_back(as_usage([&] { return parse_schedule(text); }));
    const thalweg::Schedule& schedule = schedules.back();
    if (schedule.needs_metric() && flags.run.metrics.empty()) {
      throw UsageError(
          fmt::format("'{}' follows a metric, so its rates depend on the run; --metrics 0.9,0.8,0.8 gives "
                      "values, one an epoch",
                      text));
    }
    if (schedule.needs_length() && !flags.steps) {
      throw UsageError(
          fmt::format("'{}' is as long as the run; --steps says how long that is, or steps=10000 in the "
                      "schedule",
                      text));
    }
  }
  if (!flags.run.metrics.empty() && std::ranges::none_of(schedules, &thalweg::Schedule::needs_metric)) {
    throw UsageError("--metrics: none of the schedules follows a metric; plateau does");
  }
  return schedules;
}

std::vector<Curve> curves_of(const Flags& flags) {
  const std::vector<thalweg::Schedule> schedules = parse(flags);
  return as_usage([&] {
    CurveOptions run = flags.run;
    if (flags.steps) {
      run.steps = *flags.steps;
    } else {
      for (const thalweg::Schedule& schedule : schedules) {
        run.steps = std::max(run.steps, steps_that_show(schedule, flags.run));
      }
    }
    std::vector<Curve> curves;
    curves.reserve(schedules.size());
    for (const thalweg::Schedule& schedule : schedules) curves.emplace_back(schedule, run);
    return curves;
  });
}

void schedule(const CLI::App& command, const Flags& flags) {
  if (flags.schedules.empty()) {
    for (const CLI::Option* option : command.parse_order()) {
      if (option->get_lnames().front() == "json") continue;
      throw UsageError(fmt::format("--{} needs a SCHEDULE", option->get_lnames().front()));
    }
    return flags.json ? print_json(kinds_json()) : print_lines(kinds_text(output_columns()));
  }
  check(flags);
  const std::vector<Curve> curves = curves_of(flags);
  if (!flags.output.empty()) write_schedule_page(curves, parsed_command(command), flags.output);
  if (flags.json) return print_json(schedule_json(curves));
  print_lines(schedule_text(curves, output_columns()));
  if (!flags.output.empty()) print("\nPage: {}\n", flags.output);
}

}  // namespace

void add_schedule(CLI::App& app) {
  CLI::App* command = app.add_subcommand("schedule", "Shows the learning rates that schedules give");
  command->footer(kFooter);
  const auto flags = std::make_shared<Flags>();
  command->add_option("SCHEDULE", flags->schedules, "Up to 10 schedules: cosine:warmup=500,steps=10000")->type_name("");
  command->add_option("--lr", flags->run.lr, "The rate that the factors are of")->capture_default_str();
  command->add_option("--steps", flags->steps,
                      "Steps of the run; by default somewhat more than the schedule has, if it says how many");
  command->add_option("--steps-per-epoch", flags->run.steps_per_epoch, "For interval=epoch, and --metrics")
      ->capture_default_str();
  command->add_option("--metrics", flags->run.metrics, "Values of the metric that a plateau follows, one an epoch")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("-o,--output", flags->output, "Also draw it, as an HTML page")->type_name("FILE");
  command->add_flag("--json", flags->json, "Print JSON: the rates of every step, or of 1000 spread evenly");
  command->callback([command, flags] { schedule(*command, *flags); });
}

}  // namespace thalweg::lab

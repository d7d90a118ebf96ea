// thalweg replay: does thalweg give the numbers that another framework gave?
#include "replay/replay.h"

#include "commands/commands.h"
#include "commands/exit.h"
#include "output/output.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace thalweg::lab {
namespace {

constexpr std::size_t kMostOfAnId = 80;  // bytes
constexpr double kToleranceFloat64 = 1e-12, kToleranceFloat32 = 1e-5;

constexpr const char* kFooter = R"(
FILE is JSON: a recorded run, or a list of them, with `id`, `peer` (torch, keras, optax, tf1, timm or thalweg), `rule`,
`options` in the peer's own names, or in place of these `optimizer`, thalweg's text; `dtype`, `theta0`, `grads` (a list
of numbers a step) and what is expected: `theta` after some steps, `ema` after the last. docs/dialects.md has all keys.
Errors are relative: |a − b| / max(|b|, 0.001 ‖b‖∞). Each run is printed with its optimizer in thalweg's words.

Exit codes: 0 all expected values are met, 1 some are not, 2 the file cannot be used.

Examples:
  thalweg replay recorded.json --rtol 1e-10
  thalweg replay recorded.json --json --trajectories)";

struct Flags {
  std::string file;
  std::optional<double> rtol;
  bool json = false, trajectories = false;
};

struct Verdict {
  const ReplayCase& recorded;
  ReplayResult result;
  double tolerance;

  bool passed() const { return !result.max_relative_error || *result.max_relative_error <= tolerance; }
};

void print_line(const Verdict& verdict) {
  const ReplayResult& result = verdict.result;
  std::string found = "nothing is expected";
  if (result.max_relative_error) {
    found = fmt::format("largest relative error {:.2g}", *result.max_relative_error);
    if (*result.max_relative_error > 0) {
      found += fmt::format(" at step {}, index {}", result.worst_step, result.worst_index);
    }
  }
  print("{}  {}: {} steps, {}\n        {}\n", verdict.passed() ? "ok    " : "FAILED",
        printable(verdict.recorded.id, kMostOfAnId), result.steps, found, verdict.recorded.optimizer.text());
}

nlohmann::json to_json(const Verdict& verdict, bool trajectories) {
  const ReplayResult& result = verdict.result;
  nlohmann::json json{{"id", verdict.recorded.id}, {"optimizer", verdict.recorded.optimizer.text()},
                      {"steps", result.steps},     {"max_relative_error", nullptr},
                      {"worst", nullptr},          {"passed", verdict.passed()}};
  if (result.max_relative_error) {
    // Infinity has no JSON: null, and not passed.
    if (std::isfinite(*result.max_relative_error)) json["max_relative_error"] = *result.max_relative_error;
    json["worst"] = {{"step", result.worst_step}, {"index", result.worst_index}};
  }
  if (trajectories) {
    json["theta"] = nlohmann::json::object();
    for (const auto& [step, theta] : result.theta) json["theta"][std::to_string(step)] = theta;
    if (!result.average.empty()) json["ema"] = result.average;
  }
  return json;
}

/// What the engine refuses to run is wrong in the file.
ReplayResult result_of(const ReplayCase& recorded, const std::string& file) {
  try {
    return replay(recorded);
  } catch (const Error& error) {
    throw UsageError(fmt::format("{}, \"{}\": {}", file, recorded.id, error.what()));
  }
}

void replay_command(const Flags& flags) {
  const std::vector<ReplayCase> cases = as_usage([&] { return read_replay_file(flags.file); });
  std::size_t failed = 0;
  nlohmann::json json{{"cases", nlohmann::json::array()}};
  for (const ReplayCase& recorded : cases) {
    const double by_type = recorded.is_float64 ? kToleranceFloat64 : kToleranceFloat32;
    const double tolerance = flags.rtol.value_or(recorded.rtol.value_or(by_type));
    const Verdict verdict{recorded, result_of(recorded, flags.file), tolerance};
    if (!verdict.passed()) ++failed;
    if (flags.json) {
      json["cases"].push_back(to_json(verdict, flags.trajectories));
    } else {
      print_line(verdict);
    }
  }
  if (flags.json) {
    print_json(json);
  } else {
    print("{} of {} cases met\n", cases.size() - failed, cases.size());
  }
  if (failed > 0) throw Error(fmt::format("{} of {} cases are not met", failed, cases.size()));
}

}  // namespace

void add_replay(CLI::App& app) {
  CLI::App* command = app.add_subcommand("replay", "Show whether thalweg gives the numbers of a recorded run");
  command->footer(kFooter);
  auto flags = std::make_shared<Flags>();
  command->add_option("FILE", flags->file, "Recorded runs, JSON")->type_name("")->required();
  command
      ->add_option("--rtol", flags->rtol,
                   "Allowed relative error; by default the run's own `rtol`, or 1e-12 for float64 and 1e-5 for float32")
      ->check(CLI::NonNegativeNumber);
  command->add_flag("--json", flags->json, "Print JSON");
  command->add_flag("--trajectories", flags->trajectories, "With --json: also the parameters after the steps");
  command->callback([flags] { replay_command(*flags); });
}

}  // namespace thalweg::lab

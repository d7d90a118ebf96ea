// thalweg report: studies as one HTML page, and their numbers as CSV.
#include "report/report.h"
#include "commands/commands.h"
#include "commands/exit.h"
#include "store/store.h"
#include "study/environment.h"

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace thalweg::lab {
namespace {

struct Flags {
  std::vector<std::string> studies;
  std::string output = "report.html", csv;
  std::optional<double> target;
};

constexpr const char* kFooter = R"(
Runs of the same task (model, data, batch, length, schedule, split) are compared with each other; others get a section
each. The page is one file that needs no network.

Example:
  thalweg report runs/first runs/second -o report.html --csv numbers)";

void report(const Flags& flags) {
  if (flags.target && !(*flags.target > 0 && *flags.target <= 1)) {
    throw UsageError(fmt::format("--target: {} is outside (0, 1]", *flags.target));
  }
  std::vector<StudyData> studies;
  for (const std::string& study : flags.studies) studies.push_back(Store::open_for_reading(find_study(study)).load());
  const ReportOptions options{.target = flags.target, .command = command_line()};
  write_report(studies, flags.output, options);
  if (!flags.csv.empty()) write_csv(studies, flags.csv);
  fmt::print("{}\nReport: {}\n", report_text(studies, options), flags.output);
  if (!flags.csv.empty()) {
    const std::filesystem::path folder = flags.csv;
    fmt::print("CSV:    {}, {}\n", (folder / "trials.csv").string(), (folder / "epochs.csv").string());
  }
}

}  // namespace

void add_report(CLI::App& app) {
  CLI::App* command = app.add_subcommand("report", "Writes runs and studies as one HTML page");
  command->footer(kFooter);
  const auto flags = std::make_shared<Flags>();
  command->add_option("RUN", flags->studies, "Folders of runs and studies, as train and compare wrote them")
      ->required();
  command->add_option("-o,--output", flags->output, "The page")->capture_default_str();
  command->add_option("--csv", flags->csv, "Also write trials.csv and epochs.csv into this folder");
  command->add_option("--target", flags->target,
                      "Validation accuracy in (0, 1] whose time is measured; by default about the weakest optimizer's");
  command->callback([flags] { report(*flags); });
}

}  // namespace thalweg::lab

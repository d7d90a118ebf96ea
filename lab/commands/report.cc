// thalweg report: studies as one HTML page, and their numbers as CSV.
#include "report/report.h"
#include "commands/commands.h"
#include "commands/exit.h"
#include "commands/output_file.h"
#include "commands/parsed_command.h"
#include "output/output.h"
#include "store/store.h"
#include "text_file.h"

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
  std::optional<double> goal;
};

constexpr const char* kFooter = R"(
Runs of the same task (model, data, batch, length, schedule, split) whose learning rates were tuned alike are compared
with each other; others get a section each. The page is one file that needs no network.

Examples:
  thalweg report runs/first                      one run, as report.html
  thalweg report runs/first runs/second -o report.html --csv numbers
  thalweg report runs/* --goal 0.85              how soon each reached 85 %)";

std::vector<std::filesystem::path> study_files(const Flags& flags) {
  std::vector<std::filesystem::path> files;
  for (const std::string& study : flags.studies) {
    files.push_back(as_usage([&] {
      std::filesystem::path file = find_study(study);
      check_is_file(file);
      return file;
    }));
  }
  return files;
}

void check_outputs(const Flags& flags, std::vector<std::filesystem::path> inputs) {
  check_output("--output", flags.output, inputs);
  if (flags.csv.empty()) return;
  inputs.push_back(flags.output);  // of two outputs that are one, the second would replace the first
  for (const char* const name : {"trials.csv", "epochs.csv", "layers.csv"}) {
    check_output("--csv", std::filesystem::path(flags.csv) / name, inputs);
  }
}

void report(const CLI::App& command, const Flags& flags) {
  const std::vector<std::filesystem::path> files = study_files(flags);
  check_outputs(flags, files);
  std::vector<StudyData> studies;
  for (const std::filesystem::path& file : files) studies.push_back(Store::open_for_reading(file).load());
  const ReportOptions options{.goal = flags.goal, .command = parsed_command(command)};
  write_report(studies, flags.output, options);
  if (!flags.csv.empty()) write_csv(studies, flags.csv);
  print_lines(report_text(studies, options, output_columns()));
  print("\nReport: {}\n", flags.output);
  if (!flags.csv.empty()) {
    const std::filesystem::path folder = flags.csv;
    print("CSV:    {}, {}, {}\n", (folder / "trials.csv").string(), (folder / "epochs.csv").string(),
          (folder / "layers.csv").string());
  }
}

}  // namespace

void add_report(CLI::App& app) {
  CLI::App* command = app.add_subcommand("report", "Writes runs and studies as one HTML page");
  command->footer(kFooter);
  const auto flags = std::make_shared<Flags>();
  command->add_option("RUN", flags->studies, "Folders of runs and studies, as train and compare wrote them")
      ->type_name("")
      ->required();
  command->add_option("-o,--output", flags->output, "The page")->type_name("FILE")->capture_default_str();
  command->add_option("--csv", flags->csv, "Also write trials.csv, epochs.csv and layers.csv into this folder")
      ->type_name("FOLDER");
  command->add_option(
      "--goal", flags->goal,
      "Value of the validation part's first metric (an accuracy of 0.85, say) whose time is measured; by "
      "default about the weakest optimizer's");
  command->callback([command, flags] { report(*command, *flags); });
}

}  // namespace thalweg::lab

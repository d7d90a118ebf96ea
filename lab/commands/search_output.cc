// What a search found: printed, and kept beside it.
#include "commands/search_output.h"

#include "commands/train_file.h"
#include "output/output.h"
#include "report/report.h"
#include "report/search_text.h"
#include "store/store.h"
#include "study/best_command.h"
#include "study/environment.h"
#include "study/tune_config.h"
#include "study/tune_results.h"

#include <thalweg/error.h>
#include <thalweg/files.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace thalweg::lab {
namespace {

/// The best configuration, beside the study: `thalweg train --config best.toml` trains it.
std::optional<std::filesystem::path> write_best(const std::filesystem::path& folder, const TuneConfig& config,
                                                const TuneTrial& best) {
  if (config.program) return std::nullopt;
  const std::filesystem::path file = folder / "best.toml";
  replace_file(file, train_file(training_of(config, best)));
  return file;
}

/// Throws where a search has found nothing.
void expect_best(const Search& search) {
  if (search.best) return;
  const auto why = std::ranges::find_if(search.trials, [](const TuneTrial& trial) { return !trial.error.empty(); });
  throw Error(fmt::format("no trial has come to its end with a finite value{}",
                          why == search.trials.end() ? "" : fmt::format("; trial {}: {}", why->number, why->error)));
}

}  // namespace

void print_search(const StudyData& study, const StudyOutput& output) {
  const std::filesystem::path folder = output.out;
  const Search search = search_of(study);
  const TuneTrial* const best = search.best ? &search.trials[*search.best] : nullptr;
  std::optional<std::filesystem::path> file;
  if (best != nullptr) file = write_best(folder, search.config, *best);
  if (!output.report.empty()) write_report(std::span(&study, 1), output.report);
  if (output.json) {
    nlohmann::json json = tune_json(study);
    if (best != nullptr) json["best"]["command"] = command_of(search.config, *best);
    if (file) json["best"]["configuration"] = file->string();
    print_json(json);
    return expect_best(search);
  }
  print_lines('\n' + search_text(search, output_columns()));
  if (best != nullptr) print("\nBest:   {}\n", command_of(search.config, *best));
  if (file) print("        thalweg train --config {}\n", shell_quoted(file->string()));
  print_places(output);
  expect_best(search);
}

}  // namespace thalweg::lab

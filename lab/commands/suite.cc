// Runs a suite.
#include "commands/suite.h"

#include "commands/comparison.h"
#include "commands/summary_json.h"
#include "output/output.h"
#include "output/table.h"
#include "report/report.h"
#include "tasks/task.h"

#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <span>
#include <vector>

namespace thalweg::lab {
namespace {

/// What each part trains.
std::string plan_text(const Suite& suite, std::size_t width) {
  Table table({"part", "what it is", "data", "examples", "epochs", "optimizers", "rates", "seeds"},
              {false, false, false, true, true, true, true, true});
  for (const SuitePart& part : suite.parts) {
    const CompareConfig& config = part.config;
    const TrainingConfig& training = config.training;
    table.add({part.name, part.question, training.data,
               training.train_limit > 0 ? std::to_string(training.train_limit) : "all",
               std::to_string(training.stop.epochs), std::to_string(config.optimizers.size()),
               config.tune ? fmt::format("{} × {} epochs", config.tuning.grid.size(), config.tuning.epochs) : "own",
               std::to_string(config.seeds.size())});
  }
  return table.text(width);
}

/// What was claimed, judged by the studies of the suite's parts.
std::vector<ReportedClaim> judged(const Suite& suite, std::span<const StudyData> studies, nlohmann::json& json) {
  PartStudies parts;
  for (std::size_t i = 0; i < studies.size(); ++i) parts[suite.parts[i].name] = &studies[i];
  std::vector<ReportedClaim> reported;
  for (const Claim& claim : suite.claims) {
    const Judgement judgement = claim.judge(parts);
    ReportedClaim& each = reported.emplace_back(ReportedClaim{
        claim.text, claim.experiment, to_string(judgement.holds), judgement.sentence, judgement.detail, {}});
    for (const ClaimRow& row : judgement.rows) each.rows.emplace_back(row.label, row.value);
    nlohmann::json rows = nlohmann::json::array();
    for (const auto& [label, value] : each.rows) rows.push_back({{"label", label}, {"value", value}});
    json.push_back({{"name", claim.name},
                    {"claim", each.claim},
                    {"experiment", each.experiment},
                    {"answer", each.answer},
                    {"sentence", each.sentence},
                    {"detail", each.detail},
                    {"rows", rows}});
  }
  return reported;
}

}  // namespace

void run_suite(const Suite& suite, const StudyOutput& output, const JobFlags& workers, const std::string& command) {
  Suite ready = suite;
  std::vector<std::string> tasks;
  for (SuitePart& part : ready.parts) {  // what is wrong with any of them is told before the first is trained
    part.config.training.threads = workers.threads_per_job;
    const Dataset dataset = open_comparison(part.config);
    tasks.push_back(task_of(dataset.target).name);
    check_report(output, {dataset.files.begin(), dataset.files.end()});
  }
  if (!output.json) print_lines(plan_text(ready, output_columns()));

  std::vector<StudyData> studies;
  std::optional<ComparisonRun> failed;
  nlohmann::json parts = nlohmann::json::object();
  for (std::size_t i = 0; i < ready.parts.size(); ++i) {
    const SuitePart& part = ready.parts[i];
    print_message("{} of {}: {}, {}\n", i + 1, ready.parts.size(), part.name, part.question);
    ComparisonRun run = run_comparison(part.config, tasks[i],
                                       {.folder = (std::filesystem::path(output.out) / part.name).string(),
                                        .command = command,
                                        .overwrite = output.overwrite},
                                       workers.jobs);
    if (output.json) parts[part.name] = summary_json(run.study);
    studies.push_back(run.study);
    if (run.end == StudyEnd::failed_trials) failed = std::move(run);
  }
  nlohmann::json claims = nlohmann::json::array();
  const ReportOptions options{.goal = {}, .command = {}, .claims = judged(ready, studies, claims)};
  // The claims are in this page alone, so there is always one.
  const std::string page =
      output.report.empty() ? (std::filesystem::path(output.out) / "report.html").string() : output.report;
  write_report(studies, page, options);
  if (output.json) {
    print_json(nlohmann::json{{"suite", suite.name}, {"parts", parts}, {"claims", claims}});
  } else {
    print_lines('\n' + report_text(studies, {}, output_columns()));
    if (!options.claims.empty()) print_lines('\n' + claims_text(options.claims));
    print("\nStudies: {}\n", output.out);
    print("Report:  {}\n", page);
  }
  if (failed) expect_all_trained(*failed);
}

}  // namespace thalweg::lab

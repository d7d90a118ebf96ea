// thalweg eval: the loss and metrics of a run's model, on its own data or on others.
#include "commands/commands.h"
#include "commands/detection_output.h"
#include "commands/review_output.h"
#include "commands/risk_output.h"
#include "commands/trained_run.h"
#include "commands/training_display.h"
#include "output/output.h"
#include "output/table.h"
#include "page/text.h"
#include "training/column_effects.h"
#include "training/negatives.h"
#include "training/ranking.h"
#include "training/reviewer.h"
#include "training/risk_reviewer.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace thalweg::lab {
namespace {

constexpr const char* kFooter = R"(
The weights are those of the best epoch where the run restores them (--restore-best), else the averages if its optimizer
keeps any, else the last ones: what the training itself was tested with. Other data are scaled as the training part was.

Examples:
  thalweg eval runs/first                              the test part, as at the training's end
  thalweg eval runs/first --part validation
  thalweg eval runs/loans --data csv:new.csv --json)";

struct Flags : TrainedRunFlags {
  bool json = false;
};

/// A share that is no number becomes null when it is printed.
nlohmann::json classes_json(const Review& review) {
  nlohmann::json classes = nlohmann::json::array();
  const std::vector<ClassScore> scores = class_scores(review);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    classes.push_back({{"class", review.classes[i]},
                       {"examples", scores[i].examples},
                       {"predicted", scores[i].predicted},
                       {"precision", scores[i].precision()},
                       {"recall", scores[i].recall()},
                       {"f1", scores[i].f1()}});
  }
  return classes;
}

Table classes_table(const Review& review) {
  Table table({"class", "examples", "precision %", "recall %", "F1 %"}, {false, true, true, true, true});
  const std::vector<ClassScore> scores = class_scores(review);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    table.add({review.classes[i], fmt::format("{}", scores[i].examples), percent(scores[i].precision()),
               percent(scores[i].recall()), percent(scores[i].f1())});
  }
  return table;
}

/// Risk, with the threshold that the run chose, and effects of columns.
void add_measures(const TrainedModel& trained, const Chosen& chosen, const std::string& run, const Tally& tally,
                  Review& review) {
  const Checkpoint& checkpoint = trained.checkpoint;
  if (has_two_classes(chosen.dataset.target)) {
    const Scored scored = scored_of(tally.scores, tally.positive);
    review.risk = review_risk(scored, chosen.dataset.target.names().back());
    if (const std::optional<CostReview> costs = costs_of_run(checkpoint.config, run))
      review.risk->cost = review_costs(scored, *costs);
  }
  review.effects = column_effects(*trained.model, *trained.objective, chosen.dataset, chosen.examples,
                                  checkpoint.scaling, checkpoint.config.seed);
}

void eval(const Flags& flags) {
  const TrainedModel trained = load_run(flags.run);
  const Chosen chosen = open_chosen(trained, flags, true);
  const TrainingConfig& config = trained.checkpoint.config;
  const bool is_own = flags.data.empty();
  const Split& parts = chosen.parts;
  const std::optional<Negatives> negatives =
      negatives_of(chosen.dataset, is_own ? parts.training : chosen.examples, trained.checkpoint.scaling, config);
  auto [tally, review] = evaluate_and_review(*trained.model, *trained.objective, chosen.dataset, chosen.examples,
                                             trained.checkpoint.scaling, negatives ? &*negatives : nullptr);
  add_measures(trained, chosen, flags.run, tally, review);
  MetricValues values = trained.objective->values(tally);
  if (is_own && flags.part != "train") {
    add_recommendations(*trained.model, chosen.dataset, trained.checkpoint.scaling, parts.training,
                        flags.part == "test" ? chosen.dataset.train : parts.training, chosen.examples,
                        config.data_options.split_seed, values, review);
  }
  const std::string part = flags.data.empty() ? flags.part : "test";
  if (flags.json) {
    nlohmann::json json{{"run", flags.run},
                        {"task", trained.task->name},
                        {"data", chosen.dataset.name},
                        {"examples", chosen.examples.size()},
                        {part, values}};
    if (!review.classes.empty()) json["classes"] = classes_json(review);
    add_review(review, json);
    print_json(json);
    return;
  }
  const bool is_all = chosen.examples.size() == chosen.dataset.train.size() + chosen.dataset.test.size();
  print("{} of {}: {} examples\n{}\n", is_own || !is_all ? part : "all", chosen.dataset.name, chosen.examples.size(),
        values_text(values));
  print_review(review);
  if (!review.classes.empty()) print_lines('\n' + classes_table(review).text(output_columns()));
  if (review.detection) print_lines('\n' + detection_table(*review.detection).text(output_columns()));
}

}  // namespace

void add_eval(CLI::App& app) {
  CLI::App* command = app.add_subcommand("eval", "Loss and metrics of a run's model");
  command->footer(kFooter);
  const auto flags = std::make_shared<Flags>();
  add_trained_run_flags(*command, *flags, true);
  command->add_flag("--json", flags->json, "Print JSON");
  command->callback([flags] { eval(*flags); });
}

}  // namespace thalweg::lab

// thalweg eval: the loss and metrics of a run's model, on its own data or on others.
#include "commands/commands.h"
#include "commands/trained_run.h"
#include "commands/training_display.h"
#include "output/output.h"
#include "training/evaluate.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <memory>
#include <string>

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

void eval(const Flags& flags) {
  const TrainedModel trained = load_run(flags.run);
  const Chosen chosen = open_chosen(trained, flags, true);
  const MetricValues values = trained.objective->values(
      evaluate(*trained.model, *trained.objective, chosen.dataset, chosen.examples, trained.checkpoint.scaling));
  const std::string part = flags.data.empty() ? flags.part : "test";
  if (flags.json) {
    print_json(nlohmann::json{{"run", flags.run},
                              {"task", trained.task->name},
                              {"data", chosen.dataset.name},
                              {"examples", chosen.examples.size()},
                              {part, values}});
    return;
  }
  print("{} of {}: {} examples\n{}\n", flags.data.empty() ? part : "all", chosen.dataset.name, chosen.examples.size(),
        values_text(values));
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

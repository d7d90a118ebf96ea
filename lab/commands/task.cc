// Checks the configuration, the data and the model, and opens the data.
#include "commands/task.h"

#include "commands/exit.h"
#include "data/fingerprint.h"
#include "models/model.h"
#include "models/script_model.h"
#include "tasks/objective.h"
#include "tasks/task.h"
#include "training/defaults.h"
#include "training/optimizer.h"
#include "training/risk_reviewer.h"
#include "training/split.h"

#include <thalweg/files.h>
#include <thalweg/libtorch.h>

#include <fmt/format.h>

#include <string>
#include <vector>

namespace thalweg::lab {
namespace {

void check_goal(const TrainingConfig& config, const Metric& metric) {
  if (!config.stop.goal || metric.range.contains(*config.stop.goal)) return;
  throw Error(fmt::format("--goal {}: is outside {}, the range of the {}", *config.stop.goal, metric.range.text(),
                          metric.title));
}

}  // namespace

std::string model_fingerprint(const std::string& model) {
  if (!is_script_file(model)) return {};
  return fmt::format("{:08x}", checksum_of(std::span<const std::byte>(read_file(model))));
}

void check_optimizers(const TrainingConfig& config, const Dataset& dataset, std::span<const std::string> optimizers) {
  as_usage([&] {
    const auto objective = task_of(dataset.target).objective(dataset.target, {});
    const auto model = make_model(config.model, {dataset.inputs, dataset.target.kind, objective->outputs()},
                                  config.network, /*seed=*/1);
    const auto examples = static_cast<std::int64_t>(split(dataset, config).training.size());
    check_batches(config, examples);
    TrainingConfig each = config;
    for (const std::string& text : optimizers) {
      each.optimizer = text;
      try {
        libtorch::Optimizer optimizer(*model, optimizer_of(each));
        optimizer.engine().set_run_length(run_length(each, examples));
      } catch (const Error& error) {
        throw Error(fmt::format("optimizer '{}': {}", text, error.what()));
      }
    }
  });
}

Dataset open_task(TrainingConfig& config, std::span<const std::string> optimizers, std::int64_t epochs) {
  as_usage([&] {
    check(config);
    check_data_options(*parse_data_spec(config.data).format, config.data_options);
    find_model(config.model);
  });
  Dataset data = open_training_data(config);
  as_usage([&] {
    check_fits(find_model(config.model), data);
    check_goal(config, task_of(data.target).primary());
    check_costs(config, data);
    choose_defaults(config, data, epochs);
    check(config);
  });
  check_optimizers(config, data, optimizers);
  return data;
}

}  // namespace thalweg::lab

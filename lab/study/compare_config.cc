// CompareConfig: checks and JSON.
#include "study/compare_config.h"

#include "study/plan.h"

#include <thalweg/error.h>
#include <thalweg/text.h>

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <set>

namespace thalweg::lab {
namespace {

void check_seeds(const std::vector<std::uint64_t>& seeds, const char* what) {
  if (seeds.empty()) throw Error(fmt::format("compare: there are no {}", what));
  std::set<std::uint64_t> seen;
  for (const std::uint64_t seed : seeds) {
    if (!seen.insert(seed).second) throw Error(fmt::format("compare: seed {} stands twice among the {}", seed, what));
  }
}

void check_tuning(const CompareConfig& config) {
  const Tuning& tuning = config.tuning;
  check_seeds(tuning.seeds, "tuning seeds");
  for (const std::uint64_t seed : tuning.seeds) {
    if (std::ranges::find(config.seeds, seed) != config.seeds.end()) {
      throw Error(fmt::format("compare: seed {} is used for tuning and for the final trials", seed));
    }
  }
  if (tuning.grid.empty()) throw Error("compare: the grid of learning rates is empty");
  for (std::size_t i = 0; i < tuning.grid.size(); ++i) {
    if (!(tuning.grid[i] > 0 && tuning.grid[i] < std::numeric_limits<double>::infinity())) {
      throw Error(fmt::format("compare: learning rate {} of the grid is outside (0, ∞)", tuning.grid[i]));
    }
    if (i > 0 && tuning.grid[i] <= tuning.grid[i - 1]) {
      throw Error(fmt::format("compare: the grid of learning rates is not ascending: {} after {}", tuning.grid[i],
                              tuning.grid[i - 1]));
    }
  }
  if (tuning.epochs < 0) throw Error(fmt::format("compare: tuning epochs = {} is outside [0, ∞)", tuning.epochs));
  if (!config.program && config.training.validation_fraction <= 0) {
    throw Error("compare: learning rates are chosen on validation data: validation fraction = 0 is too small");
  }
}

void check_trainings(const CompareConfig& config) {
  TrainingConfig training = config.training;
  for (const std::string& optimizer : config.optimizers) {
    training.optimizer = optimizer;
    check(training);
  }
}

void check_program(const CompareConfig& config) {
  const Program& program = config.program;
  if (program.metric.empty()) throw Error("--metric: no name; expected a key of the lines that the command prints");
  if (std::ranges::count(config.optimizers, "") > 0) throw Error("compare: an optimizer's text is empty");
  // Without one that differs, the command itself is the only competitor.
  const bool is_alone = config.optimizers == std::vector{program.command.front()};
  std::vector<std::string> names;
  if (!is_alone || uses(program, Placeholders::kOptimizer)) names.emplace_back(Placeholders::kOptimizer);
  if (config.tune || uses(program, Placeholders::kRate)) names.emplace_back(Placeholders::kRate);
  check_placeholders(program, names);
  if (!config.tune && uses(program, Placeholders::kRate)) {
    throw Error("--no-tune-lr: the command's {lr} has no value then; leave {lr} out, or give one with --tune-lr");
  }
  if (config.tuning.epochs != 0) {
    throw Error("--tune-epochs: how long a command of one's own runs is its own affair");
  }
  const std::size_t most = std::max(config.seeds.size(), config.tune ? config.tuning.seeds.size() : 0);
  if (most > 1 && !uses(program, Placeholders::kSeed)) {
    throw Error(
        fmt::format("seed is in no word of the command: its {} seeds would change nothing; write {{seed}} where it "
                    "belongs, or give --seeds 1",
                    most));
  }
}

}  // namespace

nlohmann::json shared_json(const TrainingConfig& training) {
  nlohmann::json json = training;
  for (const char* own : {"optimizer", "seed", "test_at_end"}) json.erase(own);
  return json;
}

void to_json(nlohmann::json& json, const CompareConfig& config) {
  json = {{"optimizers", config.optimizers}, {"tuning", nullptr}, {"seeds", config.seeds}, {"looks", config.looks}};
  if (config.tune) {
    const Tuning& tuning = config.tuning;
    json["tuning"] = {
        {"grid", tuning.grid}, {"given", tuning.given}, {"seeds", tuning.seeds}, {"epochs", tuning.epochs}};
  }
  if (config.program) {
    json["program"] = config.program;
    return;
  }
  json["training"] = shared_json(config.training);
  if (!config.data_fingerprint.empty()) json[kFingerprintKey] = config.data_fingerprint;
  if (!config.model_fingerprint.empty()) json["model_fingerprint"] = config.model_fingerprint;
}

std::string fingerprint_of(const nlohmann::json& config) {
  if (!config.is_object()) return {};
  const auto found = config.find(kFingerprintKey);
  return found != config.end() && found->is_string() ? found->get<std::string>() : std::string();
}

void check(const CompareConfig& config) {
  if (config.optimizers.empty()) throw Error("compare: there are no optimizers to compare");
  std::set<std::string> seen;
  for (const std::string& optimizer : config.optimizers) {
    if (!seen.insert(competitor_name(config, optimizer)).second) {
      throw Error(fmt::format(
          "compare: optimizer '{}' is given twice{}", printable(optimizer),
          config.tune && !config.program ? " (its lr is tuned, so that another lr makes no difference)" : ""));
    }
  }
  check_seeds(config.seeds, "seeds");
  if (config.looks < 1) throw Error(fmt::format("compare: looks = {} is outside [1, ∞)", config.looks));
  config.program ? check_program(config) : check_trainings(config);
  if (config.tune) check_tuning(config);
}

}  // namespace thalweg::lab

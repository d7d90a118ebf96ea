// TuneConfig: checks and JSON.
#include "study/tune_config.h"

#include "search/sampler.h"
#include "study/compare_config.h"
#include "study/differences.h"
#include "study/search_plan.h"
#include "study/trial_parameters.h"

#include <thalweg/error.h>
#include <thalweg/suggest.h>
#include <thalweg/text.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace thalweg::lab {
namespace {

constexpr std::int64_t kMostTrials = 100'000, kMostRuns = 1000;

void check_number(const char* what, std::int64_t value, std::int64_t least, std::int64_t most) {
  if (value >= least && value <= most) return;
  throw Error(fmt::format("tune: {} = {} is outside [{}, {}]", what, value, least, most));
}

void check_seeds(const std::vector<std::uint64_t>& seeds) {
  if (seeds.empty()) throw Error("tune: there are no seeds");
  if (std::set<std::uint64_t>(seeds.begin(), seeds.end()).size() != seeds.size()) {
    throw Error("tune: a seed stands twice");
  }
}

void check_program(const TuneConfig& config, const SearchSpace& space) {
  if (config.folds > 0) throw Error("tune: --folds mean nothing to a command of one's own");
  if (config.is_hyperband()) throw Error("tune: hyperband cannot pause a command of one's own; take another sampler");
  std::vector<std::string> names;
  for (const Dimension& dimension : space.dimensions) {
    const std::string& name = dimension.name;
    if (name == Placeholders::kSeed || name == Placeholders::kFolder) {
      throw Error(fmt::format("range '{0}': {{{0}}} is the run's own {0}; take another name", name));
    }
    if (name.find_first_of("{}") != std::string::npos) {
      throw Error(fmt::format("range '{}': a name in a command has no braces", printable(name)));
    }
    names.push_back(name);
  }
  if (config.program.metric.empty())
    throw Error("--metric: no name; expected a key of the lines that the command prints");
  check_placeholders(config.program, names);
}

void check_training(const TuneConfig& config, const SearchSpace& space) {
  check(config.training);
  if (config.training.validation_fraction <= 0 && config.folds == 0) {
    throw Error("tune: trials are compared on validation data: validation fraction = 0 is too small");
  }
  if (config.training.stop.seconds) {
    throw Error(
        "tune: --seconds would make trials depend on how fast the computer is; take --epochs or --steps, and "
        "--time for the whole study");
  }
  check_space(space, config.training);
}

/// What all trials share, the optimizer too.
nlohmann::json training_json(const TrainingConfig& training) {
  nlohmann::json json = shared_json(training);
  json["optimizer"] = training.optimizer;
  return json;
}

}  // namespace

void to_json(nlohmann::json& json, const TuneConfig& config) {
  json = {{"ranges", config.ranges}, {"sampler", config.sampler}, {"trials", config.trials},
          {"seed", config.seed},     {"lag", config.lag},         {"seeds", config.seeds},
          {"folds", config.folds},   {"rejects", config.rejects}};
  if (config.is_hyperband()) json["eta"] = config.eta;
  if (config.program) {
    json["program"] = config.program;
    return;
  }
  json["training"] = training_json(config.training);
  if (!config.data_fingerprint.empty()) json[kFingerprintKey] = config.data_fingerprint;
  if (!config.model_fingerprint.empty()) json["model_fingerprint"] = config.model_fingerprint;
}

void from_json(const nlohmann::json& json, TuneConfig& config) {
  try {
    json.at("ranges").get_to(config.ranges);
    json.at("sampler").get_to(config.sampler);
    json.at("trials").get_to(config.trials);
    json.at("seed").get_to(config.seed);
    json.at("lag").get_to(config.lag);
    json.at("seeds").get_to(config.seeds);
    json.at("folds").get_to(config.folds);
    json.at("rejects").get_to(config.rejects);
    config.eta = json.value("eta", config.eta);
    if (json.contains("program")) json["program"].get_to(config.program);
    if (json.contains("training")) json["training"].get_to(config.training);
    config.data_fingerprint = fingerprint_of(json);
    config.model_fingerprint = json.value("model_fingerprint", std::string());
  } catch (const nlohmann::json::exception&) {
    throw Error("the search's configuration is damaged");
  }
}

void check(const TuneConfig& config) {
  if (config.ranges.empty()) throw Error("tune: there is no --range to search, as --range lr=log:1e-5:1e-1");
  const SearchSpace space = parse_space(config.ranges);
  check_number("trials", config.trials, 1, kMostTrials);
  check_number("lag", config.lag, 1, kMostTrials);
  check_number("folds", config.folds, 0, kMostRuns);
  if (config.folds == 1) throw Error("tune: folds = 1 leaves nothing to train on; expected at least 2, or 0 for none");
  check_seeds(config.seeds);
  check_number("runs of a trial", config.runs(), 1, kMostRuns);
  if (const auto& names = sampler_names();
      !config.is_hyperband() && std::ranges::find(names, config.sampler) == names.end()) {
    std::vector<std::string> known = names;
    known.emplace_back(kHyperband);
    throw Error(fmt::format("unknown sampler '{}'{}", printable(config.sampler), suggest(config.sampler, known)));
  }
  config.program ? check_program(config, space) : check_training(config, space);
  sampler_of(config, space);
  if (!config.is_hyperband()) return;
  if (config.training.stop.steps) throw Error("tune: hyperband counts epochs: --steps means nothing beside it");
  if (config.training.stop.epochs > 0 && config.training.stop.epochs < config.eta) {
    throw Error(fmt::format("tune: hyperband has nothing to share out of {} epochs; give --epochs {} or more",
                            config.training.stop.epochs, config.eta));
  }
}

void check_task(const TuneConfig& config, std::int64_t number) {
  if (config.is_hyperband()) {
    throw Error("--task: the trials of hyperband wait for one another at each rung, and cannot be tasks of their own");
  }
  if (number < 0 || number >= config.trials) {
    throw Error(fmt::format("--task {} is outside [0, {}]: the search has {} trials", number, config.trials - 1,
                            config.trials));
  }
}

void check_continues(const nlohmann::json& stored, const TuneConfig& wanted) {
  const TuneConfig old = stored.get<TuneConfig>();
  if (old.trials > wanted.trials) {
    throw Error(
        fmt::format("the search has {} trials, and takes more, not fewer (--trials {})", old.trials, wanted.trials));
  }
  if (old.trials < wanted.trials && (wanted.sampler == "grid" || wanted.is_hyperband())) {
    throw Error(fmt::format("the search has {} trials, and those of {} are planned together: their number cannot grow",
                            old.trials, wanted.sampler));
  }
  nlohmann::json before = stored, now = wanted;
  // What an older file's training lacks is as it was then.
  if (!old.program && !wanted.program) before["training"] = training_json(old.training);
  for (nlohmann::json* json : {&before, &now}) {
    json->erase("trials");
    // Only what stands for the content of what may have moved.
    if (!old.data_fingerprint.empty() && json->contains("training")) (*json)["training"].erase("data");
    if (old.program && json->contains("program")) (*json)["program"].erase("timeout");
  }
  if (const std::vector<std::string> lines = differences(before, now); !lines.empty()) {
    throw Error(fmt::format("holds another search ({})", shown(lines)));
  }
}

}  // namespace thalweg::lab

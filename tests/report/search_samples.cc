// Made-up searches for tests of the report.
#include "report/search_samples.h"

#include "search/sampler.h"
#include "study/trial_parameters.h"
#include "study/tune_config.h"

#include <thalweg/random.h>

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace thalweg::lab::samples {
namespace {

double noise(std::int64_t trial, std::uint64_t position) {
  return Random(static_cast<std::uint64_t>(trial) + 1, RandomPurpose::test, "search").normal(position);
}

StudyData study_of(const TuneConfig& config, std::string name) {
  StudyData study;
  study.name = std::move(name);
  study.kind = "tune";
  study.command = "thalweg tune --range lr=log:1e-5:1 --out runs/search";
  study.created = "2026-01-31T12:00:00Z";
  study.config = config;
  study.environment = {{"versions", {{"thalweg", "0.1.0"}}}, {"machine", {{"cores", 2}}}};
  return study;
}

TuneConfig config_of(std::vector<std::string> ranges, std::size_t trials) {
  TuneConfig config;
  config.ranges = std::move(ranges);
  config.sampler = "random";
  config.trials = static_cast<std::int64_t>(trials);
  config.training.stop.epochs = 4;
  config.training.batch = 64;
  return config;
}

/// A run of a trial, which has ended with so many epochs.
TrialData run_of(const StudyData& study, std::int64_t number, const nlohmann::json& parameters, std::int64_t epochs,
                 const std::string& metric, double value, Outcome outcome = Outcome::completed) {
  TrialData run;
  run.id = static_cast<std::int64_t>(study.trials.size()) + 1;
  run.number = number;
  run.parameters = parameters;
  run.optimizer = "trial";
  run.role = TrialRole::tune;
  run.config.seed = 1001;
  run.status = TrialStatus::finished;
  for (std::int64_t epoch = 1; epoch <= epochs; ++epoch) {
    EpochRecord record{.epoch = epoch, .step = 100 * epoch, .lr = 0.001};
    const double left = std::pow(0.5, static_cast<double>(epoch)) - std::pow(0.5, static_cast<double>(epochs));
    record.train = {{"loss", 1 + left}};
    record.validation = {{metric, value - 0.4 * left}};
    record.seconds = 2.5 * static_cast<double>(epoch);
    run.epochs.push_back(record);
  }
  TrainingResult result;
  result.outcome = outcome;
  result.epochs = epochs;
  result.steps = 100 * epochs;
  run.result = result;
  if (outcome == Outcome::diverged) run.result->reason = "gradient of \"dense1.weight\" is not finite";
  if (outcome == Outcome::pruned) run.result->reason = "not among the best at its rung";
  return run;
}

void fail(TrialData& run, std::string error) {
  run.status = TrialStatus::failed;
  run.error = std::move(error);
  run.result.reset();
  run.epochs.clear();
}

}  // namespace

StudyData search_study(std::size_t trials) {
  const TuneConfig config = config_of({"optimizer=choice:sgd|rmsprop|adam", "lr=log:1e-5:1",
                                       "momentum=0:0.99:if:optimizer=sgd", "dense=choice:64|128|256,128"},
                                      trials);
  StudyData study = study_of(config, "search");
  const SearchSpace space = parse_space(config.ranges);
  const auto sampler = make_sampler(space, {.name = "random", .seed = 7, .trials = config.trials});
  for (std::int64_t number = 0; number < config.trials; ++number) {
    const nlohmann::json parameters = space.parameters(sampler->propose(number, {}));
    const double lr = parameters["lr"], away = std::log10(lr) + 2;
    double value = 0.885 - 0.06 * away * away + 0.004 * noise(number, 0);
    if (parameters["dense"] == "256,128") value += 0.01;
    const bool diverges = lr > 0.3;
    study.trials.push_back(run_of(study, number, parameters, diverges ? 1 : 4, "accuracy", std::max(value, 0.1),
                                  diverges ? Outcome::diverged : Outcome::completed));
    TrialData& run = study.trials.back();
    run.config = with_parameters(config.training, parameters);
    run.config.seed = config.seeds.front();
    if (number == 2) fail(run, "worker ended by signal 9 (killed)");
    if (number == 5) {
      run.status = TrialStatus::running;
      run.result.reset();
      run.epochs.resize(1);
    }
  }
  return study;
}

StudyData hyperband_study() {
  TuneConfig config = config_of({"lr=log:1e-5:1", "batch=int:log:16:256"}, 27);
  config.sampler = kHyperband;
  config.training.stop.epochs = 27;
  StudyData study = study_of(config, "hyperband");
  const SearchSpace space = parse_space(config.ranges);
  const auto sampler = make_sampler(space, {.name = "sobol", .seed = 1, .trials = 27});
  for (std::int64_t number = 0; number < 27; ++number) {
    const std::int64_t epochs = number == 13 ? 27 : number % 13 == 0 ? 9 : number % 4 == 0 ? 3 : 1;
    const double value = 0.5 + 0.12 * std::log(static_cast<double>(epochs)) / std::log(3.0) + 0.01 * noise(number, 0);
    study.trials.push_back(run_of(study, number, space.parameters(sampler->propose(number, {})), epochs, "accuracy",
                                  value, epochs == 27 ? Outcome::completed : Outcome::pruned));
  }
  return study;
}

StudyData hostile_search() {
  const std::string script = "</script><script>document.documentElement.dataset.owned=1</script>";
  TuneConfig config = config_of({"<img src onerror>=log:0.001:10", "__proto__=int:1:4",
                                 "x'\"&=choice:" + script + "|\x1b[31mred|\u202Eabc|" + std::string(300, 'w')},
                                40);
  config.seeds = {1001, 1002};
  config.program.command = {"./" + script, "--lr", "{<img src onerror>}", "{__proto__}", "{x'\"&}", "\x1b]0;title\x07"};
  config.program.metric = "<b>cost</b> \x1b[1m";
  StudyData study = study_of(config, script);
  study.task = task_of(config.program);
  study.command = "thalweg tune '" + script + "' <img src=x onerror=alert(1)>";
  const SearchSpace space = parse_space(config.ranges);
  const auto sampler = make_sampler(space, {.name = "random", .seed = 3, .trials = 40});
  for (std::int64_t number = 0; number < 40; ++number) {
    const nlohmann::json parameters = space.parameters(sampler->propose(number, {}));
    for (std::uint64_t seed = 0; seed < 2; ++seed) {
      const double value = parameters["__proto__"].get<double>() + 0.1 * noise(number, seed);
      study.trials.push_back(run_of(study, number, parameters, 3, "cost", number == 11 ? 1e9 : value));
      study.trials.back().config.seed = config.seeds[seed];
      if (number % 7 == 3 && seed == 0) fail(study.trials.back(), "=SUM(A1)\r\n" + script + "\x01\x7F\xFF");
    }
  }
  return study;
}

StudyData one_trial_search() {
  const TuneConfig config = config_of({"lr=log:1e-5:1"}, 20);
  StudyData study = study_of(config, "one");
  study.trials.push_back(run_of(study, 0, {{"lr", 0.003}}, 4, "accuracy", 0.8));
  return study;
}

}  // namespace thalweg::lab::samples

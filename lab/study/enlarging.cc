// Tells a study's enlargement from another study.
#include "study/enlarging.h"

#include "store/standing.h"
#include "study/differences.h"
#include "study/plan.h"
#include "study/statistics.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <optional>
#include <set>

namespace thalweg::lab {
namespace {

/// As it is written today: with keys that were not there yet when the study began, or had another form.
nlohmann::json completed(nlohmann::json stored) {
  if (!stored.is_object()) return stored;
  if (!stored.contains("looks")) stored["looks"] = 1;
  try {
    const TrainingConfig training = stored.at("training").get<TrainingConfig>();
    stored["training"] = shared_json(training);
  } catch (const std::exception&) {  // then it is told as a difference
  }
  return stored;
}

/// The study's trials go on to share out examples as they did when it began.
bool is_validation_by_class(const nlohmann::json& config) {
  try {
    return config.at("training").at("validation_by_class").get<bool>();
  } catch (const nlohmann::json::exception&) {
    return true;
  }
}

std::optional<bool> given_of(const nlohmann::json& config) {
  const nlohmann::json& tuning = config.at("tuning");
  if (!tuning.is_object() || !tuning.contains("given") || !tuning["given"].is_boolean()) return std::nullopt;
  return tuning["given"].get<bool>();
}

/// Takes out what enlarging decides, so that the rest must be equal. The data is its content where both know it.
std::vector<std::string> fixed_differences(nlohmann::json stored, nlohmann::json wanted) {
  std::vector<std::string> lines;
  const std::string before = fingerprint_of(stored), now = fingerprint_of(wanted);
  const bool by_content = !before.empty() && !now.empty();
  if (by_content && before != now) {
    lines.push_back(fmt::format("training.data: {} holds other examples than when the study began",
                                wanted["training"]["data"].dump()));
  }
  // A grid that was begun when none grew is equal to one that would grow: the command is the same.
  if (const auto then = given_of(stored), today = given_of(wanted); then && today && *then != *today) {
    const auto text = [](bool given) { return given ? "given by --tune-lr" : "the default one, which grows"; };
    lines.push_back(fmt::format("tuning.grid: {}, now {}", text(*then), text(*today)));
  }
  for (nlohmann::json* config : {&stored, &wanted}) {
    config->erase("optimizers");
    config->erase("seeds");
    const auto without = [&](const char* part, const char* key) {
      if (config->contains(part) && (*config)[part].is_object()) (*config)[part].erase(key);
    };
    if (by_content) without("training", "data");
    without("program", "timeout");
    config->erase(kFingerprintKey);
    without("tuning", "given");
  }
  std::ranges::copy(differences(stored, wanted), std::back_inserter(lines));
  return lines;
}

template <class T>
std::optional<std::vector<T>> list_of(const nlohmann::json& config, const char* key) {
  try {
    return config.at(key).get<std::vector<T>>();
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

template <class T>
bool contains(const std::vector<T>& list, const T& value) {
  return std::ranges::find(list, value) != list.end();
}

/// The study's optimizers, then those that it has not yet.
void merge_optimizers(const CompareConfig& wanted, const std::vector<std::string>& stored, Enlarging& enlarging) {
  std::vector<std::string> stored_names, missing;
  for (const std::string& optimizer : stored) stored_names.push_back(competitor_name(wanted, optimizer));
  enlarging.config.optimizers = stored;
  missing = stored_names;
  for (const std::string& optimizer : wanted.optimizers) {
    const std::string name = competitor_name(wanted, optimizer);
    std::erase(missing, name);
    if (contains(stored_names, name)) continue;
    enlarging.config.optimizers.push_back(optimizer);
    enlarging.new_optimizers.push_back(name);
  }
  if (missing.empty()) return;
  enlarging.missing.push_back(fmt::format("{}", fmt::join(missing, ", ")));
}

void merge_seeds(const CompareConfig& wanted, const std::vector<std::uint64_t>& stored, Enlarging& enlarging) {
  enlarging.config.seeds = stored;
  for (const std::uint64_t seed : wanted.seeds) {
    if (contains(stored, seed)) continue;
    enlarging.config.seeds.push_back(seed);
    enlarging.new_seeds.push_back(seed);
  }
  const bool fewer = std::ranges::any_of(stored, [&](std::uint64_t seed) { return !contains(wanted.seeds, seed); });
  if (!fewer) return;
  enlarging.missing.push_back(fmt::format("seeds {}, now {}", seeds_text(stored), seeds_text(wanted.seeds)));
}

}  // namespace

Enlarging enlarge(const nlohmann::json& stored, const CompareConfig& wanted) {
  Enlarging enlarging;
  enlarging.config = wanted;
  const nlohmann::json before = completed(stored);
  enlarging.config.training.validation_by_class = is_validation_by_class(before);
  const nlohmann::json now = enlarging.config;
  const auto optimizers = list_of<std::string>(before, "optimizers");
  const auto seeds = list_of<std::uint64_t>(before, "seeds");
  if (!optimizers || !seeds || !before.contains("tuning") ||
      !(before.contains("training") || before.contains("program"))) {
    enlarging.differences = {"its configuration is damaged"};
    return enlarging;
  }
  enlarging.differences = fixed_differences(before, now);
  if (!enlarging.differences.empty()) return enlarging;
  try {
    merge_optimizers(wanted, *optimizers, enlarging);
  } catch (const Error& error) {
    enlarging.differences.push_back(error.what());
  }
  merge_seeds(wanted, *seeds, enlarging);
  enlarging.config.tuning.given = given_of(before).value_or(true);
  if (fingerprint_of(before).empty()) enlarging.config.data_fingerprint.clear();
  return enlarging;
}

nlohmann::json enlarged_config(const nlohmann::json& stored, const Enlarging& enlarging) {
  nlohmann::json config = stored;
  config["optimizers"] = enlarging.config.optimizers;
  config["seeds"] = enlarging.config.seeds;
  if (enlarging.config.program) {
    config["program"] = enlarging.config.program;  // with another timeout, perhaps
  } else {
    config["training"]["data"] = enlarging.config.training.data;
  }
  return config;
}

nlohmann::json counted_outcome(const StudyData& study) {
  nlohmann::json outcome = study.outcome.is_object() ? study.outcome : nlohmann::json::object();
  const bool seen = has_verdict(study);
  const auto pending = outcome.find("look_pending");
  const bool knows = outcome.contains("looks_taken") && pending != outcome.end() && pending->is_boolean();
  outcome["looks_taken"] = knows ? standing_of(study).looks_taken : seen ? 1 : 0;
  if (!knows) outcome["look_pending"] = !seen;
  return outcome;
}

nlohmann::json enlarged_outcome(const StudyData& study) {
  nlohmann::json outcome = counted_outcome(study);
  const Standing standing = standing_of(study);
  outcome["enlarged"] = standing.enlarged || outcome["looks_taken"].get<int>() >= standing.looks_planned;
  outcome["look_pending"] = true;
  return outcome;
}

namespace {

/// A program that tells no test value is compared by its metric, which is finite where it did not diverge.
bool has_finite_test(const TrainingResult& result, bool of_program) {
  const std::optional<MetricValues>& test = result.test;
  if (!test) return of_program;
  return !test->empty() && std::ranges::all_of(*test, [](const auto& value) { return std::isfinite(value.second); });
}

}  // namespace

bool has_verdict(const StudyData& study) {
  const bool of_program = study.config.is_object() && study.config.contains("program");
  std::map<std::string, std::set<std::uint64_t>> seeds;
  for (const TrialData& trial : study.trials) {
    if (trial.role == TrialRole::final && trial.status == TrialStatus::failed) return false;  // it is tried again
    const bool counts = trial.role == TrialRole::final && trial.status == TrialStatus::finished && trial.result &&
                        trial.result->outcome != Outcome::diverged && has_finite_test(*trial.result, of_program);
    if (counts) seeds[trial.optimizer].insert(trial.config.seed);
  }
  for (auto first = seeds.begin(); first != seeds.end(); ++first) {
    for (auto second = std::next(first); second != seeds.end(); ++second) {
      const auto common =
          std::ranges::count_if(first->second, [&](std::uint64_t seed) { return second->second.contains(seed); });
      if (static_cast<std::size_t>(common) >= kSeedsForVerdict) return true;
    }
  }
  return false;
}

std::string seeds_text(const std::vector<std::uint64_t>& seeds) {
  bool in_row = seeds.size() > 2;
  for (std::size_t i = 1; i < seeds.size(); ++i) in_row = in_row && seeds[i] == seeds[i - 1] + 1;
  return in_row ? fmt::format("{} to {}", seeds.front(), seeds.back()) : fmt::format("{}", fmt::join(seeds, ", "));
}

}  // namespace thalweg::lab

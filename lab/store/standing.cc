// Reads a study's standing from its configuration and outcome.
#include "store/standing.h"

#include <algorithm>
#include <cstdint>

namespace thalweg::lab {
namespace {

constexpr std::int64_t kMost = 1'000'000;  // looks: more are as good as these

const nlohmann::json* find(const nlohmann::json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

bool flag(const nlohmann::json& object, const char* key) {
  const nlohmann::json* const value = find(object, key);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

int whole(const nlohmann::json& object, const char* key, int absent) {
  const nlohmann::json* const value = find(object, key);
  if (value == nullptr || !value->is_number_integer()) return absent;
  return static_cast<int>(std::clamp<std::int64_t>(value->get<std::int64_t>(), 0, kMost));
}

std::vector<double> numbers(const nlohmann::json& object, const char* key) {
  std::vector<double> values;
  const nlohmann::json* const list = find(object, key);
  if (list == nullptr || !list->is_array()) return values;
  for (const nlohmann::json& value : *list) {
    if (value.is_number()) values.push_back(value.get<double>());
  }
  return values;
}

}  // namespace

Standing standing_of(const StudyData& study) {
  Standing standing;
  if (const nlohmann::json* const tuning = find(study.config, "tuning"); tuning != nullptr && tuning->is_object()) {
    standing.grid_given = flag(*tuning, "given");
    standing.grid = numbers(study.outcome, "grid");
    if (standing.grid.empty()) standing.grid = numbers(*tuning, "grid");
    standing.tuned = standing.grid.size() > 1;
  }
  standing.looks_planned = std::max(1, whole(study.config, "looks", 1));
  const bool any_final = std::ranges::any_of(study.trials, [](const TrialData& trial) {
    return trial.role == TrialRole::final && trial.status == TrialStatus::finished;
  });
  standing.looks_taken = whole(study.outcome, "looks_taken", any_final ? 1 : 0);
  standing.enlarged = flag(study.outcome, "enlarged");
  return standing;
}

}  // namespace thalweg::lab

// Enlarging: what a study that is there takes of another configuration: more seeds and optimizers, and nothing else.
#pragma once

#include "store/study_data.h"
#include "study/compare_config.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace thalweg::lab {

/// How a study goes on with a configuration that is its own or enlarges it.
struct Enlarging {
  std::vector<std::string> differences;     ///< why it is another one: `training.epochs: 8, now 4`, …
  std::vector<std::string> missing;         ///< what it has and the configuration lacks: `sgd`, `seeds 1 to 8, now …`
  CompareConfig config;                     ///< to go on with: the study's own optimizers and seeds first, then the new
  std::vector<std::string> new_optimizers;  ///< competitors' names
  std::vector<std::uint64_t> new_seeds;

  bool enlarges() const { return !new_optimizers.empty() || !new_seeds.empty(); }
};

/// `stored`: a StudyData::config. Keys that it lacks because an earlier thalweg wrote it mean what that one did: a grid
/// that does not grow, one look, data known by its path. With `differences` or `missing`, the rest means nothing.
Enlarging enlarge(const nlohmann::json& stored, const CompareConfig& wanted);

/// StudyData::config of the study as it goes on: with what is new, and the path where its data is now.
nlohmann::json enlarged_config(const nlohmann::json& stored, const Enlarging& enlarging);

/// StudyData::outcome with its count of verdicts: `looks_taken`, and `look_pending` until the one on the study as it is
/// planned now was counted. An earlier thalweg counted none: if a verdict was there to be seen, it has been.
nlohmann::json counted_outcome(const StudyData& study);

/// StudyData::outcome of the study at the moment it is enlarged: `enlarged` is true from then on if a verdict has been
/// seen and no further one was planned.
nlohmann::json enlarged_outcome(const StudyData& study);

/// Do the study's trials allow a verdict on any pair of optimizers? Not while a final one has failed.
bool has_verdict(const StudyData& study);

/// `1 to 8`, or `1, 5, 9`.
std::string seeds_text(const std::vector<std::uint64_t>& seeds);

}  // namespace thalweg::lab

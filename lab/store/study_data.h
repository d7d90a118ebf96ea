// StudyData: a study as it is read back from its store, for reports and for continuing it.
#pragma once

#include "training/config.h"
#include "training/records.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace thalweg::lab {

enum class TrialRole {
  tune,   ///< chooses the learning rate, by the validation part; its seed is not used by final trials
  final,  ///< counts in the comparison
};

enum class TrialStatus {
  pending,
  running,
  paused,  ///< trained as far as its study wanted so far; goes on from its checkpoint if it is among the best
  finished,
  failed,
};

/// One training within a study. Those that share a number are one trial of a search, over several seeds or folds.
struct TrialData {
  std::int64_t id = 0;
  std::optional<std::int64_t> number;  ///< of a search's trial, from 0
  nlohmann::json parameters;           ///< of a search's trial: `{"lr": 0.003, …}`; else null
  std::string optimizer;  ///< what the report calls it, unique per competitor: `rmsprop`, or the text as given
  double lr = 0;
  TrialRole role = TrialRole::final;
  TrainingConfig config;
  TrialStatus status = TrialStatus::pending;
  std::string error;                     ///< of a failed trial: what the worker said, or the signal that ended it
  std::optional<TrainingResult> result;  ///< of a finished trial (which may have diverged)
  std::vector<EpochRecord> epochs;
  std::vector<StepRecord> steps;
  std::vector<DiagnosticRecord> diagnostics;  ///< by step
};

struct StudyData {  // NOLINT(bugprone-exception-escape): of json, whose moves do not throw
  std::string name;
  std::string kind;                     ///< `train` (one trial), `compare` or `tune`
  std::string task = "classification";  ///< of all its trials; what every study was before there were others
  std::string command;                  ///< the command line that made it, or that went on with it last, ready to paste
  std::string created;                  ///< ISO 8601, UTC
  nlohmann::json config;                ///< of the study: optimizers, learning-rate grid, seeds, …
  nlohmann::json environment;  ///< `versions`: {thalweg, libtorch, compiler, …}, `machine`: {cpu, cores, memory, os}
  /// What the study found out beside its trials, null before. compare, from its begin: `{"grid": […]}` and what
  /// store/standing.h reads beside; from the choice of learning rates on also `{"chosen": {OPTIMIZER: {"lr",
  /// "validation", "at_edge"}}, "warnings": [text, …]}`.
  nlohmann::json outcome;
  std::vector<TrialData> trials;
};

std::string to_string(TrialRole role);
/// Throws std::out_of_range for a name that is none; status_of too.
TrialRole role_of(const std::string& name);
TrialStatus status_of(const std::string& name);
std::string to_string(TrialStatus status);

}  // namespace thalweg::lab

// CompareConfig: everything that decides what a comparison trains and finds.
#pragma once

#include "study/program.h"
#include "training/config.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace thalweg::lab {

/// How the learning rates are chosen: every optimizer is trained with every rate of one grid, on the same seeds, and
/// gets the rate with the best value of the task's primary metric on the validation part. These seeds are not used by
/// the final trials.
struct Tuning {
  std::vector<double> grid{1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1, 1};  ///< ascending; where it begins
  bool given = false;  ///< somebody chose the grid: it does not grow (study/grid.h)
  std::vector<std::uint64_t> seeds{1001};
  std::int64_t epochs = 0;  ///< of each tuning trial; 0 until they are chosen by the data
};

/// Where a StudyData::config has CompareConfig::data_fingerprint.
inline constexpr const char* kFingerprintKey = "data_fingerprint";

/// Optimizers × seeds on one task, the learning rate of each tuned first.
struct CompareConfig {
  std::vector<std::string> optimizers;  ///< what read_optimizer reads; of a program any texts
  bool tune = true;                     ///< false: each optimizer's own lr is used; of a program: it has {lr}
  Tuning tuning;
  std::vector<std::uint64_t> seeds{1, 2, 3, 4, 5, 6, 7, 8};  ///< of the final trials
  /// Verdicts planned before the first trial: after each of the first ones seeds and optimizers may be added. Each is
  /// at the level 0.05 / looks, so that a false one in any of them stays as rare as in a single one.
  int looks = 1;
  Program program;                ///< what is run, if it is no training
  std::string data_fingerprint;   ///< of the data's content; empty: unknown, it goes by training.data
  std::string model_fingerprint;  ///< of a TorchScript file's content; empty for the lab's own models
  TrainingConfig training;        ///< what all trials share; its optimizer, seed and test_at_end mean nothing here
};

/// A training's settings that all trials of a study share.
nlohmann::json shared_json(const TrainingConfig& training);

/// For StudyData::config: `{"optimizers": […], "tuning": {"grid", "given", "seeds", "epochs"} or null, "seeds": […],
/// "looks": …, "data_fingerprint": … if known, "model_fingerprint": … of a file, "training": {…}}`; of a program
/// `"program": {…}` in place of what is of a training.
void to_json(nlohmann::json& json, const CompareConfig& config);

/// CompareConfig::data_fingerprint of a StudyData::config; empty where it has none.
std::string fingerprint_of(const nlohmann::json& config);

/// Throws thalweg::Error that names what cannot be compared: an optimizer given twice, a seed used for both parts, a
/// grid that is not ascending, tuning without a validation part, a placeholder without a value, seeds that a program
/// does not get, ….
void check(const CompareConfig& config);

}  // namespace thalweg::lab

// TrainingConfig: everything that decides how one training runs and what it gives.
#pragma once

#include "data/dataset.h"
#include "models/options.h"

#include <thalweg/schedule.h>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace thalweg::lab {

/// When a run ends. What is not set does not stop it; `epochs` always does.
struct StopConditions {
  std::int64_t epochs = 0;  ///< 0: by model and data (training/defaults.h)
  std::optional<std::int64_t> steps;
  std::optional<double> seconds;         ///< wall time of this process
  std::optional<double> goal;            ///< of the task's primary metric on the validation part
  std::optional<std::int64_t> patience;  ///< epochs without an improvement of validation loss …
  double tolerance = 0;                  ///< … by more than this
};

constexpr const char* kBalanced = "balanced";  ///< TrainingConfig::class_weights

constexpr int kMostThreads = 1024;  ///< of one training

/// One training. The same config on the same machine with the same number of threads gives the same bits.
struct TrainingConfig {
  std::string model = "mlp";
  ModelOptions network;
  std::string data = "fashion-mnist";  ///< what open_dataset reads …
  DataOptions data_options;  ///< … and how; its split_seed is apart from `seed`, so that all seeds share one
  std::string optimizer = "rmsprop:lr=0.001";  ///< what read_optimizer reads
  Schedule schedule = schedule::Cosine{};      ///< of an optimizer whose text says none
  StopConditions stop;
  std::int64_t folds = 0;      ///< > 0: cross-validation; the test part is …
  std::int64_t fold = 0;       ///< … this one, from 1; 0: the data's own
  std::string class_weights;   ///< of the loss: empty: all 1; `balanced`
  std::string cost;            ///< of errors of two classes, as parse_costs reads it; empty: none
  std::string augment;         ///< of training images, as parse_augmentation reads it; empty: none
  bool restore_best = false;   ///< ends with the weights of the epoch with the smallest validation loss
  std::int64_t negatives = 0;  ///< items drawn for each choice of implicit ratings; 0: by the loss
  std::int64_t batch = 0;      ///< 0: by model and data
  std::uint64_t seed = 1;
  int threads = 0;                   ///< 0: all cores
  double validation_fraction = 0.1;  ///< of the training part, in [0, 0.5]
  /// Of data whose parts are drawn, the validation part has the same share of each class. Files that do not know of
  /// it were written when that was not so.
  bool validation_by_class = true;
  std::int64_t validation_folds = 0;  ///< > 0: the validation part is, of so many parts of the training part, …
  std::int64_t validation_fold = 0;   ///< … this one, from 1
  std::int64_t train_limit = 0;       ///< use only the first N training examples; 0: all
  std::int64_t test_limit = 0;        ///< use only the first N test examples; 0: all
  bool test_at_end = true;
};

void to_json(nlohmann::json& json, const TrainingConfig& config);
/// Throws thalweg::Error that names an unknown key, a wrong type or a value outside its range. A schedule is its text,
/// or the object that was written before there was one grammar for all schedules; files of before have other names
/// for some settings, too.
void from_json(const nlohmann::json& json, TrainingConfig& config);
/// Throws thalweg::Error that names the first value outside its range.
void check(const TrainingConfig& config);

}  // namespace thalweg::lab

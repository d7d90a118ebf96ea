// TuneConfig: everything that decides which trials a search proposes and what they give.
#pragma once

#include "search/space.h"
#include "study/program.h"
#include "training/config.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace thalweg::lab {

constexpr const char* kHyperband = "hyperband";  ///< TuneConfig::sampler, beside sampler_names()

/// A search for the parameters with the best value of the task's primary metric on the validation part, with
/// the weights that a run ends with: the mean over its seeds or folds, the same for all trials.
struct TuneConfig {
  std::vector<std::string> ranges;  ///< what parse_space reads
  std::string sampler = "tpe";
  std::int64_t trials = 32;
  std::uint64_t seed = 1;  ///< of the proposals
  /// The proposal for trial n sees the results of trials up to n − lag, however many workers there are: so many trials
  /// can run at once, and every number of workers gives the same study.
  std::int64_t lag = 8;
  std::vector<std::uint64_t> seeds{1001};  ///< of each trial's runs
  std::int64_t folds = 0;                  ///< > 0: a run of each seed for each of so many validation parts
  /// A trial gets no more runs once it is worse than the best that its proposal could see, by a paired test.
  bool rejects = true;
  std::int64_t eta = 3;           ///< of hyperband
  Program program;                ///< what is run, if it is no training
  std::string data_fingerprint;   ///< of the data's content
  std::string model_fingerprint;  ///< of the content of TorchScript files, one behind the other
  TrainingConfig training;        ///< what all trials share

  bool is_hyperband() const { return sampler == kHyperband; }
  /// Of each trial.
  std::int64_t runs() const { return static_cast<std::int64_t>(seeds.size()) * (folds > 0 ? folds : 1); }
};

/// For StudyData::config.
void to_json(nlohmann::json& json, const TuneConfig& config);
/// Throws thalweg::Error for what is none.
void from_json(const nlohmann::json& json, TuneConfig& config);

/// Throws thalweg::Error that names what cannot be searched: no range, a range that the training has no place for, a
/// number out of its range, no validation part, a budget that hyperband cannot share out. `config.training` has its
/// epochs already.
void check(const TuneConfig& config);

/// Throws thalweg::Error unless the search has a trial of this number, which may be a task of its own: not one of
/// hyperband.
void check_task(const TuneConfig& config, std::int64_t number);

/// Throws thalweg::Error, which names what differs, unless a search of the stored configuration may go on with this
/// one: with as many trials or more, and otherwise the same; and why trials of a grid or of hyperband cannot become
/// more.
void check_continues(const nlohmann::json& stored, const TuneConfig& wanted);

}  // namespace thalweg::lab

// The trials of a comparison, and the choice of a learning rate from those that tune it.
#pragma once

#include "store/study_data.h"
#include "study/compare_config.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace thalweg::lab {

/// What the study calls this optimizer: its rule and the options that differ from the defaults, without lr if that is
/// tuned. Of a program the text as it is. Throws thalweg::Error for text that read_optimizer does not read.
std::string competitor_name(const CompareConfig& config, const std::string& optimizer);

/// The command of a program's trial as text, with `{seed}` and `{folder}` as they are: what its trials of one rate
/// share.
std::string command_text(const Program& program, const std::string& optimizer, double lr);

/// The call that such a trial is, which may keep files in this folder.
ProgramCall call_of(const CompareConfig& config, const TrialData& trial, const std::filesystem::path& folder);

/// Optimizers × grid × tuning seeds; none without tuning.
std::vector<TrialData> tuning_trials(const CompareConfig& config);

/// A learning rate chosen for one optimizer.
struct Choice {
  std::string optimizer;       ///< competitor's name
  std::optional<double> lr;    ///< none: no rate could be used, all trials diverged or failed; 0: a program has none
  double validation = 0;       ///< of the metric: median over the tuning seeds
  double validation_loss = 0;  ///< mean over the tuning seeds; of a program 0
  bool at_edge = false;        ///< the grid's lowest or highest: a better one may lie outside
};

/// For each optimizer in its order, the rate whose trials have the best value of the metric on the validation part
/// with the weights that they end with: the median over the seeds, where a diverged trial is worse than any other. Of
/// equals the smaller mean validation loss, then the lower rate, wins. Failed trials do not count; a rate none of whose
/// trials finished is not chosen. `trials`: all of the study's; those that tune are looked at. Without tuning: each
/// optimizer's own lr. A program has no loss beside its metric, so that of equals the lower rate wins.
std::vector<Choice> choose_learning_rates(const CompareConfig& config, std::span<const TrialData> trials,
                                          const Metric& metric);

/// Chosen optimizers × seeds.
std::vector<TrialData> final_trials(const CompareConfig& config, std::span<const Choice> choices);

}  // namespace thalweg::lab

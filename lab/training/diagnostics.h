// Diagnostics: looks into some of a training's steps, few enough to cost next to nothing.
#pragma once

#include "models/model.h"
#include "training/checkpoint.h"
#include "training/records.h"

#include <thalweg/libtorch.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace thalweg::lab {

/// Is this step, counted from 1, one that is looked into? 1, 2 and 5, every 10th up to 400, and then steps that are
/// further apart, so that there are 20 to 50 from any step to the one with twice its number: at most one step of ten,
/// some 130 in 10,000 steps, 270 in a million. It depends on nothing but the number, so that a resumed or longer run
/// looks into the same steps.
bool is_looked_into(std::int64_t step);

/// Has the optimizer's engine report on each parameter in the steps that are looked into.
class Diagnostics {
 public:
  /// Both must outlive it.
  Diagnostics(const Model& model, libtorch::Optimizer& optimizer);

  /// Before the optimizer takes step `step`.
  void before_step(std::int64_t step);
  /// After the optimizer has taken step `run.step` + 1, or has refused it. The step's record, if it was looked into or
  /// refused.
  std::optional<DiagnosticRecord> after_step(RunState& run) const;
  /// Where a run diverges before a step: what has been seen since the last record, if anything.
  static std::optional<DiagnosticRecord> at_end(const RunState& run);

 private:
  libtorch::Optimizer& optimizer_;
  std::map<std::string, std::int64_t> elements_;  // of each parameter
  bool looking_ = false;
};

}  // namespace thalweg::lab

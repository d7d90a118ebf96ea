// A run whose model is used: its folder, and the data that somebody wants it used on.
#pragma once

#include "training/split.h"
#include "training/trained_model.h"

#include <CLI/App.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace thalweg::lab {

/// Flags of the commands that use a run's model.
struct TrainedRunFlags {
  std::string run, data;
  std::string part = "test";
};

/// RUN and --data; with `part` also --part.
void add_trained_run_flags(CLI::App& command, TrainedRunFlags& flags, bool part);

/// The model of the run in this folder. Throws UsageError if there is no run, thalweg::Error for a damaged one.
TrainedModel load_run(const std::string& folder);

/// Examples of a data set.
struct Chosen {
  Dataset dataset;
  std::vector<std::int64_t> examples;
  Split parts{};  ///< of the run's own data; of other data empty
};

/// Those of --part of the run's own data, or of the data that --data names, read as the run's were. Without targets if
/// they are not `needs_target`. Throws thalweg::Error for data of another kind than the model takes.
Chosen open_chosen(const TrainedModel& trained, const TrainedRunFlags& flags, bool needs_target);

}  // namespace thalweg::lab

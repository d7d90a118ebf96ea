// ReplayCase: a recorded run of a framework, as a file of `thalweg replay` tells it.
#pragma once

#include "replay/recording.h"

#include <thalweg/optimizer.h>

#include <filesystem>
#include <vector>

namespace thalweg::lab {

/// One run together with the optimizer that gave it.
struct ReplayCase : Recording {
  Options options;  ///< the framework's, in thalweg's words
  StepCount step_count{};
};

/// Reads one object or a list of them. Throws thalweg::Error that names file, case and key: not JSON, a key that is
/// missing, of the wrong type or length, or that contradicts another, a step that is none, what the dialect refuses.
std::vector<ReplayCase> read_replay_file(const std::filesystem::path& file);

}  // namespace thalweg::lab

// ReplayCase: a recorded run of a framework, as a file of `thalweg replay` tells it.
#pragma once

#include "replay/recording.h"

#include <thalweg/description.h>

#include <filesystem>
#include <optional>
#include <vector>

namespace thalweg::lab {

/// One run together with the optimizer that gave it.
struct ReplayCase : Recording {
  Description optimizer;                                ///< also of a framework's configuration, in thalweg's words
  std::optional<std::vector<double>> expected_average;  ///< all averages after the last step
};

/// Reads one object or a list of them. Throws thalweg::Error that names file, case and key: not JSON, a key that is
/// missing, of the wrong type or length, or that contradicts another, a step that is none, what the dialect refuses.
std::vector<ReplayCase> read_replay_file(const std::filesystem::path& file);

}  // namespace thalweg::lab

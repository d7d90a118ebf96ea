// UnknownRun: a recorded run whose rule nobody knows, as a file of `thalweg identify` tells it.
#pragma once

#include "identify/known.h"
#include "replay/recording.h"

#include <filesystem>
#include <string>
#include <vector>

namespace thalweg::lab::identify {

struct UnknownRun {
  Recording recording;           ///< in the numbers of its own type
  bool is_type_guessed = false;  ///< the file has no `dtype`
  Known known;
  std::string left_out;  ///< what of the recording is not finite and was left out; empty if nothing
};

/// Reads one object or a list of them; `known` is told of every one of them beside what the file tells. Throws
/// thalweg::Error that names file, case and key for what cannot be used, and where there is nothing to compare.
std::vector<UnknownRun> read_unknown_runs(const std::filesystem::path& file, const Known& known);

}  // namespace thalweg::lab::identify

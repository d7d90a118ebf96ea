// The runs and studies below a folder: what they are, how far, how large; and removing them.
#pragma once

#include "store/study_data.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace thalweg::lab {

/// A folder with a study in it, in short.
struct RunInfo {
  std::filesystem::path folder;
  std::string damage;  ///< why it cannot be read; then the rest is empty
  std::string kind, task, created;
  std::string about;  ///< model and data, or the program
  std::size_t ended = 0, trials = 0;
  std::optional<double> value;          ///< of the task's first metric: the best of its trials on the validation part
  std::uintmax_t bytes = 0;             ///< of all that is the study's
  std::uintmax_t checkpoint_bytes = 0;  ///< of them those of checkpoints
};

/// Folders with a study at or below these, each once, by name. What cannot be entered is left out.
std::vector<std::filesystem::path> study_folders(const std::vector<std::filesystem::path>& below);

/// Reads one. Damage is told, not thrown.
RunInfo run_info(const std::filesystem::path& folder);

/// Whose files of the folder's are a study's: all of them, or only its checkpoints (with what goes with them).
enum class Owned { all, checkpoints };

/// The paths that are there, files and folders.
std::vector<std::filesystem::path> owned_paths(const std::filesystem::path& folder, Owned which);

/// Removes them, and the folder if nothing is left in it; the study's file last but one, so that a removal that was cut
/// off can be told. Throws thalweg::Error if the folder is in use, or something cannot be removed.
void remove_owned(const std::filesystem::path& folder, Owned which);

}  // namespace thalweg::lab

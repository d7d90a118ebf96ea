// FolderListing: what a folder of data has in it, by name.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace thalweg::lab {

struct FolderListing {
  std::vector<std::string> folders, files;  ///< names, ordered; what leads nowhere is among the files
};

/// Those that `is_wanted` says, by name and whether it is a folder. Throws thalweg::Error with the system's reason.
FolderListing list_folder(const std::filesystem::path& folder,
                          const std::function<bool(const std::string& name, bool is_folder)>& is_wanted);

}  // namespace thalweg::lab

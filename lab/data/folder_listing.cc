// Lists folders.
#include "data/folder_listing.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

namespace thalweg::lab {

FolderListing list_folder(const std::filesystem::path& folder,
                          const std::function<bool(const std::string& name, bool is_folder)>& is_wanted) {
  FolderListing listing;
  std::error_code error;
  std::filesystem::directory_iterator entries(folder, error);
  for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
    std::string name = entries->path().filename().string();
    std::error_code ignored;
    const bool is_folder = std::filesystem::is_directory(entries->path(), ignored);
    if (is_wanted(name, is_folder)) (is_folder ? listing.folders : listing.files).push_back(std::move(name));
  }
  if (error) throw Error(fmt::format("{}: {}", folder.string(), error.message()));
  std::ranges::sort(listing.folders);
  std::ranges::sort(listing.files);
  return listing;
}

}  // namespace thalweg::lab

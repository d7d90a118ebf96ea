// Makes the folder that a page is written to.
#pragma once

#include <thalweg/error.h>

#include <filesystem>
#include <system_error>

namespace thalweg::lab {

/// Creates `folder` and its parents if they are missing; nothing for an empty path. Throws thalweg::Error with the
/// system's reason.
inline void create_folder(const std::filesystem::path& folder) {
  if (folder.empty()) return;
  std::error_code reason;
  std::filesystem::create_directories(folder, reason);
  if (reason) throw Error("cannot create folder " + folder.string() + ": " + reason.message());
}

}  // namespace thalweg::lab

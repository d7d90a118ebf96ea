// FolderLock: one process at a time writes into a run's folder.
#pragma once

#include <filesystem>

namespace thalweg::lab {

/// Holds the folder until the end of its life or of the process, however that ends. Leaves no file behind.
class FolderLock {
 public:
  /// Throws thalweg::Error if another process holds it, or if it is no folder.
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace thalweg::lab

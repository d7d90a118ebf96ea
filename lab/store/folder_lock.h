// FolderLock: one process at a time writes into a run's folder.
#pragma once

#include <filesystem>

namespace thalweg::lab {

/// `study.sqlite`: a study's file in its folder.
constexpr const char* kStudyFile = "study.sqlite";
/// `checkpoint.safetensors`: a run's checkpoint in its folder.
constexpr const char* kCheckpointFile = "checkpoint.safetensors";
/// `module.pt`: a run's copy of the TorchScript file that it trains.
constexpr const char* kModuleFile = "module.pt";

/// Holds the folder until the end of its life or of the process, however that ends. Leaves no file behind, and removes
/// what processes that were killed while they wrote a study or a checkpoint have left.
class FolderLock {
 public:
  /// Throws thalweg::Error if another process holds it (and says which, where the system tells), if it is no folder, or
  /// if its file system knows no locks.
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace thalweg::lab

// The one layer over the system's file calls, which tests replace to make the n-th call fail.
#pragma once

#include "thalweg/files.h"

#include <sys/types.h>

namespace thalweg::inline v0_1 {

/// The system's calls, with its arguments, results and errno. This class makes the real ones.
class FileCalls {
 public:
  virtual ~FileCalls() = default;
  virtual int open(const char* path, int flags, mode_t mode);
  virtual ssize_t read(int descriptor, void* buffer, std::size_t bytes);
  virtual ssize_t write(int descriptor, const void* buffer, std::size_t bytes);
  virtual int fchmod(int descriptor, mode_t mode);
  virtual int fsync(int descriptor);
  virtual int close(int descriptor);
  virtual int rename(const char* from, const char* to);
  virtual int unlink(const char* path);

  static FileCalls& real();
};

void replace_file(const std::filesystem::path& file, std::span<const std::byte> contents, FileCalls& calls);
std::vector<std::byte> read_file(const std::filesystem::path& file, FileCalls& calls);

}  // namespace thalweg::inline v0_1

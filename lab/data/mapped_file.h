// MappedFile: a whole file as read-only memory, paged in by the system as it is used.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

namespace thalweg::lab {

/// Maps a file for reading. Throws Error with the system's reason.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& file);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::uint8_t> bytes() const { return bytes_; }

 private:
  std::span<const std::uint8_t> bytes_;
};

}  // namespace thalweg::lab

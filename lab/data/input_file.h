// InputFile: a regular file that is read from its beginning on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

namespace thalweg::lab {

/// From so many bytes on, a file whose numbers are stored as they are used (.npy or IDX, not compressed) is mapped, so
/// that it may be larger than memory. Smaller ones are copied.
constexpr std::uint64_t kMapFrom = std::uint64_t{1} << 30;

/// A file that somebody gave. Opening one never waits: pipes, devices, sockets and folders are refused. Contents are
/// copied into memory by all but map(), so that a file which shrinks while it is used cannot end the process.
class InputFile {
 public:
  /// Throws Error with the file's name and the system's reason, or with what the file is instead of a regular one.
  explicit InputFile(std::filesystem::path file);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::uint64_t size() const { return size_; }  ///< when it was opened

  /// Fills `output` as far as the file goes, and returns how many bytes. Throws Error with the system's reason.
  std::size_t read(std::span<std::uint8_t> output);
  /// Goes back to the beginning.
  void rewind();
  /// The whole file.
  std::vector<std::byte> read_all();
  /// The first size() bytes, which the system brings into memory when they are used, and takes out again where memory
  /// is needed; nullptr where it cannot. A file that becomes shorter then ends the process by SIGBUS.
  std::shared_ptr<const std::uint8_t> map() const;

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace thalweg::lab

// ContentReader: what a file holds, inflated where it is gzip.
#pragma once

#include "data/gzip.h"
#include "data/input_file.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace thalweg::lab {

/// Bytes that are only read: memory of their own, or a file's that is mapped.
struct SharedBytes {
  std::shared_ptr<const void> owner;  ///< keeps the bytes alive
  std::span<const std::uint8_t> bytes;
};

/// Reads a regular file from its beginning on. Files that begin with 1f 8b are gzip, whatever their name, and are
/// inflated on the way. Errors are Error with the file's name.
class ContentReader {
 public:
  explicit ContentReader(const std::filesystem::path& file);

  const std::filesystem::path& path() const { return input_.path(); }
  bool compressed() const { return gzip_.has_value(); }
  std::uint64_t file_size() const { return input_.size(); }
  /// How many bytes the contents can have: of a plain file its size when it was opened, else an upper bound. What a
  /// header asks for is compared with it before memory is allocated.
  std::uint64_t most_bytes() const { return gzip_ ? gzip_->most_bytes() : input_.size(); }

  /// Fills `output` as far as the contents go; returns how many bytes.
  std::size_t read(std::span<std::uint8_t> output) { return gzip_ ? gzip_->read(output) : input_.read(output); }
  /// Is nothing left? Reads a byte if there is one. Checksums of gzip have been compared when this is true.
  bool at_end();
  /// All bytes of a plain file from `offset` on (at most file_size()), mapped if the file has at least `map_from`
  /// bytes; nothing if it has not, if it is compressed, or if the system cannot map it: then they are to be read.
  std::optional<SharedBytes> map(std::uint64_t offset, std::uint64_t map_from) const;

 private:
  InputFile input_;
  std::optional<GzipReader> gzip_;
};

/// Memory of its own for bytes that are read and then only shared.
struct ByteBuffer {
  std::shared_ptr<std::uint8_t[]> owner;
  std::span<std::uint8_t> bytes;
};

/// Not initialised, aligned for every number. Throws Error with the file's name if there is no such memory.
ByteBuffer allocate_bytes(const std::filesystem::path& file, std::uint64_t size);

/// All of a file's contents. Throws Error if there are more than `most` bytes.
std::vector<std::uint8_t> read_contents(const std::filesystem::path& file, std::uint64_t most);

/// Error "FILE: offset N: WHAT", N in the contents (uncompressed).
[[noreturn]] void fail_at(const std::filesystem::path& file, std::uint64_t offset, const std::string& what);

/// Error "FILE: no memory for WHAT".
[[noreturn]] void fail_of_memory(const std::filesystem::path& file, const std::string& what);

}  // namespace thalweg::lab

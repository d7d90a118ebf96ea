// GzipReader: inflates a gzip stream that lies in memory, piece by piece.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <span>

namespace thalweg::lab {

/// Does the file begin with gzip's magic number 1f 8b?
bool is_gzip(std::span<const std::uint8_t> bytes);

/// Inflates one gzip stream. Errors are Error with the file's name and the offset in the compressed file.
class GzipReader {
 public:
  /// `compressed` must stay valid; `file` is what errors call it.
  GzipReader(std::span<const std::uint8_t> compressed, std::filesystem::path file);
  ~GzipReader();
  GzipReader(const GzipReader&) = delete;
  GzipReader& operator=(const GzipReader&) = delete;

  /// Fills `output` as far as the stream goes; returns how many bytes. Throws Error if the stream is damaged.
  std::size_t read(std::span<std::uint8_t> output);

  /// An upper bound of what the whole stream can inflate to: deflate reaches 1032 : 1.
  std::uint64_t most_bytes() const { return static_cast<std::uint64_t>(compressed_.size()) * 1032 + 64; }

  /// Throws Error unless the stream ended here with the right checksum and nothing stands behind it.
  void finish();

 private:
  [[noreturn]] void fail(const char* what) const;

  std::span<const std::uint8_t> compressed_;
  std::filesystem::path file_;
  z_stream stream_{};
  std::size_t given_ = 0;  // bytes of compressed_ that zlib was given so far
  bool ended_ = false;
};

}  // namespace thalweg::lab

// GzipReader: inflates a gzip file piece by piece, all of its members.
#pragma once

#include "data/input_file.h"

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace thalweg::lab {

/// Does the file begin with gzip's magic number 1f 8b?
bool is_gzip(std::span<const std::uint8_t> bytes);

/// Inflates a gzip file as `gzip -dc` does (RFC 1952): one member behind another, as `cat a.gz b.gz` and bgzip write
/// them, count as one stream, and zeros behind a member as nothing. Anything else behind one is refused. Errors are
/// Error with the file's name and the offset in the compressed file.
class GzipReader {
 public:
  /// Of a file at its beginning, which must live longer.
  explicit GzipReader(InputFile& file);
  ~GzipReader();
  GzipReader(const GzipReader&) = delete;
  GzipReader& operator=(const GzipReader&) = delete;

  /// Fills `output` as far as the stream goes; returns how many bytes. Throws Error if the stream is damaged.
  std::size_t read(std::span<std::uint8_t> output);

  /// An upper bound of what the whole file can inflate to: deflate reaches 1032 : 1.
  std::uint64_t most_bytes() const { return file_.size() * 1032 + 64; }

  /// Throws Error unless the stream ended here with the right checksums and nothing stands behind it.
  void finish();

 private:
  /// Reads on in the file if all is used; false at its end.
  bool refill();
  /// Behind a member: at the beginning of the next one, or `ended_`.
  void next_member();
  [[noreturn]] void fail(const char* what) const;

  InputFile& file_;
  std::vector<std::uint8_t> compressed_;  // a piece of the file, which zlib is using
  std::uint64_t given_ = 0;               // bytes of the file up to the piece's end
  z_stream stream_{};
  bool ended_ = false;
};

}  // namespace thalweg::lab

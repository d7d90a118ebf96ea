// GzipReader: inflates a gzip stream that lies in memory, piece by piece.
#include "data/gzip.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace thalweg::lab {

namespace {

// zlib counts in 32 bits: larger buffers are handed over in pieces.
constexpr std::size_t kPiece = std::size_t{1} << 30;

}  // namespace

bool is_gzip(std::span<const std::uint8_t> bytes) { return bytes.size() >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b; }

GzipReader::GzipReader(std::span<const std::uint8_t> compressed, std::filesystem::path file)
    : compressed_(compressed), file_(std::move(file)) {
  constexpr int kGzipOnly = 16;
  if (inflateInit2(&stream_, MAX_WBITS + kGzipOnly) != Z_OK) fail("zlib cannot start");
}

GzipReader::~GzipReader() { inflateEnd(&stream_); }

std::size_t GzipReader::read(std::span<std::uint8_t> output) {
  std::size_t done = 0;
  while (done < output.size() && !ended_) {
    if (stream_.avail_in == 0 && given_ < compressed_.size()) {
      const std::size_t piece = std::min(kPiece, compressed_.size() - given_);
      stream_.next_in = const_cast<Bytef*>(compressed_.data() + given_);  // zlib only reads it
      stream_.avail_in = static_cast<uInt>(piece);
      given_ += piece;
    }
    const std::size_t piece = std::min(kPiece, output.size() - done);
    stream_.next_out = output.data() + done;
    stream_.avail_out = static_cast<uInt>(piece);
    const int status = inflate(&stream_, Z_NO_FLUSH);
    done += piece - stream_.avail_out;
    if (status == Z_STREAM_END) {
      ended_ = true;
    } else if (status == Z_BUF_ERROR) {
      fail("the compressed data end too early");
    } else if (status != Z_OK) {
      fail(stream_.msg != nullptr ? stream_.msg : "the compressed data are damaged");
    }
  }
  return done;
}

void GzipReader::finish() {
  std::array<std::uint8_t, 1> beyond{};
  // zlib has checked length and checksum by the time it says that the stream has ended.
  if (read(beyond) != 0) fail("the uncompressed data are longer than header and sizes say");
  const std::size_t rest = stream_.avail_in + (compressed_.size() - given_);
  if (rest != 0) fail("bytes follow behind the end of the compressed data");
}

void GzipReader::fail(const char* what) const {
  throw Error(fmt::format("{}: offset {} of the compressed file: {}", file_.string(), given_ - stream_.avail_in, what));
}

}  // namespace thalweg::lab

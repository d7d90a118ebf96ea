// GzipReader: inflates a gzip file piece by piece, all of its members.
#include "data/gzip.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace thalweg::lab {

namespace {

constexpr std::size_t kPiece = std::size_t{1} << 16;
constexpr std::size_t kMostOutput = std::size_t{1} << 30;  // zlib counts in 32 bits
constexpr std::uint8_t kMagic[] = {0x1f, 0x8b};
constexpr const char* kFollows = "bytes follow behind the end of the compressed data";

}  // namespace

bool is_gzip(std::span<const std::uint8_t> bytes) {
  return bytes.size() >= std::size(kMagic) && std::equal(std::begin(kMagic), std::end(kMagic), bytes.begin());
}

GzipReader::GzipReader(InputFile& file) : file_(file), compressed_(kPiece) {
  constexpr int kGzipOnly = 16;
  if (inflateInit2(&stream_, MAX_WBITS + kGzipOnly) != Z_OK) fail("zlib cannot start");
}

GzipReader::~GzipReader() { inflateEnd(&stream_); }

bool GzipReader::refill() {
  if (stream_.avail_in > 0) return true;
  const std::size_t got = file_.read(compressed_);
  stream_.next_in = compressed_.data();
  stream_.avail_in = static_cast<uInt>(got);
  given_ += got;
  return got > 0;
}

std::size_t GzipReader::read(std::span<std::uint8_t> output) {
  std::size_t done = 0;
  while (done < output.size() && !ended_) {
    refill();  // at the end of the file, zlib says whether it ends too early
    const std::size_t piece = std::min(kMostOutput, output.size() - done);
    stream_.next_out = output.data() + done;
    stream_.avail_out = static_cast<uInt>(piece);
    const int status = inflate(&stream_, Z_NO_FLUSH);
    done += piece - stream_.avail_out;
    if (status == Z_STREAM_END) {
      next_member();
    } else if (status == Z_BUF_ERROR) {
      fail("the compressed data end too early");
    } else if (status != Z_OK) {
      fail(stream_.msg != nullptr ? stream_.msg : "the compressed data are damaged");
    }
  }
  return done;
}

void GzipReader::next_member() {
  while (refill() && *stream_.next_in == 0) {
    ++stream_.next_in;
    --stream_.avail_in;
  }
  ended_ = stream_.avail_in == 0;
  if (ended_) return;
  // zlib reads the header itself, but would call other bytes a damaged header.
  if (*stream_.next_in != kMagic[0]) fail(kFollows);
  if (inflateReset(&stream_) != Z_OK) fail("zlib cannot start again");
}

void GzipReader::finish() {
  std::array<std::uint8_t, 1> beyond{};
  // zlib has checked length and checksum by the time it says that a member has ended.
  if (read(beyond) != 0) fail("the uncompressed data are longer than header and sizes say");
}

void GzipReader::fail(const char* what) const {
  throw Error(
      fmt::format("{}: offset {} of the compressed file: {}", file_.path().string(), given_ - stream_.avail_in, what));
}

}  // namespace thalweg::lab

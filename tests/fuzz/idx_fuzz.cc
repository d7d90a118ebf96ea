// libFuzzer target: any bytes as an IDX file, as they are and compressed by ourselves in two members. It is refused by
// an Error, or holds as many bytes as its sizes say, the same both ways.
#include "data/gzip.h"
#include "data/idx.h"
#include "memory_file.h"

#include <thalweg/error.h>

#include <zlib.h>

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <vector>

namespace {

using Bytes = std::vector<std::uint8_t>;
using thalweg::lab::test::MemoryFile;
using thalweg::lab::test::require;

std::optional<Bytes> read(std::span<const std::uint8_t> bytes, std::size_t dimensions) {
  const MemoryFile file(bytes);
  try {
    const thalweg::lab::IdxFile idx = thalweg::lab::read_idx(file.path(), dimensions);
    std::uint64_t size = 1;
    for (const std::int64_t extent : idx.shape) size *= static_cast<std::uint64_t>(extent);
    require(idx.shape.size() == dimensions && idx.bytes.size() == size, "sizes and bytes differ");
    return Bytes(idx.bytes.begin(), idx.bytes.end());
  } catch (const thalweg::Error& error) {
    require(*error.what() != '\0', "an error without a message");
    return std::nullopt;
  }
}

// As labels, of either form: there are as many as there are rows.
void read_labels(std::span<const std::uint8_t> bytes) {
  const MemoryFile file(bytes);
  try {
    const thalweg::lab::IdxLabels labels = thalweg::lab::read_idx_labels(file.path());
    if (thalweg::lab::is_gzip(bytes)) return;
    require(static_cast<std::uint64_t>(labels.offset_of(labels.labels.size())) == bytes.size(),
            "labels are not as many");
    for (std::size_t i = 0; i < labels.labels.size(); ++i) {
      const auto at = static_cast<std::size_t>(labels.offset_of(i)) + (labels.stride == 1 ? 0 : 3);
      require(bytes[at] == labels.labels[i], "another label");
    }
  } catch (const thalweg::Error& error) {
    require(*error.what() != '\0', "an error without a message");
  }
}

Bytes member(std::span<const std::uint8_t> plain) {
  z_stream stream{};
  require(deflateInit2(&stream, 1, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK, "deflateInit2");
  Bytes bytes(deflateBound(&stream, plain.size()) + 64);
  stream.next_in = const_cast<Bytef*>(plain.data());
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = bytes.data();
  stream.avail_out = static_cast<uInt>(bytes.size());
  require(deflate(&stream, Z_FINISH) == Z_STREAM_END, "deflate");
  bytes.resize(stream.total_out);
  deflateEnd(&stream);
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  // The first byte says where the compressed file is cut into members.
  const std::span<const std::uint8_t> bytes{data + 1, size - 1};
  const std::size_t cut = data[0] % (bytes.size() + 1);
  Bytes compressed = member(bytes.first(cut));
  const Bytes rest = member(bytes.subspan(cut));
  compressed.insert(compressed.end(), rest.begin(), rest.end());
  for (const std::size_t dimensions : {std::size_t{1}, std::size_t{3}}) {
    const std::optional<Bytes> plain = read(bytes, dimensions);
    // What is compressed already is no IDX file if it is compressed once more.
    if (plain && !thalweg::lab::is_gzip(bytes))
      require(read(compressed, dimensions) == plain, "compressed it is another file");
  }
  read_labels(bytes);
  return 0;
}

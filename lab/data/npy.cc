// NumPy's .npy files, plain or gzip: read and checked completely.
//
// Layout: 93 'NUMPY', version (2 bytes), length of the header (2 bytes in version 1, 4 in 2 and 3, little-endian), the
// header, the data.
#include "data/npy.h"

#include "data/content_reader.h"
#include "data/npy_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace thalweg::lab {

namespace {

constexpr std::array<std::uint8_t, 6> kMagic = {0x93, 'N', 'U', 'M', 'P', 'Y'};
constexpr std::uint32_t kMostHeader = 65536;  // only structured dtypes could need more

bool begins_with(std::span<const std::uint8_t> start, std::string_view magic) {
  return start.size() >= magic.size() && std::memcmp(start.data(), magic.data(), magic.size()) == 0;
}

// Reads all of `output`, or tells that the file ends within `what`.
void read_exactly(ContentReader& reader, std::uint64_t offset, std::span<std::uint8_t> output, const char* what) {
  const std::size_t got = reader.read(output);
  if (got < output.size()) {
    fail_at(reader.path(), offset + got, fmt::format("the file ends within {}", what));
  }
}

struct Start {
  NpyHeader header;
  std::uint64_t bytes = 0;  // up to the data
};

Start read_start(ContentReader& reader) {
  const std::filesystem::path& file = reader.path();
  std::array<std::uint8_t, 8> magic{};
  const std::size_t got = reader.read(magic);
  const std::span<const std::uint8_t> start = std::span(magic).first(got);
  if (begins_with(start, "PK\x03\x04")) {
    fail_at(file, 0, "this is a .npz or another zip archive; save each array by `np.save(\"NAME.npy\", array)`");
  }
  if (start.size() >= 2 && start[0] == 0x80 && start[1] >= 2 && start[1] <= 5) {
    fail_at(file, 0, "this is a Python pickle, which is never read; save the array by `np.save(\"NAME.npy\", array)`");
  }
  const std::size_t same = std::min(start.size(), kMagic.size());
  if (!std::equal(kMagic.begin(), kMagic.begin() + same, start.begin())) {
    fail_at(file, 0, "the file does not begin with 93 'NUMPY', as .npy files do");
  }
  if (got < magic.size()) fail_at(file, got, "the file ends within magic number and version");
  const int major = magic[6], minor = magic[7];
  if (major < 1 || major > 3 || minor != 0) {
    fail_at(file, 6, fmt::format("version {}.{} is none of 1.0, 2.0, 3.0", major, minor));
  }
  std::array<std::uint8_t, 4> length{};
  const std::size_t length_bytes = major == 1 ? 2 : 4;
  read_exactly(reader, 8, std::span(length).first(length_bytes), "the length of the header");
  const std::uint32_t size = std::uint32_t{length[0]} | std::uint32_t{length[1]} << 8 | std::uint32_t{length[2]} << 16 |
                             std::uint32_t{length[3]} << 24;
  if (size > kMostHeader) fail_at(file, 8, fmt::format("a header of {} bytes; at most {} are read", size, kMostHeader));
  std::string text(size, '\0');
  Start result;
  result.bytes = 8 + length_bytes;
  read_exactly(reader, result.bytes, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()}, "the header");
  result.header = parse_npy_header(file, text, result.bytes);
  result.bytes += size;
  return result;
}

std::uint64_t data_bytes(const NpyHeader& header) { return header.count * npy_type_bytes(header.type); }

// Before anything is allocated: could the file hold so much? Of a plain one: does it, and no more?
void check_length(const ContentReader& reader, const Start& start) {
  const std::filesystem::path& file = reader.path();
  const std::uint64_t size = data_bytes(start.header), end = start.bytes + size;
  if (reader.compressed()) {
    if (end <= reader.most_bytes()) return;
    fail_at(file, start.bytes,
            fmt::format("the shape asks for {} bytes of data, more than {} compressed bytes can hold", size,
                        reader.file_size()));
  }
  if (end > reader.file_size()) {
    fail_at(file, reader.file_size(), fmt::format("the file ends here; header and shape ask for {} bytes", end));
  }
  if (end < reader.file_size()) {
    fail_at(file, end, fmt::format("more follows; header and shape ask for {} bytes", end));
  }
}

ByteBuffer read_data(ContentReader& reader, const Start& start) {
  const std::filesystem::path& file = reader.path();
  const std::uint64_t size = data_bytes(start.header), end = start.bytes + size;
  ByteBuffer buffer = allocate_bytes(file, size);
  const std::size_t got = reader.read(buffer.bytes);
  if (got < size) {
    fail_at(file, start.bytes + got, fmt::format("the data end here; header and shape ask for {} bytes", end));
  }
  if (!reader.at_end()) {
    fail_at(file, end, fmt::format("more follows; header and shape ask for {} bytes", end));
  }
  return buffer;
}

void check_bools(const std::filesystem::path& file, const Start& start, std::span<const std::uint8_t> bytes) {
  if (start.header.type != NpyType::boolean) return;
  const auto wrong = std::ranges::find_if(bytes, [](std::uint8_t byte) { return byte > 1; });
  if (wrong == bytes.end()) return;
  fail_at(file, start.bytes + static_cast<std::uint64_t>(wrong - bytes.begin()),
          fmt::format("a bool of {}; expected 0 or 1", *wrong));
}

void swap_bytes(std::span<std::uint8_t> bytes, std::size_t element) {
  for (std::size_t begin = 0; begin < bytes.size(); begin += element) {
    std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(begin),
                 bytes.begin() + static_cast<std::ptrdiff_t>(begin + element));
  }
}

// From the order in which the first index moves fastest to the one in which the last does.
ByteBuffer row_major(const std::filesystem::path& file, const ByteBuffer& buffer, std::span<const std::int64_t> shape,
                     std::size_t element) {
  ByteBuffer result = allocate_bytes(file, buffer.bytes.size());
  const std::size_t dimensions = shape.size();
  std::vector<std::size_t> strides(dimensions), index(dimensions, 0);  // strides in the old order, in bytes
  std::size_t stride = element;
  for (std::size_t i = 0; i < dimensions; ++i) {
    strides[i] = stride;
    stride *= static_cast<std::size_t>(shape[i]);
  }
  std::size_t from = 0;
  for (std::size_t to = 0; to < result.bytes.size(); to += element) {
    std::memcpy(result.bytes.data() + to, buffer.bytes.data() + from, element);
    for (std::size_t i = dimensions; i-- > 0;) {
      from += strides[i];
      if (++index[i] < static_cast<std::size_t>(shape[i])) break;
      from -= strides[i] * index[i];
      index[i] = 0;
    }
  }
  return result;
}

}  // namespace

std::int64_t NpyArray::count() const {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  return count;
}

NpyArray read_npy(const std::filesystem::path& file, std::uint64_t map_from) {
  ContentReader reader(file);
  Start start = read_start(reader);
  check_length(reader, start);
  // Of fewer than two sizes above 1, both orders are the same.
  const bool is_turned =
      start.header.fortran && std::ranges::count_if(start.header.shape, [](std::int64_t size) { return size > 1; }) > 1;
  std::optional<SharedBytes> data;
  if (!start.header.swapped && !is_turned) data = reader.map(start.bytes, map_from);
  if (data) {
    check_bools(file, start, data->bytes);
  } else {
    const std::size_t element = npy_type_bytes(start.header.type);
    ByteBuffer buffer = read_data(reader, start);
    check_bools(file, start, buffer.bytes);
    if (start.header.swapped) swap_bytes(buffer.bytes, element);
    if (is_turned) buffer = row_major(file, buffer, start.header.shape, element);
    data = SharedBytes{std::move(buffer.owner), buffer.bytes};
  }
  NpyArray array;
  array.file = file;
  array.shape = std::move(start.header.shape);
  array.type = start.header.type;
  array.owner = std::move(data->owner);
  array.bytes = data->bytes;
  array.offset = static_cast<std::int64_t>(start.bytes);
  return array;
}

}  // namespace thalweg::lab

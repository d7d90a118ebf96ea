// IDX files (MNIST's format), plain or gzip: read and checked completely.
//
// Layout, big-endian: two zero bytes, type (08 unsigned byte), number of dimensions d, d sizes of 32 bits, data
// row-major. http://yann.lecun.com/exdb/mnist/
#include "data/idx.h"

#include "data/gzip.h"
#include "data/input_file.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <array>
#include <limits>
#include <new>
#include <utility>

namespace thalweg::lab {

namespace {

constexpr std::size_t kMostDimensions = 8;
constexpr std::uint8_t kUnsignedByte = 0x08;

constexpr std::size_t header_bytes(std::size_t dimensions) { return 4 + 4 * dimensions; }
constexpr std::size_t kMostHeader = header_bytes(kMostDimensions);

[[noreturn]] void fail(const std::filesystem::path& file, std::size_t offset, const std::string& what) {
  throw Error(fmt::format("{}: offset {}: {}", file.string(), offset, what));
}

const char* type_name(std::uint8_t type) {
  switch (type) {
    case kUnsignedByte:
      return "unsigned byte";
    case 0x09:
      return "signed byte";
    case 0x0b:
      return "16-bit integer";
    case 0x0c:
      return "32-bit integer";
    case 0x0d:
      return "32-bit float";
    case 0x0e:
      return "64-bit float";
    default:
      return nullptr;
  }
}

struct Header {
  std::vector<std::int64_t> shape;
  std::size_t bytes = 0;   // of the header
  std::uint64_t data = 0;  // bytes behind it
};

// `start` holds the file's first bytes, as many as there are up to the length of the header that is expected.
Header parse_header(const std::filesystem::path& file, std::span<const std::uint8_t> start, std::size_t dimensions) {
  if (start.size() < 4) fail(file, start.size(), "the file ends within the magic number of 4 bytes");
  if (start[0] != 0 || start[1] != 0) {
    fail(file, 0, fmt::format("the first bytes are {:02x} {:02x}; IDX files begin with 00 00", start[0], start[1]));
  }
  const char* const type = type_name(start[2]);
  if (type == nullptr) {
    fail(file, 2, fmt::format("type {:02x} is none of IDX's types (08, 09, 0b, 0c, 0d, 0e)", start[2]));
  }
  if (start[2] != kUnsignedByte)
    fail(file, 2, fmt::format("elements are of type {} ({:02x}); expected unsigned bytes (08)", type, start[2]));
  const std::size_t found = start[3];
  if (found == 0 || found > kMostDimensions) {
    fail(file, 3, fmt::format("{} dimensions; IDX files have 1 to {}", found, kMostDimensions));
  }
  if (found != dimensions) {
    fail(file, 3, fmt::format("{} dimension{}; expected {}", found, found == 1 ? "" : "s", dimensions));
  }
  Header header;
  header.bytes = header_bytes(dimensions);
  if (start.size() < header.bytes) {
    fail(file, start.size(), fmt::format("the file ends within the header of {} bytes", header.bytes));
  }
  header.data = 1;
  for (std::size_t i = 0; i < dimensions; ++i) {
    const std::size_t at = 4 + 4 * i;
    const std::uint32_t size = std::uint32_t{start[at]} << 24 | std::uint32_t{start[at + 1]} << 16 |
                               std::uint32_t{start[at + 2]} << 8 | std::uint32_t{start[at + 3]};
    if (size == 0) fail(file, at, fmt::format("size {} of {} is 0; expected at least 1", i + 1, dimensions));
    if (header.data > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / 2 / size) {
      fail(file, at, "the product of the sizes is beyond 2^62");
    }
    header.data *= size;
    header.shape.push_back(size);
  }
  return header;
}

struct Memory {
  std::shared_ptr<std::uint8_t[]> owner;
  std::span<std::uint8_t> bytes;
};

Memory allocate(const std::filesystem::path& file, std::uint64_t size) {
  try {
    Memory memory;
    memory.owner.reset(new std::uint8_t[size]);
    memory.bytes = {memory.owner.get(), size};
    return memory;
  } catch (const std::bad_alloc&) {
    throw Error(fmt::format("{}: no memory for its {} bytes", file.string(), size));
  }
}

IdxFile file_of(Header header, Memory memory) {
  IdxFile result;
  result.shape = std::move(header.shape);
  result.bytes = memory.bytes;
  result.owner = std::move(memory.owner);
  result.offset = static_cast<std::int64_t>(header.bytes);
  return result;
}

IdxFile read_compressed(InputFile& input, std::size_t dimensions) {
  const std::filesystem::path& file = input.path();
  GzipReader reader(input);
  std::array<std::uint8_t, kMostHeader> start{};
  const std::size_t got = reader.read(std::span(start).first(header_bytes(dimensions)));
  Header header = parse_header(file, std::span(start).first(got), dimensions);
  // Before anything is allocated: could these few compressed bytes hold so much?
  if (header.data > reader.most_bytes()) {
    fail(file, 4,
         fmt::format("sizes ask for {} bytes of data, more than {} compressed bytes can hold", header.data,
                     input.size()));
  }
  Memory memory = allocate(file, header.data);
  const std::size_t read = reader.read(memory.bytes);
  if (read < memory.bytes.size()) {
    fail(file, header.bytes + read,
         fmt::format("the uncompressed data end after {} bytes; expected {} behind the header", read, header.data));
  }
  reader.finish();
  return file_of(std::move(header), std::move(memory));
}

}  // namespace

IdxFile read_idx(const std::filesystem::path& file, std::size_t dimensions) {
  InputFile input(file);
  std::array<std::uint8_t, kMostHeader> start{};
  const std::size_t got = input.read(std::span(start).first(header_bytes(dimensions)));
  if (is_gzip(std::span(start).first(got))) {
    input.rewind();
    return read_compressed(input, dimensions);
  }
  Header header = parse_header(file, std::span(start).first(got), dimensions);
  const std::uint64_t expected = header.bytes + header.data;
  if (input.size() > expected) {
    fail(file, static_cast<std::size_t>(expected),
         fmt::format("{} bytes follow; header and sizes ask for {} bytes", input.size() - expected, expected));
  }
  // A file that has become shorter since it was opened is found by what was really read.
  std::uint64_t there = input.size();
  if (there == expected) {
    Memory memory = allocate(file, header.data);
    const std::size_t read = input.read(memory.bytes);
    if (read == memory.bytes.size()) return file_of(std::move(header), std::move(memory));
    there = header.bytes + read;
  }
  fail(file, static_cast<std::size_t>(there),
       fmt::format("the file ends here; header and sizes ask for {} bytes", expected));
}

}  // namespace thalweg::lab

// IDX files (MNIST's format), plain or gzip: read and checked completely.
//
// Layout, big-endian: two zero bytes, type (08 unsigned byte, 0c 32-bit integer), number of dimensions d, d sizes of 32
// bits, data row-major. http://yann.lecun.com/exdb/mnist/
#include "data/idx.h"

#include "data/content_reader.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <array>
#include <limits>
#include <new>
#include <optional>
#include <string>
#include <utility>

namespace thalweg::lab {

namespace {

constexpr std::size_t kMostDimensions = 8;
constexpr std::uint8_t kUnsignedByte = 0x08, kInteger = 0x0c;

const char* type_name(std::uint8_t type) {
  switch (type) {
    case kUnsignedByte:
      return "unsigned byte";
    case 0x09:
      return "signed byte";
    case 0x0b:
      return "16-bit integer";
    case kInteger:
      return "32-bit integer";
    case 0x0d:
      return "32-bit float";
    case 0x0e:
      return "64-bit float";
    default:
      return nullptr;
  }
}

// What is expected of a file.
struct Form {
  std::uint8_t type;
  std::size_t dimensions;
};

std::uint32_t big_endian(std::span<const std::uint8_t> bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 |
         std::uint32_t{bytes[3]};
}

// The form whose type this is.
Form check_magic(const std::filesystem::path& file, std::span<const std::uint8_t> start, std::span<const Form> forms) {
  if (start.size() < 4) fail_at(file, start.size(), "the file ends within the magic number of 4 bytes");
  if (start[0] != 0 || start[1] != 0) {
    fail_at(file, 0, fmt::format("the first bytes are {:02x} {:02x}; IDX files begin with 00 00", start[0], start[1]));
  }
  const char* const type = type_name(start[2]);
  if (type == nullptr) {
    fail_at(file, 2, fmt::format("type {:02x} is none of IDX's types (08, 09, 0b, 0c, 0d, 0e)", start[2]));
  }
  for (const Form& form : forms) {
    if (form.type != start[2]) continue;
    const std::size_t found = start[3];
    if (found == 0 || found > kMostDimensions) {
      fail_at(file, 3, fmt::format("{} dimensions; IDX files have 1 to {}", found, kMostDimensions));
    }
    if (found != form.dimensions) {
      fail_at(file, 3, fmt::format("{} dimension{}; expected {}", found, found == 1 ? "" : "s", form.dimensions));
    }
    return form;
  }
  std::string expected;
  for (const Form& form : forms) {
    expected += fmt::format("{}{}s ({:02x})", expected.empty() ? "" : " or ", type_name(form.type), form.type);
  }
  fail_at(file, 2, fmt::format("elements are of type {} ({:02x}); expected {}", type, start[2], expected));
}

struct Header {
  std::vector<std::int64_t> shape;
  std::uint64_t bytes = 0;  // of the header
  std::uint64_t data = 0;   // bytes behind it
};

Header read_sizes(ContentReader& reader, Form form) {
  const std::filesystem::path& file = reader.path();
  std::array<std::uint8_t, 4 * kMostDimensions> sizes{};
  Header header;
  header.bytes = 4 + 4 * form.dimensions;
  const std::size_t got = reader.read(std::span(sizes).first(4 * form.dimensions));
  if (got < 4 * form.dimensions) {
    fail_at(file, 4 + got, fmt::format("the file ends within the header of {} bytes", header.bytes));
  }
  header.data = form.type == kInteger ? 4 : 1;
  for (std::size_t i = 0; i < form.dimensions; ++i) {
    const std::uint32_t size = big_endian(std::span(sizes).subspan(4 * i, 4));
    const std::size_t at = 4 + 4 * i;
    if (size == 0) fail_at(file, at, fmt::format("size {} of {} is 0; expected at least 1", i + 1, form.dimensions));
    if (header.data > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / 2 / size) {
      fail_at(file, at, "the product of the sizes is beyond 2^62");
    }
    header.data *= size;
    header.shape.push_back(size);
  }
  return header;
}

SharedBytes read_data(ContentReader& reader, const Header& header, std::uint64_t map_from) {
  const std::filesystem::path& file = reader.path();
  const std::uint64_t expected = header.bytes + header.data;
  // Before anything is allocated: could the file hold so much?
  if (reader.compressed() && header.data > reader.most_bytes()) {
    fail_at(file, 4,
            fmt::format("sizes ask for {} bytes of data, more than {} compressed bytes can hold", header.data,
                        reader.file_size()));
  }
  if (!reader.compressed() && reader.file_size() > expected) {
    fail_at(file, expected,
            fmt::format("{} bytes follow; header and sizes ask for {} bytes", reader.file_size() - expected, expected));
  }
  const auto ends_early = [&](std::uint64_t there) {
    fail_at(file, there, fmt::format("the file ends here; header and sizes ask for {} bytes", expected));
  };
  if (!reader.compressed() && reader.file_size() < expected) ends_early(reader.file_size());
  if (std::optional<SharedBytes> mapped = reader.map(header.bytes, map_from)) return *std::move(mapped);
  ByteBuffer buffer = allocate_bytes(file, header.data);
  const std::size_t read = reader.read(buffer.bytes);
  if (read < buffer.bytes.size() && reader.compressed()) {
    fail_at(file, header.bytes + read,
            fmt::format("the uncompressed data end after {} bytes; expected {} behind the header", read, header.data));
  }
  // A file that has become shorter since it was opened is found by what was really read.
  if (read < buffer.bytes.size()) ends_early(header.bytes + read);
  if (!reader.at_end()) fail_at(file, expected, "the data are longer than header and sizes say");
  return {std::move(buffer.owner), buffer.bytes};
}

struct Contents {
  std::uint8_t type = kUnsignedByte;
  Header header;
  SharedBytes data;
};

Contents read_form(const std::filesystem::path& file, std::span<const Form> forms, std::uint64_t map_from) {
  ContentReader reader(file);
  std::array<std::uint8_t, 4> start{};
  const std::size_t got = reader.read(start);
  const Form form = check_magic(file, std::span(start).first(got), forms);
  Contents contents{.type = form.type, .header = read_sizes(reader, form), .data = {}};
  contents.data = read_data(reader, contents.header, map_from);
  return contents;
}

}  // namespace

IdxFile read_idx(const std::filesystem::path& file, std::size_t dimensions, std::uint64_t map_from) {
  const Form form{kUnsignedByte, dimensions};
  Contents contents = read_form(file, {&form, 1}, map_from);
  IdxFile result;
  result.shape = std::move(contents.header.shape);
  result.bytes = contents.data.bytes;
  result.owner = std::move(contents.data.owner);
  result.offset = static_cast<std::int64_t>(contents.header.bytes);
  return result;
}

IdxLabels read_idx_labels(const std::filesystem::path& file, std::uint64_t map_from) {
  constexpr std::array<Form, 2> kForms = {Form{kUnsignedByte, 1}, Form{kInteger, 2}};
  const Contents contents = read_form(file, kForms, map_from);
  const std::span<const std::uint8_t> bytes = contents.data.bytes;
  IdxLabels result;
  result.offset = static_cast<std::int64_t>(contents.header.bytes);
  try {
    if (contents.type == kUnsignedByte) {
      result.labels.assign(bytes.begin(), bytes.end());
      return result;
    }
    result.stride = 4 * contents.header.shape[1];
    result.labels.reserve(static_cast<std::size_t>(contents.header.shape[0]));
    for (std::size_t at = 0; at < bytes.size(); at += static_cast<std::size_t>(result.stride)) {
      const auto label = static_cast<std::int32_t>(big_endian(bytes.subspan(at, 4)));
      if (label < 0 || label > std::numeric_limits<std::uint8_t>::max()) {
        fail_at(file, contents.header.bytes + at, fmt::format("label {} is outside 0 … 255", label));
      }
      result.labels.push_back(static_cast<std::uint8_t>(label));
    }
    return result;
  } catch (const std::bad_alloc&) {
    fail_of_memory(file, "its labels");
  }
}

}  // namespace thalweg::lab

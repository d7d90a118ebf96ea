// ContentReader: what a file holds, inflated where it is gzip.
#include "data/content_reader.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <new>
#include <utility>

namespace thalweg::lab {

ContentReader::ContentReader(const std::filesystem::path& file) : input_(file) {
  std::array<std::uint8_t, 2> start{};
  const std::size_t got = input_.read(start);
  input_.rewind();
  if (is_gzip(std::span(start).first(got))) gzip_.emplace(input_);
}

bool ContentReader::at_end() {
  std::array<std::uint8_t, 1> beyond{};
  return read(beyond) == 0;
}

std::optional<SharedBytes> ContentReader::map(std::uint64_t offset, std::uint64_t map_from) const {
  if (compressed() || file_size() < map_from) return std::nullopt;
  std::shared_ptr<const std::uint8_t> file = input_.map();
  if (!file) return std::nullopt;
  const std::span bytes(file.get() + offset, file_size() - offset);
  return SharedBytes{std::move(file), bytes};
}

ByteBuffer allocate_bytes(const std::filesystem::path& file, std::uint64_t size) {
  try {
    ByteBuffer buffer;
    buffer.owner.reset(new std::uint8_t[size]);
    buffer.bytes = {buffer.owner.get(), size};
    return buffer;
  } catch (const std::bad_alloc&) {
    fail_of_memory(file, fmt::format("its {} bytes", size));
  }
}

std::vector<std::uint8_t> read_contents(const std::filesystem::path& file, std::uint64_t most) {
  constexpr std::uint64_t kPiece = std::uint64_t{1} << 20;
  ContentReader reader(file);
  std::vector<std::uint8_t> bytes;
  try {
    // A plain file is as long as it is; a compressed one may be far shorter than it could be, and grows.
    if (!reader.compressed()) bytes.reserve(std::min(reader.most_bytes(), most) + 1);
    while (true) {
      const std::size_t had = bytes.size();
      bytes.resize(had + std::max<std::uint64_t>(1, std::min({kPiece, most + 1 - had, reader.most_bytes() + 1 - had})));
      const std::size_t got = reader.read(std::span(bytes).subspan(had));
      bytes.resize(had + got);
      if (got == 0) return bytes;
      if (bytes.size() > most) fail_at(file, most, fmt::format("the contents go on; at most {} bytes are read", most));
    }
  } catch (const std::bad_alloc&) {
    fail_of_memory(file, "its contents");
  }
}

void fail_at(const std::filesystem::path& file, std::uint64_t offset, const std::string& what) {
  throw Error(fmt::format("{}: offset {}: {}", file.string(), offset, what));
}

void fail_of_memory(const std::filesystem::path& file, const std::string& what) {
  throw Error(fmt::format("{}: no memory for {}", file.string(), what));
}

}  // namespace thalweg::lab

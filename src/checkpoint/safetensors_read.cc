// Reading safetensors: every byte of the file is accounted for, or it is rejected.
#include "checkpoint/json.h"
#include "checkpoint/safetensors_layout.h"
#include "text.h"
#include "thalweg/error.h"

#include <algorithm>
#include <tuple>

namespace thalweg::inline v0_1::safetensors {
namespace {

// One tensor as the header describes it.
struct Entry {
  const std::string* name = nullptr;
  Dtype dtype = Dtype::F32;
  std::vector<std::uint64_t> shape;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

std::string range_of(const Entry& entry) {
  return '[' + std::to_string(entry.begin) + ", " + std::to_string(entry.end) + ')';
}

std::uint64_t header_length(std::span<const std::byte> bytes, std::string_view source) {
  if (bytes.size() < kLengthBytes) {
    throw Error(std::string{source} + ": the file has " + std::to_string(bytes.size()) +
                " bytes; the header's length alone takes " + std::to_string(kLengthBytes));
  }
  std::uint64_t length = 0;
  for (std::size_t i = kLengthBytes; i-- > 0;) {
    length = length << 8 | std::to_integer<std::uint64_t>(bytes[i]);
  }
  const std::uint64_t most = std::min<std::uint64_t>(kMostHeaderBytes, bytes.size() - kLengthBytes);
  if (length < kLeastHeaderBytes || length > most) {
    throw Error(std::string{source} + ": offset 0: header length " + std::to_string(length) + " is outside [" +
                std::to_string(kLeastHeaderBytes) + ", " + std::to_string(most) + "]; the file has " +
                std::to_string(bytes.size()) + " bytes");
  }
  return length;
}

Entry read_entry(const std::string& name, const json::Value& value, std::string_view source) {
  const std::string what = std::string{source} + ": tensor " + in_quotes(name);
  for (const auto& [key, member] : value.object(what)) {
    if (key != "dtype" && key != "shape" && key != "data_offsets") {
      throw Error(what + ": unknown field " + in_quotes(key) + "; dtype, shape and data_offsets are allowed");
    }
  }
  Entry entry;
  entry.name = &name;
  entry.dtype = dtype_of(value.at("dtype", what).string(what + ": dtype"), what);
  for (const json::Value& size : value.at("shape", what).array(what + ": shape")) {
    entry.shape.push_back(size.unsigned_integer(what + ": shape"));
  }
  const json::Array& offsets = value.at("data_offsets", what).array(what + ": data_offsets");
  if (offsets.size() != 2) {
    throw Error(what + ": data_offsets has " + std::to_string(offsets.size()) + " numbers; two are needed");
  }
  entry.begin = offsets[0].unsigned_integer(what + ": data_offsets");
  entry.end = offsets[1].unsigned_integer(what + ": data_offsets");
  if (entry.begin > entry.end) {
    throw Error(what + ": data_offsets " + range_of(entry) + " end before they begin");
  }
  const std::optional<std::uint64_t> elements = checked_elements(entry.shape);
  const std::optional<std::uint64_t> bits = elements ? checked_product(*elements, 8 * bytes_of(entry.dtype)) : elements;
  if (!bits) {
    throw Error(what + ": shape " + to_string(entry.shape) + " overflows 64 bits");
  }
  if (entry.end - entry.begin != *bits / 8) {
    throw Error(what + ": data_offsets " + range_of(entry) + " hold " + std::to_string(entry.end - entry.begin) +
                " bytes; " + std::string{to_string(entry.dtype)} + " " + to_string(entry.shape) + " needs " +
                std::to_string(*bits / 8));
  }
  return entry;
}

// The ranges must cover the data without hole or overlap: bytes that no tensor owns could be another file.
void check_coverage(std::vector<Entry>& entries, std::uint64_t data_bytes, std::string_view source) {
  std::ranges::sort(entries, {}, [](const Entry& entry) { return std::tuple{entry.begin, entry.end}; });
  std::uint64_t covered = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != covered) {
      throw Error(std::string{source} + ": tensor " + in_quotes(*entry.name) + ": data_offsets " + range_of(entry) +
                  " leave a " + (entry.begin > covered ? "hole" : "overlap") + ": the data before ends at " +
                  std::to_string(covered));
    }
    covered = entry.end;
  }
  if (covered != data_bytes) {
    throw Error(std::string{source} + ": the tensors take " + std::to_string(covered) + " bytes, the file has " +
                std::to_string(data_bytes) + " bytes of data");
  }
}

}  // namespace

Contents from_bytes(std::span<const std::byte> bytes, std::string_view source) {
  const std::uint64_t length = header_length(bytes, source);
  const std::span<const std::byte> header = bytes.subspan(kLengthBytes, length);
  const std::span<const std::byte> data = bytes.subspan(kLengthBytes + length);
  const json::Value root =
      json::parse({reinterpret_cast<const char*>(header.data()), header.size()}, source, kLengthBytes);

  Contents contents;
  std::vector<Entry> entries;
  const std::string what = std::string{source} + ": header";
  for (const auto& [name, value] : root.object(what)) {
    if (name != kMetadataKey) {
      entries.push_back(read_entry(name, value, source));
    } else if (!value.is_null()) {
      const std::string metadata = what + ": " + std::string{kMetadataKey};
      for (const auto& [key, text] : value.object(metadata)) {
        contents.metadata.emplace(key, text.string(metadata + ": " + in_quotes(key)));
      }
    }
  }
  check_coverage(entries, data.size(), source);
  for (Entry& entry : entries) {
    const std::span<const std::byte> range = data.subspan(entry.begin, entry.end - entry.begin);
    contents.tensors.emplace(*entry.name, Tensor{entry.dtype, std::move(entry.shape), {range.begin(), range.end()}});
  }
  take_checksum(contents, source);
  return contents;
}

}  // namespace thalweg::inline v0_1::safetensors

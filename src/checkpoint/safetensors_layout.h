// What reading and writing safetensors share: limits, type names and checked sizes.
#pragma once

#include "thalweg/safetensors.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace thalweg::inline v0_1::safetensors {

/// The 64-bit header length stands before the header.
inline constexpr std::uint64_t kLengthBytes = 8;
inline constexpr std::uint64_t kLeastHeaderBytes = 2;
inline constexpr std::uint64_t kMostHeaderBytes = 100'000'000;
inline constexpr std::uint64_t kHeaderAlignment = 8;
inline constexpr std::string_view kMetadataKey = "__metadata__";
/// Metadata key of the checksum; never among the metadata that the reader gives.
inline constexpr std::string_view kChecksumKey = "thalweg.checksum";

/// a · b, or nothing if 64 bits do not hold it.
constexpr std::optional<std::uint64_t> checked_product(std::uint64_t a, std::uint64_t b) {
  if (a != 0 && b > UINT64_MAX / a) {
    return std::nullopt;
  }
  return a * b;
}

/// Elements of a tensor of that shape, or nothing on overflow. The product is taken from the left: a 0 behind an
/// overflow does not excuse it, as in the reference reader.
std::optional<std::uint64_t> checked_elements(const std::vector<std::uint64_t>& shape);

/// The type of that name; throws Error, which begins with `what`, for an unknown or unsupported one.
Dtype dtype_of(std::string_view name, std::string_view what);

/// "[2, 3]".
std::string to_string(const std::vector<std::uint64_t>& shape);

/// The checksum over metadata and tensors, as the file's metadata say it.
std::string checksum_of(const Contents& contents);

/// Takes the checksum out of the metadata, if it is there. Throws Error that begins with `source` if it does not fit.
void take_checksum(Contents& contents, std::string_view source);

}  // namespace thalweg::inline v0_1::safetensors

// safetensors files: named tensors and text metadata, read strictly and replaced atomically.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::safetensors {

/// Element types that thalweg reads and writes, by safetensors' names.
enum class Dtype { F64, I64, U64, F32, I32, U32, F16, BF16, I16, U16, I8, U8, BOOL };

std::string_view to_string(Dtype dtype);
std::size_t bytes_of(Dtype dtype);

/// One tensor, row-major, little-endian.
struct Tensor {
  Dtype dtype = Dtype::F32;
  std::vector<std::uint64_t> shape;
  std::vector<std::byte> data;

  std::uint64_t elements() const;
};

/// A whole file: tensors and metadata by name.
struct Contents {
  std::map<std::string, Tensor, std::less<>> tensors;
  std::map<std::string, std::string, std::less<>> metadata;
};

/// The file's bytes: metadata first, tensors sorted by width of their type, widest first, then by name. The same
/// contents always give the same bytes.
std::vector<std::byte> to_bytes(const Contents& contents);

/// Reads what `to_bytes` gave, or any other valid safetensors bytes. `source` is what errors call them, usually the
/// file's name. Throws Error, which names offset or key, for everything that is not valid; nothing is allocated
/// before its size has been checked against the bytes that are there.
Contents from_bytes(std::span<const std::byte> bytes, std::string_view source);

/// Writes the file so that at every moment either the old or the new one is there, whole.
void write(const std::filesystem::path& file, const Contents& contents);

Contents read(const std::filesystem::path& file);

}  // namespace thalweg::safetensors

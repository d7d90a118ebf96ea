// safetensors files: named tensors and text metadata, read strictly and replaced atomically.
#pragma once

#include <thalweg/api.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::inline v0_1::safetensors {

/// Element types that thalweg reads and writes, by safetensors' names.
enum class Dtype { F64, I64, U64, F32, I32, U32, F16, BF16, I16, U16, I8, U8, BOOL };

THALWEG_API std::string_view to_string(Dtype dtype);
THALWEG_API std::size_t bytes_of(Dtype dtype);

/// One tensor, row-major, little-endian.
struct THALWEG_API Tensor {
  Dtype dtype = Dtype::F32;
  std::vector<std::uint64_t> shape;
  std::vector<std::byte> data;

  std::uint64_t elements() const;
  /// The elements as they are: `float` for F32, `double` for F64, `std::int64_t` for I64. Throws Error if T is another.
  template <class T>
  std::span<const T> values() const;
};

/// A tensor of float, double or std::int64_t. The shape {} is that of a single number. Throws Error if there are more
/// or fewer values than the shape has elements.
template <class T>
THALWEG_API Tensor make_tensor(std::span<const T> values, std::vector<std::uint64_t> shape);

extern template std::span<const float> Tensor::values<float>() const;
extern template std::span<const double> Tensor::values<double>() const;
extern template std::span<const std::int64_t> Tensor::values<std::int64_t>() const;
extern template Tensor make_tensor(std::span<const float>, std::vector<std::uint64_t>);
extern template Tensor make_tensor(std::span<const double>, std::vector<std::uint64_t>);
extern template Tensor make_tensor(std::span<const std::int64_t>, std::vector<std::uint64_t>);

/// A whole file: tensors and metadata by name.
struct Contents {
  std::map<std::string, Tensor, std::less<>> tensors;
  std::map<std::string, std::string, std::less<>> metadata;
};

/// The file's bytes: metadata first, tensors sorted by width of their type, widest first, then by name. The same
/// contents always give the same bytes.
///
/// The metadata get one more key, `thalweg.checksum`, by which a reader notices damage. Its value is `thalweg-xxh64:`
/// and 16 hexadecimal digits: XXH64 of key and text of all other metadata by key, then of name, type (`F32`), shape
/// (`[2, 3]`) and data of all tensors by name, each with the hash so far as its seed, the first with 0. Thus it fits as
/// long as the contents are the same, whoever has written them; a program that changes them leaves it out.
THALWEG_API std::vector<std::byte> to_bytes(const Contents& contents);

/// Reads what `to_bytes` gave, or any other valid safetensors bytes. `source` is what errors call them, usually the
/// file's name. Throws Error, which names offset or key, for everything that is not valid; nothing is allocated
/// before its size has been checked against the bytes that are there.
THALWEG_API Contents from_bytes(std::span<const std::byte> bytes, std::string_view source);

/// Writes the file so that at every moment either the old or the new one is there, whole.
THALWEG_API void write(const std::filesystem::path& file, const Contents& contents);

THALWEG_API Contents read(const std::filesystem::path& file);

}  // namespace thalweg::inline v0_1::safetensors

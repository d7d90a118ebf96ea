// NumPy's .npy files, plain or gzip: read and checked completely; their numbers as floats, doubles or integers.
#pragma once

#include "data/input_file.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

namespace thalweg::lab {

/// What the elements are, named as NumPy's dtypes.
enum class NpyType { boolean, int8, uint8, int16, uint16, int32, uint32, int64, uint64, float16, float32, float64 };

/// `float32`, …: NumPy's name.
const char* npy_type_name(NpyType type);
/// 1, 2, 4 or 8.
std::size_t npy_type_bytes(NpyType type);

/// An array. Copies share the bytes.
struct NpyArray {
  std::filesystem::path file;       ///< that it was read from, for errors
  std::vector<std::int64_t> shape;  ///< none for a scalar; sizes may be 0
  NpyType type = NpyType::float32;
  std::shared_ptr<const void> owner;    ///< keeps the bytes alive
  std::span<const std::uint8_t> bytes;  ///< row-major, in this machine's byte order, aligned for nothing
  std::int64_t offset = 0;              ///< where the data begin in the (uncompressed) file

  std::int64_t count() const;  ///< of elements: the product of the sizes
};

/// Reads a .npy file of version 1.0, 2.0 or 3.0: bool, integers and floats of 16 to 64 bits, of either byte order; an
/// array in Fortran's order becomes row-major. Files that begin with 1f 8b are gzip. Throws Error with file, offset,
/// what was found and what is allowed: of other dtypes (structured ones and Python objects, which would be pickles, are
/// never read), of .npz files, of headers that are not exactly NumPy's, of shapes that overflow, and of files shorter
/// or longer than their header says. Plain files of at least `map_from` bytes whose elements are stored row-major in
/// this machine's byte order are mapped.
NpyArray read_npy(const std::filesystem::path& file, std::uint64_t map_from = kMapFrom);

/// The elements as floats, rounded to nearest; bools are 0 and 1. Throws Error, with the element's index, of NaN,
/// infinities and numbers beyond a float's range.
std::vector<float> to_floats(const NpyArray& array);
/// The elements as doubles, likewise; of integers beyond 2^53, the nearest.
std::vector<double> to_doubles(const NpyArray& array);
/// Throws Error, with the element's index, of NaN and of numbers beyond ±most.
void check_numbers(const NpyArray& array, double most);
/// The elements as integers. Throws Error, with the element's index, of numbers that are not whole or not within
/// [lowest, highest].
std::vector<std::int64_t> to_integers(const NpyArray& array, std::int64_t lowest = INT64_MIN,
                                      std::int64_t highest = INT64_MAX);

}  // namespace thalweg::lab

// The header of a .npy file: a Python dict of dtype, order and shape, read strictly.
#pragma once

#include "data/npy.h"

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

namespace thalweg::lab {

/// What the header says.
struct NpyHeader {
  NpyType type = NpyType::float32;
  bool swapped = false;  ///< the bytes of each element are in the other order than this machine's
  bool fortran = false;  ///< the first index moves fastest
  std::vector<std::int64_t> shape;
  std::uint64_t count = 0;  ///< of elements; times their bytes at most 2^62
};

/// Reads `text`, which begins at `offset` of the file: `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`,
/// keys in any order, each once, and nothing but blanks behind it. Throws Error with file and offset.
NpyHeader parse_npy_header(const std::filesystem::path& file, std::string_view text, std::uint64_t offset);

}  // namespace thalweg::lab

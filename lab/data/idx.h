// IDX files (MNIST's format), plain or gzip: read and checked completely.
#pragma once

#include "data/input_file.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

namespace thalweg::lab {

/// The contents of an IDX file of unsigned bytes.
struct IdxFile {
  std::vector<std::int64_t> shape;      ///< every size at least 1
  std::shared_ptr<const void> owner;    ///< keeps the bytes alive
  std::span<const std::uint8_t> bytes;  ///< as many as the product of the sizes, row-major
  std::int64_t offset = 0;              ///< where `bytes` begin in the (uncompressed) file
};

/// Reads an IDX file of unsigned bytes with this number of dimensions. Files that begin with 1f 8b are gzip, whatever
/// their name; plain ones of at least `map_from` bytes are mapped. Throws Error with file, offset and what was
/// expected, if the file is not exactly such a file to its last byte.
IdxFile read_idx(const std::filesystem::path& file, std::size_t dimensions, std::uint64_t map_from = kMapFrom);

/// The labels of an IDX file.
struct IdxLabels {
  std::vector<std::uint8_t> labels;
  std::int64_t offset = 0, stride = 1;  ///< of the first in the (uncompressed) file, and from one to the next

  std::int64_t offset_of(std::size_t i) const { return offset + static_cast<std::int64_t>(i) * stride; }
};

/// Reads labels likewise: unsigned bytes of one dimension (MNIST's) or 32-bit integers of two, of which the first
/// column is the label (QMNIST's) and must be within 0 … 255.
IdxLabels read_idx_labels(const std::filesystem::path& file, std::uint64_t map_from = kMapFrom);

}  // namespace thalweg::lab

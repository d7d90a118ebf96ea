// What must hold for any bytes given to the safetensors reader: shared by the fuzzer and the mutation test.
#pragma once

#include "thalweg/error.h"
#include "thalweg/safetensors.h"

#include <cstddef>
#include <span>
#include <stdexcept>
#include <vector>

namespace thalweg::inline v0_1::safetensors {

inline bool operator==(const Tensor& a, const Tensor& b) {
  return a.dtype == b.dtype && a.shape == b.shape && a.data == b.data;
}

/// Reads the bytes. False if they are rejected by an Error; true if they are accepted, and what was read can be written
/// and read again as the same contents, and bytes that thalweg wrote come out as the same bytes. Throws
/// std::logic_error if that does not hold.
inline bool accepts(std::span<const std::byte> bytes) {
  Contents contents;
  try {
    contents = from_bytes(bytes, "bytes");
  } catch (const Error& error) {
    if (std::string_view{error.what()}.substr(0, 5) != "bytes") {
      throw std::logic_error(std::string{"the error does not name its source: "} + error.what());
    }
    return false;
  }
  std::size_t data_bytes = 0;
  for (const auto& [name, tensor] : contents.tensors) {
    data_bytes += tensor.data.size();
    if (tensor.elements() * bytes_of(tensor.dtype) != tensor.data.size()) {
      throw std::logic_error("the shape does not give the number of bytes");
    }
  }
  const std::vector<std::byte> written = to_bytes(contents);
  if (written.size() % 8 != data_bytes % 8) {
    throw std::logic_error("the data does not begin at a multiple of 8");
  }
  const Contents again = from_bytes(written, "written");
  if (again.tensors != contents.tensors || again.metadata != contents.metadata) {
    throw std::logic_error("writing and reading again changes the contents");
  }
  if (to_bytes(again) != written) {
    throw std::logic_error("the same contents give different bytes");
  }
  return true;
}

}  // namespace thalweg::inline v0_1::safetensors

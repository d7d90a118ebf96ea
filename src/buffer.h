// Buffer: uninitialised memory for state columns, aligned for every vector.
#pragma once

#include <cstddef>
#include <memory>
#include <new>

namespace thalweg::inline v0_1 {

struct FreeAligned {
  void operator()(std::byte* bytes) const { ::operator delete (bytes, std::align_val_t{64}); }
};
using Buffer = std::unique_ptr<std::byte[], FreeAligned>;

inline Buffer make_buffer(std::size_t bytes) {
  return Buffer(static_cast<std::byte*>(::operator new (bytes, std::align_val_t{64})));
}

}  // namespace thalweg::inline v0_1

// Structs that cross the C interface: read and written by the size that the caller's version gives them.
#pragma once

#include <thalweg/error.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <type_traits>

namespace thalweg::inline v0_1 {

/// What a caller's struct says that its size is.
inline std::size_t size_of_struct(const void* memory) {
  std::size_t size = 0;
  std::memcpy(&size, memory, sizeof size);
  return size;
}

/// The caller's struct as this version knows it: what an older caller lacks is as in `defaults`. `least`: the size of
/// the struct's first version. Throws Error if the size is below that, or if a newer caller has set what is not known
/// here.
template <class Struct>
Struct read_struct(const void* memory, const Struct& defaults, std::size_t least, const char* name) {
  static_assert(std::is_trivially_copyable_v<Struct>);
  const std::size_t size = size_of_struct(memory);
  if (size < least) {
    throw Error(std::string(name) + ": struct_size = " + std::to_string(size) + " is less than " +
                std::to_string(least) + "; set it to sizeof(" + name + ")");
  }
  const auto* const bytes = static_cast<const std::byte*>(memory);
  for (std::size_t i = sizeof(Struct); i < size; ++i) {
    if (bytes[i] != std::byte{}) {
      throw Error(std::string(name) + ": byte " + std::to_string(i) + " of " + std::to_string(size) +
                  " is not 0: the caller's version has more settings than this library, " +
                  std::to_string(sizeof(Struct)) + " bytes of them");
    }
  }
  Struct result = defaults;
  std::memcpy(&result, memory, std::min(size, sizeof(Struct)));
  return result;
}

/// Fills the caller's struct as far as the caller's version knows it; its `struct_size` stays.
template <class Struct>
void write_struct(void* memory, const Struct& values) {
  constexpr std::size_t kBegin = sizeof(std::size_t);
  const std::size_t end = std::min(size_of_struct(memory), sizeof(Struct));
  if (end > kBegin) {
    std::memcpy(static_cast<std::byte*>(memory) + kBegin, reinterpret_cast<const std::byte*>(&values) + kBegin,
                end - kBegin);
  }
}

}  // namespace thalweg::inline v0_1

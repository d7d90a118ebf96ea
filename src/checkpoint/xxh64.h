// XXH64, a fast hash of 64 bits that notices damage (no adversary): https://github.com/Cyan4973/xxHash, XXH64 of its
// specification, so that other programs can compute it too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace thalweg::inline v0_1 {

std::uint64_t xxh64(std::span<const std::byte> bytes, std::uint64_t seed);

}  // namespace thalweg::inline v0_1

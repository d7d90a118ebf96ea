// The decoders that stand behind data/image.h, one for each format.
#pragma once

#include "data/image.h"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace thalweg::lab {

bool is_png(std::span<const std::uint8_t> bytes);
bool is_jpeg(std::span<const std::uint8_t> bytes);

ImageSize png_size(const std::filesystem::path& file, std::span<const std::uint8_t> bytes);
void decode_png(const std::filesystem::path& file, std::span<const std::uint8_t> bytes, std::span<std::uint8_t> pixels);

ImageSize jpeg_size(const std::filesystem::path& file, std::span<const std::uint8_t> bytes);
void decode_jpeg(const std::filesystem::path& file, std::span<const std::uint8_t> bytes,
                 std::span<std::uint8_t> pixels);

/// Throws Error if a side is not within 1 … kMostSide.
void check_sides(const std::filesystem::path& file, std::uint64_t height, std::uint64_t width);

/// Throws Error "FILE: the FORMAT image cannot be read: WHY".
[[noreturn]] void fail_of_image(const std::filesystem::path& file, const char* format, const std::string& why);

}  // namespace thalweg::lab

// Writes small PNG and JPEG images, for tests.
#pragma once

#include "idx_files.h"

// jpeglib.h uses FILE and size_t, which it does not declare.
#include <cstddef>
#include <cstdio>

#include <jpeglib.h>
#include <png.h>

#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <vector>

namespace thalweg::lab::test {

/// How a PNG image is stored; `rows` are packed as PNG packs them, without filter bytes.
struct PngImage {
  std::uint32_t width = 0, height = 0;
  int colours = PNG_COLOR_TYPE_GRAY, bits = 8;
  Bytes rows = {};
  bool interlaced = false;
  std::vector<png_color> palette = {};
  Bytes palette_opacity = {};                 // tRNS of a palette
  const png_color_16* transparent = nullptr;  // tRNS of other images: the colour that is
};

inline Bytes png_bytes(const PngImage& image) {
  Bytes bytes;
  png_structp png = png_create_write_struct(
      PNG_LIBPNG_VER_STRING, nullptr, [](png_structp, png_const_charp) { std::abort(); }, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(
      png, &bytes,
      [](png_structp writer, png_bytep data, std::size_t size) {
        auto* const output = static_cast<Bytes*>(png_get_io_ptr(writer));
        output->insert(output->end(), data, data + size);
      },
      nullptr);
  png_set_IHDR(png, info, image.width, image.height, image.bits, image.colours,
               image.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  if (!image.palette.empty()) png_set_PLTE(png, info, image.palette.data(), static_cast<int>(image.palette.size()));
  if (!image.palette_opacity.empty()) {
    png_set_tRNS(png, info, image.palette_opacity.data(), static_cast<int>(image.palette_opacity.size()), nullptr);
  } else if (image.transparent != nullptr) {
    png_set_tRNS(png, info, nullptr, 0, image.transparent);
  }
  const std::size_t row_bytes = png_get_rowbytes(png, info);
  if (row_bytes * image.height != image.rows.size()) throw std::logic_error("rows of another size");
  std::vector<png_bytep> rows;
  for (std::size_t i = 0; i < image.height; ++i) {
    rows.push_back(const_cast<png_bytep>(image.rows.data()) + i * row_bytes);
  }
  png_set_rows(png, info, rows.data());
  png_write_png(png, info, PNG_TRANSFORM_IDENTITY, nullptr);
  png_destroy_write_struct(&png, &info);
  return bytes;
}

/// Grey or, of 3 × width × height bytes pixel by pixel, red, green and blue.
inline Bytes png_bytes(std::uint32_t width, std::uint32_t height, const Bytes& pixels) {
  const bool grey = pixels.size() == std::size_t{width} * height;
  return png_bytes(
      {.width = width, .height = height, .colours = grey ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, .rows = pixels});
}

/// How a JPEG image is stored: `colours` of `pixels`, pixel by pixel.
struct JpegImage {
  unsigned width = 0, height = 0;
  J_COLOR_SPACE colours = JCS_GRAYSCALE;
  Bytes pixels = {};
  bool progressive = false;
  int quality = 100;
};

inline Bytes jpeg_bytes(const JpegImage& image) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* memory = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &memory, &size);
  info.image_width = image.width;
  info.image_height = image.height;
  info.in_color_space = image.colours;
  info.input_components = image.colours == JCS_GRAYSCALE ? 1 : image.colours == JCS_CMYK ? 4 : 3;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, image.quality, TRUE);
  for (int i = 0; i < info.num_components; ++i) info.comp_info[i].h_samp_factor = info.comp_info[i].v_samp_factor = 1;
  if (image.progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  const std::size_t row = std::size_t{image.width} * static_cast<std::size_t>(info.input_components);
  while (info.next_scanline < info.image_height) {
    JSAMPROW rows[] = {const_cast<JSAMPROW>(image.pixels.data()) + info.next_scanline * row};
    jpeg_write_scanlines(&info, rows, 1);
  }
  jpeg_finish_compress(&info);
  Bytes bytes(memory, memory + size);
  jpeg_destroy_compress(&info);
  std::free(memory);
  return bytes;
}

}  // namespace thalweg::lab::test

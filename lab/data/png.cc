// PNG images by libpng, which tells its errors by jumping back.
#include "data/content_reader.h"
#include "data/image_formats.h"

#include <png.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstring>
#include <new>
#include <string>
#include <vector>

namespace thalweg::lab {

namespace {

constexpr std::array<std::uint8_t, 8> kMagic = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

// libpng with errors as Error. What is called by `guarded` must own nothing: an error jumps over it.
class PngReader {
 public:
  PngReader(const std::filesystem::path& file, std::span<const std::uint8_t> bytes) : file_(file), bytes_(bytes) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, &fail_back, [](png_structp, png_const_charp) {});
    info_ = png_ != nullptr ? png_create_info_struct(png_) : nullptr;
    if (info_ == nullptr) {
      png_destroy_read_struct(&png_, nullptr, nullptr);
      fail_of_image(file_, "PNG", "libpng cannot start");
    }
    try {
      guarded([this] {
        png_set_read_fn(png_, this, &read_back);
        // Sides are checked below, in words of their own.
        png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
        // Texts, profiles and the like are not even inflated.
        png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
        png_read_info(png_, info_);
      });
      check_sides(file_, png_get_image_height(png_, info_), png_get_image_width(png_, info_));
    } catch (...) {
      png_destroy_read_struct(&png_, &info_, nullptr);
      throw;
    }
  }
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  ImageSize size() const {
    return {.channels = (png_get_color_type(png_, info_) & PNG_COLOR_MASK_COLOR) != 0 ? 3 : 1,
            .height = png_get_image_height(png_, info_),
            .width = png_get_image_width(png_, info_)};
  }

  // The image pixel by pixel: grey or colours, with how opaque it is where the file says so.
  struct Pixels {
    std::vector<std::uint8_t> bytes;
    std::size_t samples = 0;  // of a pixel
  };

  Pixels decode() {
    guarded([this] {
      png_set_expand(png_);
      png_set_scale_16(png_);
      png_set_interlace_handling(png_);
      png_read_update_info(png_, info_);
    });
    const std::size_t row_bytes = png_get_rowbytes(png_, info_), height = png_get_image_height(png_, info_);
    Pixels pixels{.bytes = std::vector<std::uint8_t>(row_bytes * height), .samples = png_get_channels(png_, info_)};
    std::vector<png_bytep> rows(height);
    for (std::size_t i = 0; i < height; ++i) rows[i] = pixels.bytes.data() + i * row_bytes;
    guarded([this, data = rows.data()] {
      png_read_image(png_, data);
      png_read_end(png_, nullptr);
    });
    return pixels;
  }

 private:
  template <class Calls>
  void guarded(const Calls& calls) {
    if (setjmp(jump_) != 0) fail_of_image(file_, "PNG", message_.data());
    calls();
  }

  static void fail_back(png_structp png, png_const_charp message) {
    auto* const reader = static_cast<PngReader*>(png_get_error_ptr(png));
    std::strncpy(reader->message_.data(), message, reader->message_.size() - 1);
    std::longjmp(reader->jump_, 1);
  }

  static void read_back(png_structp png, png_bytep output, std::size_t size) {
    auto* const reader = static_cast<PngReader*>(png_get_io_ptr(png));
    if (size > reader->bytes_.size() - reader->at_) png_error(png, "the file ends too early");
    std::memcpy(output, reader->bytes_.data() + reader->at_, size);
    reader->at_ += size;
  }

  const std::filesystem::path& file_;
  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::jmp_buf jump_{};
  std::array<char, 256> message_{};
};

// A sample over white.
std::uint8_t over_white(unsigned sample, unsigned opaque) {
  return static_cast<std::uint8_t>((sample * opaque + 255 * (255 - opaque) + 127) / 255);
}

}  // namespace

bool is_png(std::span<const std::uint8_t> bytes) {
  return bytes.size() >= kMagic.size() && std::equal(kMagic.begin(), kMagic.end(), bytes.begin());
}

ImageSize png_size(const std::filesystem::path& file, std::span<const std::uint8_t> bytes) {
  return PngReader(file, bytes).size();
}

void decode_png(const std::filesystem::path& file, std::span<const std::uint8_t> bytes,
                std::span<std::uint8_t> pixels) {
  try {
    PngReader reader(file, bytes);
    const ImageSize size = reader.size();
    const auto channels = static_cast<std::size_t>(size.channels);
    const std::size_t plane = static_cast<std::size_t>(size.height * size.width);
    const PngReader::Pixels decoded = reader.decode();
    const std::size_t samples = decoded.samples;
    const bool transparent = samples == channels + 1;
    if (pixels.size() != plane * channels || (samples != channels && !transparent)) {
      fail_of_image(file, "PNG", "it is not of the size that was told");
    }
    for (std::size_t i = 0; i < plane; ++i) {
      const std::uint8_t* const pixel = decoded.bytes.data() + i * samples;
      for (std::size_t channel = 0; channel < channels; ++channel) {
        pixels[channel * plane + i] = transparent ? over_white(pixel[channel], pixel[channels]) : pixel[channel];
      }
    }
  } catch (const std::bad_alloc&) {
    fail_of_memory(file, "its pixels");
  }
}

}  // namespace thalweg::lab

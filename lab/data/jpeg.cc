// JPEG images by libjpeg, which tells its errors by jumping back.
#include "data/content_reader.h"
#include "data/image_formats.h"

// jpeglib.h uses FILE and size_t, which it does not declare.
#include <cstddef>
#include <cstdio>

#include <jerror.h>
#include <jpeglib.h>

#include <array>
#include <csetjmp>
#include <new>
#include <string>
#include <vector>

namespace thalweg::lab {

namespace {

// Progressive images have a dozen scans; each costs as much as a whole image, however few bytes it has.
constexpr int kMostScans = 200;

// libjpeg goes on after damage, with a warning; here that is an error, but for these, which do not touch the pixels.
bool is_harmless(int warning) {
  return warning == JWRN_EXTRANEOUS_DATA || warning == JWRN_ADOBE_XFORM || warning == JWRN_JFIF_MAJOR ||
         warning == JWRN_NOT_SEQUENTIAL;
}

// libjpeg with errors as Error. What is called by `guarded` must own nothing: an error jumps over it.
class JpegReader {
 public:
  JpegReader(const std::filesystem::path& file, std::span<const std::uint8_t> bytes) : file_(file) {
    info_.err = jpeg_std_error(&errors_);
    info_.client_data = this;
    errors_.error_exit = &fail_back;
    errors_.output_message = [](j_common_ptr) {};
    errors_.emit_message = [](j_common_ptr info, int level) {
      if (level < 0 && !is_harmless(info->err->msg_code)) fail_back(info);
    };
    progress_.progress_monitor = [](j_common_ptr info) {
      if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= kMostScans) return;
      jump_back(info, "it has too many scans");
    };
    try {
      guarded([&] {
        jpeg_create_decompress(&info_);
        info_.progress = &progress_;
        jpeg_mem_src(&info_, bytes.data(), bytes.size());
        jpeg_read_header(&info_, TRUE);
      });
      check_sides(file_, info_.image_height, info_.image_width);
      check_colours();
    } catch (...) {
      jpeg_destroy_decompress(&info_);
      throw;
    }
  }
  ~JpegReader() { jpeg_destroy_decompress(&info_); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  ImageSize size() const {
    return {.channels = info_.jpeg_color_space == JCS_GRAYSCALE ? 1 : 3,
            .height = info_.image_height,
            .width = info_.image_width};
  }

  // Into channels × height × width.
  void decode(std::span<std::uint8_t> pixels) {
    const ImageSize image = size();
    if (pixels.size() != image.bytes()) fail_of_image(file_, "JPEG", "it is not of the size that was told");
    const auto channels = static_cast<std::size_t>(image.channels), width = static_cast<std::size_t>(image.width),
               plane = width * static_cast<std::size_t>(image.height);
    std::vector<std::uint8_t> row(width * channels);
    guarded([this, channels, width, plane, data = row.data(), output = pixels.data()] {
      info_.out_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
      // The exact transform, whatever the library was built to prefer.
      info_.dct_method = JDCT_ISLOW;
      jpeg_start_decompress(&info_);
      while (info_.output_scanline < info_.output_height) {
        const std::size_t begin = info_.output_scanline * width;
        JSAMPROW rows[] = {data};
        jpeg_read_scanlines(&info_, rows, 1);
        for (std::size_t i = 0; i < width * channels; ++i)
          output[i % channels * plane + begin + i / channels] = data[i];
      }
      jpeg_finish_decompress(&info_);
    });
  }

 private:
  void check_colours() const {
    const J_COLOR_SPACE colours = info_.jpeg_color_space;
    if (colours == JCS_GRAYSCALE || colours == JCS_RGB || colours == JCS_YCbCr) return;
    fail_of_image(file_, "JPEG",
                  colours == JCS_CMYK || colours == JCS_YCCK
                      ? "its colours are CMYK; expected grey or RGB: `mogrify -colorspace sRGB FILE` converts it"
                      : "its colours are unknown; expected grey or RGB");
  }

  template <class Calls>
  void guarded(const Calls& calls) {
    if (setjmp(jump_) != 0) fail_of_image(file_, "JPEG", message_.data());
    calls();
  }

  [[noreturn]] static void jump_back(j_common_ptr info, const char* message) {
    auto* const reader = static_cast<JpegReader*>(info->client_data);
    if (message != nullptr) std::snprintf(reader->message_.data(), reader->message_.size(), "%s", message);
    std::longjmp(reader->jump_, 1);
  }

  [[noreturn]] static void fail_back(j_common_ptr info) {
    info->err->format_message(info, static_cast<JpegReader*>(info->client_data)->message_.data());
    jump_back(info, nullptr);
  }

  const std::filesystem::path& file_;
  jpeg_decompress_struct info_{};
  jpeg_error_mgr errors_{};
  jpeg_progress_mgr progress_{};
  std::jmp_buf jump_{};
  std::array<char, JMSG_LENGTH_MAX> message_{};
};

}  // namespace

bool is_jpeg(std::span<const std::uint8_t> bytes) {
  return bytes.size() >= 3 && bytes[0] == 0xff && bytes[1] == 0xd8 && bytes[2] == 0xff;
}

ImageSize jpeg_size(const std::filesystem::path& file, std::span<const std::uint8_t> bytes) {
  return JpegReader(file, bytes).size();
}

void decode_jpeg(const std::filesystem::path& file, std::span<const std::uint8_t> bytes,
                 std::span<std::uint8_t> pixels) {
  try {
    JpegReader(file, bytes).decode(pixels);
  } catch (const std::bad_alloc&) {
    fail_of_memory(file, "its pixels");
  }
}

}  // namespace thalweg::lab

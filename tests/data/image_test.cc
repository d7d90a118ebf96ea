// Images: every kind of PNG and JPEG file becomes the bytes it shows, and damaged ones are refused, in silence.
#include "data/image.h"

#include "error_of.h"
#include "image_files.h"

#include <gmock/gmock.h>

#include <random>

namespace thalweg::lab {
namespace {

using test::Bytes;
using test::jpeg_bytes;
using test::png_bytes;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using tests::error_of;

const std::filesystem::path kFile = "folder/image";

struct Decoded {
  ImageSize size;
  Bytes pixels;
};

Decoded decode(const Bytes& bytes) {
  Decoded image{.size = image_size(kFile, bytes), .pixels = {}};
  image.pixels.resize(image.size.bytes());
  decode_image(kFile, bytes, image.pixels);
  return image;
}

std::string error(const Bytes& bytes) {
  const std::string error = error_of([&] { decode(bytes); });
  EXPECT_THAT(error, HasSubstr("folder/image: "));
  return error;
}

Bytes noise(std::size_t size) {
  std::mt19937 random(1);
  Bytes bytes(size);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

// Smooth, so that JPEG changes little.
Bytes slope(unsigned width, unsigned height, unsigned samples) {
  Bytes bytes;
  for (unsigned y = 0; y < height; ++y) {
    for (unsigned x = 0; x < width; ++x) {
      for (unsigned s = 0; s < samples; ++s) bytes.push_back(static_cast<std::uint8_t>(40 + 5 * x + 3 * y + 30 * s));
    }
  }
  return bytes;
}

// From pixel by pixel to plane by plane.
Bytes planes(const Bytes& pixels, std::size_t samples) {
  Bytes bytes;
  for (std::size_t s = 0; s < samples; ++s) {
    for (std::size_t i = s; i < pixels.size(); i += samples) bytes.push_back(pixels[i]);
  }
  return bytes;
}

TEST(Png, GreyAndColoursAreTheirSamples) {
  for (const bool interlaced : {false, true}) {
    const Bytes grey = noise(7 * 5), colours = noise(3 * 7 * 5);
    const Decoded one = decode(png_bytes({.width = 7, .height = 5, .rows = grey, .interlaced = interlaced}));
    EXPECT_EQ(one.size, (ImageSize{1, 5, 7}));
    EXPECT_EQ(one.pixels, grey);
    const Decoded three = decode(
        png_bytes({.width = 7, .height = 5, .colours = PNG_COLOR_TYPE_RGB, .rows = colours, .interlaced = interlaced}));
    EXPECT_EQ(three.size, (ImageSize{3, 5, 7}));
    EXPECT_EQ(three.pixels, planes(colours, 3));
  }
}

TEST(Png, FewBitsBecomeEight) {
  EXPECT_THAT(decode(png_bytes({.width = 9, .height = 1, .bits = 1, .rows = {0xa5, 0x80}})).pixels,
              ElementsAre(255, 0, 255, 0, 0, 255, 0, 255, 255));
  EXPECT_THAT(decode(png_bytes({.width = 4, .height = 1, .bits = 2, .rows = {0x1b}})).pixels,
              ElementsAre(0, 85, 170, 255));
  EXPECT_THAT(decode(png_bytes({.width = 2, .height = 1, .bits = 4, .rows = {0x1f}})).pixels, ElementsAre(17, 255));
}

TEST(Png, SixteenBitsAreRounded) {
  // 0x0180 / 257 = 1.494, 0x0182 / 257 = 1.502
  EXPECT_THAT(
      decode(png_bytes({.width = 4, .height = 1, .bits = 16, .rows = {0, 0, 0xff, 0xff, 1, 0x80, 1, 0x82}})).pixels,
      ElementsAre(0, 255, 1, 2));
}

TEST(Png, PalettesBecomeColours) {
  const Decoded image = decode(png_bytes({.width = 3,
                                          .height = 1,
                                          .colours = PNG_COLOR_TYPE_PALETTE,
                                          .rows = {2, 0, 1},
                                          .palette = {{1, 2, 3}, {10, 20, 30}, {100, 150, 200}}}));
  EXPECT_EQ(image.size, (ImageSize{3, 1, 3}));
  EXPECT_THAT(image.pixels, ElementsAre(100, 1, 10, 150, 2, 20, 200, 3, 30));
}

TEST(Png, TransparentPixelsShowWhite) {
  EXPECT_THAT(decode(png_bytes({.width = 4,
                                .height = 1,
                                .colours = PNG_COLOR_TYPE_GRAY_ALPHA,
                                .rows = {0, 0, 0, 255, 100, 128, 200, 1}}))
                  .pixels,
              ElementsAre(255, 0, 177, 255));
  const Decoded colours = decode(
      png_bytes({.width = 2, .height = 1, .colours = PNG_COLOR_TYPE_RGB_ALPHA, .rows = {1, 2, 3, 255, 10, 20, 30, 0}}));
  EXPECT_EQ(colours.size, (ImageSize{3, 1, 2}));
  EXPECT_THAT(colours.pixels, ElementsAre(1, 255, 2, 255, 3, 255));
  EXPECT_THAT(decode(png_bytes({.width = 2,
                                .height = 1,
                                .colours = PNG_COLOR_TYPE_PALETTE,
                                .rows = {0, 1},
                                .palette = {{1, 2, 3}, {10, 20, 30}},
                                .palette_opacity = {255, 0}}))
                  .pixels,
              ElementsAre(1, 255, 2, 255, 3, 255));
  png_color_16 seven{};
  seven.gray = 7;
  EXPECT_THAT(decode(png_bytes({.width = 3, .height = 1, .rows = {6, 7, 8}, .transparent = &seven})).pixels,
              ElementsAre(6, 255, 8));
}

TEST(Png, EveryTruncationIsRefused) {
  const Bytes whole = png_bytes({.width = 7, .height = 5, .rows = noise(35), .interlaced = true});
  for (std::size_t length = 0; length < whole.size(); ++length) {
    error(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)));
  }
}

TEST(Png, EveryByteThatIsChangedIsNoticedOrMeansNothing) {
  const Bytes whole = png_bytes({.width = 7, .height = 5, .rows = noise(35)});
  const Bytes pixels = decode(whole).pixels;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const std::uint8_t change : {0x01, 0x20, 0x80, 0xff}) {
      Bytes damaged = whole;
      damaged[at] ^= change;
      try {
        EXPECT_EQ(decode(damaged).pixels, pixels) << at;
      } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr("folder/image: ")) << at;
      }
    }
  }
}

TEST(Png, LargeSidesAreRefusedBeforeMemoryIsTaken) {
  EXPECT_THAT(error(png_bytes({.width = 16385, .height = 1, .bits = 1, .rows = Bytes(2049)})),
              AllOf(HasSubstr("16385 × 1 pixels"), HasSubstr("1 … 16384")));
  EXPECT_THAT(error(png_bytes({.width = 1, .height = 16385, .bits = 1, .rows = Bytes(16385)})),
              HasSubstr("1 × 16385 pixels"));
}

TEST(Jpeg, GreyAndColoursAreNearTheirSamples) {
  for (const bool progressive : {false, true}) {
    const Bytes grey = slope(17, 9, 1), colours = slope(17, 9, 3);
    const Decoded one = decode(jpeg_bytes({.width = 17, .height = 9, .pixels = grey, .progressive = progressive}));
    EXPECT_EQ(one.size, (ImageSize{1, 9, 17}));
    for (std::size_t i = 0; i < grey.size(); ++i) EXPECT_NEAR(one.pixels[i], grey[i], 2) << i;
    const Decoded three = decode(
        jpeg_bytes({.width = 17, .height = 9, .colours = JCS_RGB, .pixels = colours, .progressive = progressive}));
    EXPECT_EQ(three.size, (ImageSize{3, 9, 17}));
    const Bytes expected = planes(colours, 3);
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(three.pixels[i], expected[i], 4) << i;
  }
}

TEST(Jpeg, ColoursOfPrintAreRefused) {
  EXPECT_THAT(error(jpeg_bytes({.width = 2, .height = 2, .colours = JCS_CMYK, .pixels = Bytes(16)})),
              AllOf(HasSubstr("CMYK"), HasSubstr("-colorspace sRGB")));
}

TEST(Jpeg, EveryTruncationIsRefused) {
  for (const bool progressive : {false, true}) {
    const Bytes whole = jpeg_bytes({.width = 17,
                                    .height = 9,
                                    .colours = JCS_RGB,
                                    .pixels = noise(459),
                                    .progressive = progressive,
                                    .quality = 50});
    for (std::size_t length = 0; length < whole.size(); ++length) {
      error(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)));
    }
  }
}

TEST(Jpeg, EveryByteThatIsChangedIsReadOrRefused) {
  const Bytes whole = jpeg_bytes({.width = 17, .height = 9, .pixels = noise(153), .progressive = true, .quality = 50});
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const std::uint8_t change : {0x01, 0x20, 0x80, 0xff}) {
      Bytes damaged = whole;
      damaged[at] ^= change;
      try {
        if (image_size(kFile, damaged).bytes() < 1000000) decode(damaged);
      } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr("folder/image: ")) << at;
      }
    }
  }
}

TEST(Jpeg, LargeSidesAreRefused) {
  EXPECT_THAT(error(jpeg_bytes({.width = 16385, .height = 1, .pixels = Bytes(16385)})), HasSubstr("16385 × 1 pixels"));
}

TEST(Image, OtherFormatsAreRefusedByTheirFirstBytes) {
  EXPECT_THAT(error({'G', 'I', 'F', '8', '9', 'a'}),
              AllOf(HasSubstr("neither PNG nor JPEG"), HasSubstr("47 49 46 38")));
  EXPECT_THAT(error({}), HasSubstr("is empty"));
  EXPECT_THAT(error({0xff}), HasSubstr("are ff"));
}

// Damaged images must not write to the terminal, as the libraries do by themselves.
TEST(Image, LibrariesPrintNothing) {
  Bytes png = png_bytes(2, 2, {1, 2, 3, 4});
  Bytes jpeg = jpeg_bytes({.width = 17, .height = 9, .pixels = noise(153)});
  jpeg.resize(jpeg.size() - 20);
  png[40] ^= 1;
  ::testing::internal::CaptureStderr();
  ::testing::internal::CaptureStdout();
  EXPECT_THAT(error(png), HasSubstr("the PNG image cannot be read: "));
  EXPECT_THAT(error(jpeg), HasSubstr("the JPEG image cannot be read: "));
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
}

}  // namespace
}  // namespace thalweg::lab

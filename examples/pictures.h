// The picture that growing_rows fits, pictures side by side, and PNG files.
#pragma once

#include "gaussians.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using Colour = std::array<float, 3>;

/// A lake in front of mountains, with a sign: large smooth parts, edges, and fine detail in few places. At the point
/// (x, y) of the square from 0 to 96, y downward.
inline Colour scenery(float x, float y) {
  const auto mix = [](Colour a, Colour b, float share) {
    for (std::size_t k = 0; k < 3; ++k) a[k] += share * (b[k] - a[k]);
    return a;
  };
  // The sign: five rows of seven bits a letter are 5 × 7 points, each two by two pixels.
  constexpr std::array<std::array<int, 7>, 3> kLetters{
      {{0b11110, 0b10001, 0b10001, 0b11110, 0b10100, 0b10010, 0b10001},
       {0b10001, 0b11011, 0b10101, 0b10101, 0b10001, 0b10001, 0b10001},
       {0b01111, 0b10000, 0b10000, 0b01110, 0b00001, 0b00001, 0b11110}}};
  if (x >= 8 && x < 48 && y >= 70 && y < 90) {
    const int column = static_cast<int>(x - 11) / 2, row = static_cast<int>(y - 73) / 2;
    const bool inside = x >= 11 && x < 45 && y >= 73 && y < 87 && column % 6 < 5;
    const bool ink =
        inside &&
        (kLetters[static_cast<std::size_t>(column / 6)][static_cast<std::size_t>(row)] >> (4 - column % 6) & 1) != 0;
    return ink ? Colour{0.10f, 0.12f, 0.20f} : Colour{0.96f, 0.93f, 0.84f};
  }
  const auto wave = [](float place, float period) {  // a triangle from 0 to 1
    return 2 * std::abs(place / period - std::floor(place / period + 0.5f));
  };
  const float far_ridge = 50 - 14 * wave(x + 9, 62) - 5 * wave(x, 17);
  const float near_ridge = 58 - 34 * std::fmax(0.0f, 1 - std::abs(x - 30) / 27) - 4 * wave(x, 11);
  constexpr float kShore = 62;
  if (y > kShore) {
    const float ripple = 0.5f + 0.5f * std::sin(900 / (y - kShore + 14) + 0.12f * x);
    return mix(mix({0.16f, 0.34f, 0.50f}, {0.08f, 0.16f, 0.30f}, (y - kShore) / 34), {0.75f, 0.72f, 0.62f},
               0.45f * ripple * std::exp(-std::abs(x - 70) / 14));
  }
  if (y > near_ridge) {
    const bool snow = y < 38 + 4 * wave(x, 7) && x > 12;
    return snow ? mix({0.97f, 0.97f, 1.0f}, {0.70f, 0.76f, 0.88f}, x < 30 ? 1.0f : 0.0f)
                : mix({0.20f, 0.24f, 0.20f}, {0.32f, 0.36f, 0.26f}, x < 30 ? 0.0f : 1.0f);
  }
  if (y > far_ridge) return {0.45f, 0.52f, 0.66f};
  const Colour sky = mix({0.22f, 0.42f, 0.78f}, {0.98f, 0.80f, 0.62f}, y / kShore);
  const float from_sun = std::hypot(x - 70, y - 22);
  return from_sun < 8 ? Colour{1.0f, 0.95f, 0.72f} : mix(sky, {1.0f, 0.90f, 0.65f}, std::exp(-(from_sun - 8) / 7));
}

/// The scenery, each pixel the mean of 4 × 4 points.
inline Picture draw_scenery(int size) {
  Picture picture{size, size};
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x) {
      for (int sample = 0; sample < 16; ++sample) {
        const auto place = [&](int pixel, int part) {
          return (static_cast<float>(pixel) + (static_cast<float>(part) + 0.5f) / 4) * 96 / static_cast<float>(size);
        };
        const Colour seen = scenery(place(x, sample % 4), place(y, sample / 4));
        for (int channel = 0; channel < 3; ++channel) {
          picture.pixel(x, y)[channel] += seen[static_cast<std::size_t>(channel)] / 16;
        }
      }
    }
  }
  return picture;
}

/// Where the Gaussians are: the outline of each at one width from its centre, `zoom` times as large.
inline Picture draw_outlines(const Gaussians& gaussians, int zoom) {
  Picture drawing{zoom * gaussians.picture.width, zoom * gaussians.picture.height};
  std::fill(drawing.values.begin(), drawing.values.end(), 1.0f);
  for (std::size_t i = 0; i < gaussians.size(); ++i) {
    const float cosine = std::cos(gaussians.angle.values[i]), sine = std::sin(gaussians.angle.values[i]);
    const float scale0 = std::exp(gaussians.log_scale.row(i)[0]), scale1 = std::exp(gaussians.log_scale.row(i)[1]);
    constexpr int kPoints = 720;
    for (int k = 0; k < kPoints; ++k) {
      const float turn = 6.2831853f * static_cast<float>(k) / kPoints;
      const float p = scale0 * std::cos(turn), q = scale1 * std::sin(turn);
      const float x = gaussians.position.row(i)[0] + p * cosine - q * sine;
      const float y = gaussians.position.row(i)[1] + p * sine + q * cosine;
      const auto column = static_cast<int>(std::floor((x + 0.5f) * static_cast<float>(zoom)));
      const auto row = static_cast<int>(std::floor((y + 0.5f) * static_cast<float>(zoom)));
      if (column < 0 || column >= drawing.width || row < 0 || row >= drawing.height) continue;
      const Colour line{0.15f, 0.25f, 0.45f};
      std::copy(line.begin(), line.end(), drawing.pixel(column, row));
    }
  }
  return drawing;
}

/// Every pixel `zoom` by `zoom` times.
inline Picture enlarge(const Picture& picture, int zoom) {
  Picture large{zoom * picture.width, zoom * picture.height};
  for (int y = 0; y < large.height; ++y) {
    for (int x = 0; x < large.width; ++x) std::copy_n(picture.pixel(x / zoom, y / zoom), 3, large.pixel(x, y));
  }
  return large;
}

/// Pictures of one size in rows of `columns`, white between them.
inline Picture side_by_side(std::span<const Picture> pictures, int columns) {
  constexpr int kGap = 8;
  const int width = pictures[0].width + kGap, height = pictures[0].height + kGap;
  const int rows = (static_cast<int>(pictures.size()) + columns - 1) / columns;
  Picture sheet{columns * width - kGap, rows * height - kGap};
  std::fill(sheet.values.begin(), sheet.values.end(), 1.0f);
  for (int k = 0; k < static_cast<int>(pictures.size()); ++k) {
    const Picture& picture = pictures[static_cast<std::size_t>(k)];
    for (int y = 0; y < picture.height; ++y) {
      std::copy_n(picture.pixel(0, y), 3 * picture.width, sheet.pixel(k % columns * width, k / columns * height + y));
    }
  }
  return sheet;
}

/// Writes a file as a whole. Throws std::runtime_error that names it.
inline void write_file(const std::filesystem::path& file, std::string_view contents) {
  std::ofstream stream(file, std::ios::binary);
  stream.write(contents.data(), static_cast<std::streamsize>(contents.size()));
  stream.close();
  if (!stream) throw std::runtime_error("cannot write " + file.string());
}

/// Writes a PNG file with 8 bits a channel and without compression (PNG specification, RFC 1950, RFC 1951: stored
/// blocks).
inline void write_png(const std::filesystem::path& file, const Picture& picture) {
  const auto number = [](std::string& to, std::uint32_t value) {  // big-endian
    for (int shift = 24; shift >= 0; shift -= 8) to += static_cast<char>(value >> shift & 0xff);
  };
  std::string lines;
  for (int y = 0; y < picture.height; ++y) {
    lines += '\0';  // not filtered
    for (int k = 0; k < 3 * picture.width; ++k) {
      lines += static_cast<char>(std::lround(255 * std::clamp(picture.pixel(0, y)[k], 0.0f, 1.0f)));
    }
  }
  std::string data = "\x78\x01";
  std::uint32_t a = 1, b = 0;  // Adler-32
  for (std::size_t at = 0; at < lines.size(); at += 65535) {
    const std::string block = lines.substr(at, 65535);
    data += at + block.size() == lines.size() ? '\1' : '\0';
    for (const std::size_t length : {block.size(), ~block.size()}) {
      data += static_cast<char>(length & 0xff);
      data += static_cast<char>(length >> 8 & 0xff);
    }
    data += block;
    for (const char byte : block) {
      a = (a + static_cast<unsigned char>(byte)) % 65521;
      b = (b + a) % 65521;
    }
  }
  number(data, b << 16 | a);

  std::string png = "\x89PNG\r\n\x1a\n";
  const auto chunk = [&](const std::string& type, const std::string& contents) {
    number(png, static_cast<std::uint32_t>(contents.size()));
    png += type + contents;
    std::uint32_t crc = ~0u;
    for (const char byte : type + contents) {
      crc ^= static_cast<unsigned char>(byte);
      for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320u : 0);
    }
    number(png, ~crc);
  };
  std::string header;
  number(header, static_cast<std::uint32_t>(picture.width));
  number(header, static_cast<std::uint32_t>(picture.height));
  header += std::string("\x08\x02\0\0\0", 5);  // 8 bits, RGB, the one compression, the one filtering, not interlaced
  chunk("IHDR", header);
  chunk("IDAT", data);
  chunk("IEND", "");
  write_file(file, png);
}

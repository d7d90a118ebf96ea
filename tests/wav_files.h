// Bytes of WAV files, put together by hand for tests.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

namespace thalweg::tests {

inline std::string little_endian(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xFF);
  return text;
}

inline std::string wav_chunk(const std::string& name, const std::string& contents) {
  return name + little_endian(contents.size(), 4) + contents + (contents.size() % 2 == 1 ? std::string(1, '\0') : "");
}

inline std::string riff(const std::string& chunks) {
  return "RIFF" + little_endian(4 + chunks.size(), 4) + "WAVE" + chunks;
}

struct WavLayout {
  int rate = 16000, channels = 1, bits = 16;
  bool extensible = false;
};

inline std::string format_chunk(const WavLayout& layout) {
  const auto frame = static_cast<std::uint64_t>(layout.channels * layout.bits / 8);
  std::string format = little_endian(layout.extensible ? 0xFFFE : 1, 2) +
                       little_endian(static_cast<std::uint64_t>(layout.channels), 2) +
                       little_endian(static_cast<std::uint64_t>(layout.rate), 4) +
                       little_endian(frame * static_cast<std::uint64_t>(layout.rate), 4) + little_endian(frame, 2) +
                       little_endian(static_cast<std::uint64_t>(layout.bits), 2);
  if (layout.extensible) {
    format += little_endian(22, 2) + little_endian(static_cast<std::uint64_t>(layout.bits), 2) + little_endian(4, 4) +
              little_endian(1, 2) + std::string("\0\0\0\0\x10\0\x80\0\0\xAA\0\x38\x9B\x71", 14);
  }
  return wav_chunk("fmt ", format);
}

/// Whole numbers as they stand in the file: of 8 bits 128 is added.
inline std::string wav_bytes(const WavLayout& layout, const std::vector<std::int64_t>& samples) {
  std::string data;
  for (const std::int64_t sample : samples) {
    data += little_endian(static_cast<std::uint64_t>(layout.bits == 8 ? sample + 128 : sample), layout.bits / 8);
  }
  return riff(format_chunk(layout) + wav_chunk("data", data));
}

/// So many samples a channel of a sine of `hertz` and an amplitude in [0, 1); of two channels the second is 0.
inline std::string sine_wav(const WavLayout& layout, std::int64_t frames, double hertz, double amplitude) {
  std::vector<std::int64_t> samples;
  const double full = std::pow(2, layout.bits - 1);
  for (std::int64_t i = 0; i < frames; ++i) {
    const double turn = 2 * std::numbers::pi * hertz * static_cast<double>(i) / layout.rate;
    samples.push_back(std::llround(amplitude * full * std::sin(turn)));
    if (layout.channels == 2) samples.push_back(0);
  }
  return wav_bytes(layout, samples);
}

}  // namespace thalweg::tests

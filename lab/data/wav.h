// WAV: sound files of whole numbers (PCM), read completely and checked, and brought to one rate.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace thalweg::lab {

constexpr std::int64_t kLeastRate = 8'000, kMostRate = 48'000;   ///< samples a second that are read
constexpr std::uint64_t kMostWavBytes = std::uint64_t{1} << 28;  ///< of one file: 256 MiB

/// What a file holds beside its samples.
struct WavHead {
  std::int64_t rate = 0;      ///< samples a second, kLeastRate … kMostRate
  std::int64_t channels = 0;  ///< 1 or 2
  std::int64_t bits = 0;      ///< of a sample: 8 (unsigned), 16 or 24
  std::int64_t frames = 0;    ///< samples of each channel, at least 1
};

/// One channel: of two their mean.
struct Sound {
  WavHead head;
  std::vector<float> samples;  ///< in [−1, 1): a whole number / 2^(bits − 1)
};

/// Looks at all chunks of a RIFF/WAVE file (Microsoft and IBM 1991, "Multimedia Programming Interface and Data
/// Specifications"): format 1, or 0xFFFE with the sub-format PCM; unknown chunks are skipped, odd ones padded. Throws
/// thalweg::Error with file and offset: no WAV at all, another format, rate, number of channels or bits, a chunk that
/// is longer than the file, a second `fmt ` or `data`, or no samples. Nothing is allocated.
WavHead wav_head(const std::filesystem::path& file, std::span<const std::uint8_t> bytes);

/// The samples, by libsndfile. Throws as wav_head.
Sound decode_wav(const std::filesystem::path& file, std::span<const std::uint8_t> bytes);

/// The file's contents, decoded. Throws also where it cannot be read or has more than kMostWavBytes.
Sound read_wav(const std::filesystem::path& file);

/// At another rate, ⌈samples × to / from⌉ of them, by libsamplerate's `SRC_SINC_MEDIUM_QUALITY` (band-limited
/// interpolation, Smith and Gossett 1984; 121 dB, 90 % of the band). Equal rates change nothing.
std::vector<float> resample(std::span<const float> samples, std::int64_t from, std::int64_t to);

}  // namespace thalweg::lab

// Tests of reading WAV files: bytes written by hand, sines whose energy and frequency are known, damaged files.
#include "data/wav.h"

#include "dataset_calls.h"
#include "wav_files.h"

#include <gmock/gmock.h>

#include <cmath>
#include <complex>
#include <cstdint>
#include <numbers>
#include <string>
#include <vector>

namespace thalweg::lab {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using tests::error_of;
using tests::format_chunk;
using tests::little_endian;
using tests::riff;
using tests::wav_bytes;
using tests::wav_chunk;
using tests::WavLayout;

std::span<const std::uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
Sound decoded(const std::string& text) { return decode_wav("some.wav", bytes_of(text)); }
std::string refusal(const std::string& text) {
  return error_of([&] { decoded(text); });
}

TEST(Wav, SamplesOfEachWidthAreTheirNumbersOverTheFullScale) {
  EXPECT_THAT(decoded(wav_bytes({.bits = 8}, {-128, 0, 64, 127})).samples,
              ElementsAre(-1.0f, 0.0f, 0.5f, 127 / 128.0f));
  EXPECT_THAT(decoded(wav_bytes({.bits = 16}, {-32768, 0, 8192, 32767})).samples,
              ElementsAre(-1.0f, 0.0f, 0.25f, 32767 / 32768.0f));
  EXPECT_THAT(decoded(wav_bytes({.bits = 24}, {-8388608, 1, 4194304, 8388607})).samples,
              ElementsAre(-1.0f, 1 / 8388608.0f, 0.5f, 8388607 / 8388608.0f));
  EXPECT_THAT(decoded(wav_bytes({.bits = 16, .extensible = true}, {-32768, 16384})).samples, ElementsAre(-1.0f, 0.5f));
  // Two channels become their mean.
  EXPECT_THAT(decoded(wav_bytes({.channels = 2}, {16384, 0, -32768, 16384})).samples, ElementsAre(0.25f, -0.25f));
}

TEST(Wav, HeadSaysWhatTheFileIs) {
  const WavHead head = decoded(wav_bytes({.rate = 44100, .channels = 2, .bits = 24}, {1, 2, 3, 4, 5, 6})).head;
  EXPECT_EQ(head.rate, 44100);
  EXPECT_EQ(head.channels, 2);
  EXPECT_EQ(head.bits, 24);
  EXPECT_EQ(head.frames, 3);
}

TEST(Wav, UnknownAndOddChunksAreSkipped) {
  const std::string data = wav_chunk("data", little_endian(16384, 2));
  for (const std::string& text :
       {riff(wav_chunk("LIST", "odd") + format_chunk({}) + wav_chunk("junk", "x") + data + wav_chunk("note", "behind")),
        riff(format_chunk({}) + data) + "pad"}) {
    EXPECT_THAT(decoded(text).samples, ElementsAre(0.5f));
  }
}

TEST(Wav, WhatStandsInOtherChunksDoesNotMatter) {
  const std::string data = wav_chunk("data", little_endian(16384, 2)), zeros(8000, '\0');
  for (const std::string& odd :
       {zeros, wav_chunk("smpl", "ab"), wav_chunk("LIST", "adtllabl\xff\xff\xff\xff"), wav_chunk("fact", "\5"),
        wav_chunk("LIST", "INFOISFT\xff\xff\xff\xff"), wav_chunk("cue ", "\xff\xff\xff\xff"), wav_chunk("bext", "x")}) {
    EXPECT_THAT(decoded(riff(format_chunk({}) + odd + data)).samples, ElementsAre(0.5f)) << odd.substr(0, 16);
    EXPECT_THAT(decoded(riff(format_chunk({}) + data + odd)).samples, ElementsAre(0.5f)) << odd.substr(0, 16);
  }
}

/// Amplitude of the frequency in the samples: |Σ x e^(−iωt)| · 2 / n.
double amplitude_at(std::span<const float> samples, double hertz, double rate) {
  std::complex<double> sum;
  for (std::size_t i = 0; i < samples.size(); ++i)
    sum += static_cast<double>(samples[i]) *
           std::polar(1.0, -2 * std::numbers::pi * hertz * static_cast<double>(i) / rate);
  return std::abs(sum) * 2 / static_cast<double>(samples.size());
}

TEST(Wav, ASineKeepsEnergyAndFrequencyAtAnyRateWidthAndNumberOfChannels) {
  constexpr double kHertz = 1000, kAmplitude = 0.5;
  for (const int rate : {8000, 11025, 16000, 22050, 32000, 44100, 48000}) {
    for (const int bits : {8, 16, 24}) {
      for (const int channels : {1, 2}) {
        const WavLayout layout{.rate = rate, .channels = channels, .bits = bits};
        const Sound sound = decoded(tests::sine_wav(layout, rate, kHertz, kAmplitude));
        ASSERT_EQ(std::ssize(sound.samples), rate);
        const std::vector<float> at16 = resample(sound.samples, rate, 16000);
        ASSERT_EQ(at16.size(), 16000u) << rate;
        // Without the ends, where the sine begins and ends abruptly: whole periods.
        const auto middle = std::span(at16).subspan(1600, 12800);
        const double expected = kAmplitude / channels;
        EXPECT_NEAR(amplitude_at(middle, kHertz, 16000), expected, 2e-3) << rate << ' ' << bits << ' ' << channels;
        double squares = 0;
        for (const float sample : middle) squares += static_cast<double>(sample) * static_cast<double>(sample);
        EXPECT_NEAR(squares / 12800, expected * expected / 2, 1e-3) << rate << ' ' << bits << ' ' << channels;
      }
    }
  }
}

TEST(Wav, WhatTheNewRateCannotHaveIsGone) {
  // 10 kHz at 48 kHz would be folded to 6 kHz at 16 kHz.
  const Sound sound = decoded(tests::sine_wav({.rate = 48000}, 48000, 10000, 0.5));
  const std::vector<float> at16 = resample(sound.samples, 48000, 16000);
  EXPECT_LT(amplitude_at(std::span(at16).subspan(1600, 12800), 6000, 16000), 1e-4);
}

TEST(Wav, ResamplingGivesTheRoundedUpNumberOfSamples) {
  for (const std::size_t count : {1u, 2u, 3u, 100u, 441u, 4411u}) {
    for (const std::int64_t rate : {8000, 44100, 48000}) {
      const std::vector<float> samples(count, 0.25f);
      const auto expected = (static_cast<std::int64_t>(count) * 16000 + rate - 1) / rate;
      EXPECT_EQ(std::ssize(resample(samples, rate, 16000)), expected) << count << ' ' << rate;
    }
  }
}

TEST(Wav, RefusesWhatIsNoneWithFileAndOffset) {
  EXPECT_THAT(refusal(""), AllOf(HasSubstr("some.wav"), HasSubstr("offset 0"), HasSubstr("no WAV file")));
  EXPECT_THAT(refusal("ID3\3 this is an MP3 file, not a WAV"), HasSubstr("no WAV file"));
  EXPECT_THAT(refusal(riff("")), HasSubstr("without a data chunk"));
  EXPECT_THAT(refusal(riff(format_chunk({}))), HasSubstr("without a data chunk"));
  EXPECT_THAT(refusal(riff(format_chunk({}) + wav_chunk("data", ""))),
              AllOf(HasSubstr("offset 40"), HasSubstr("0 samples")));
  EXPECT_THAT(refusal(riff(wav_chunk("data", "ab") + format_chunk({}))), HasSubstr("before a fmt chunk"));
  EXPECT_THAT(refusal(riff(format_chunk({}) + format_chunk({}) + wav_chunk("data", "ab"))), HasSubstr("second fmt"));
  EXPECT_THAT(refusal(riff(format_chunk({}) + wav_chunk("data", "ab") + wav_chunk("data", "ab"))),
              HasSubstr("second data"));
  EXPECT_THAT(refusal(riff(format_chunk({}) + wav_chunk("data", "abc"))),
              AllOf(HasSubstr("3 bytes"), HasSubstr("multiple of 2")));
  EXPECT_THAT(refusal(riff(wav_chunk("fmt ", "short") + wav_chunk("data", "ab"))), HasSubstr("5 bytes"));
}

TEST(Wav, RefusesOtherFormatsWithTheValueAndWhatIsAllowed) {
  const std::string good = wav_bytes({}, {1, 2});
  const auto with = [&](std::size_t offset, std::uint64_t value, int bytes) {
    std::string text = good;
    return refusal(text.replace(offset, static_cast<std::size_t>(bytes), little_endian(value, bytes)));
  };
  EXPECT_THAT(with(20, 3, 2), AllOf(HasSubstr("offset 20"), HasSubstr("format 3"), HasSubstr("PCM")));
  EXPECT_THAT(with(22, 0, 2), AllOf(HasSubstr("offset 22"), HasSubstr("0 channels"), HasSubstr("1 or 2")));
  EXPECT_THAT(with(22, 3, 2), HasSubstr("3 channels"));
  EXPECT_THAT(with(24, 7999, 4), AllOf(HasSubstr("offset 24"), HasSubstr("7999"), HasSubstr("8000 to 48000")));
  EXPECT_THAT(with(24, 96000, 4), HasSubstr("96000"));
  EXPECT_THAT(with(32, 4, 2), AllOf(HasSubstr("offset 32"), HasSubstr("blocks of 4")));
  EXPECT_THAT(with(34, 32, 2), AllOf(HasSubstr("offset 34"), HasSubstr("32 bits"), HasSubstr("8, 16 or 24")));
  EXPECT_THAT(with(40, 0xFFFFFFFF, 4),
              AllOf(HasSubstr("offset 40"), HasSubstr("4294967295 bytes"), HasSubstr("4 are left")));
  EXPECT_THAT(with(16, 0xFFFFFFFF, 4), AllOf(HasSubstr("offset 16"), HasSubstr("fmt chunk")));
  std::string no_pcm = wav_bytes({.extensible = true}, {1, 2});
  no_pcm[44] = 3;
  EXPECT_THAT(refusal(no_pcm), HasSubstr("format 3"));
  std::string of_someone = wav_bytes({.extensible = true}, {1, 2});
  of_someone[50] = 3;
  EXPECT_THAT(refusal(of_someone), AllOf(HasSubstr("offset 44"), HasSubstr("sub-format"), HasSubstr("PCM")));
}

TEST(Wav, AFileThatIsCutOffAnywhereIsRefused) {
  for (const WavLayout& layout : {WavLayout{}, WavLayout{.bits = 24, .extensible = true}}) {
    const std::string text = wav_bytes(layout, {1, 2, 3, 4});
    for (std::size_t size = 0; size < text.size(); ++size) EXPECT_NE(refusal(text.substr(0, size)), "") << size;
    EXPECT_EQ(decoded(text).samples.size(), 4u);
  }
}

TEST(Wav, EveryByteChangedIsReadOrRefused) {
  const std::string text = wav_bytes({.channels = 2, .bits = 8}, {1, 2, 3, 4});
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      std::string damaged = text;
      damaged[at] = static_cast<char>(value);
      try {
        const Sound sound = decoded(damaged);
        EXPECT_EQ(std::ssize(sound.samples), sound.head.frames) << at << ' ' << value;
        EXPECT_LE(sound.head.frames, 4) << at << ' ' << value;
      } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr("some.wav"));
      }
    }
  }
}

TEST(Wav, ReadsFiles) {
  const test::Files files;
  EXPECT_EQ(read_wav(files.write("a.wav", wav_bytes({}, {16384}))).samples.front(), 0.5f);
  EXPECT_THAT(error_of([&] { read_wav(files.path() + "/none.wav"); }), HasSubstr("none.wav"));
}

}  // namespace
}  // namespace thalweg::lab

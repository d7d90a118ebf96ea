// WAV: sound files of whole numbers (PCM), read completely and checked, and brought to one rate.
#include "data/wav.h"

#include "data/content_reader.h"

#include <thalweg/error.h>

#include <fmt/format.h>
#include <samplerate.h>
#include <sndfile.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <string_view>
#include <type_traits>

namespace thalweg::lab {
namespace {

constexpr std::size_t kRiffHead = 12, kChunkHead = 8;
constexpr std::uint32_t kPcm = 1, kExtensible = 0xFFFE;
/// What stands behind the first two bytes of a sub-format that is one of the formats (ksmedia.h's
/// DEFINE_WAVEFORMATEX_GUID).
constexpr std::string_view kOwnFormats{"\0\0\0\0\x10\0\x80\0\0\xAA\0\x38\x9B\x71", 14};

/// Looks at a file's bytes, which it never leaves.
class Walk {
 public:
  Walk(const std::filesystem::path& file, std::span<const std::uint8_t> bytes) : file_(file), bytes_(bytes) {}

  WavHead head() {
    if (bytes_.size() < kRiffHead || name(0) != "RIFF" || name(8) != "WAVE") {
      fail(0, "is no WAV file: expected RIFF, a length and WAVE");
    }
    std::uint64_t data_size = 0;
    std::size_t at = kRiffHead, data_at = 0;
    // Behind the last chunk less than a chunk's head may be left: some programs pad so.
    while (at + kChunkHead <= bytes_.size()) {
      const std::uint64_t size = number(at + 4, 4), left = bytes_.size() - at - kChunkHead;
      const std::string_view chunk = name(at);
      const bool is_format = chunk == "fmt ", is_data = chunk == "data";
      if (size > left && (is_format || is_data || data_at == 0)) {
        fail(at + 4, fmt::format("the {} has {} bytes, but {} are left of the file: it is cut off",
                                 is_data     ? "data chunk"
                                 : is_format ? "fmt chunk"
                                             : "chunk",
                                 size, left));
      }
      if (is_format) read_format(at, size);
      if (is_data) {
        if (data_at != 0) fail(at, "there is a second data chunk; expected one");
        if (head_.rate == 0) fail(at, "the data chunk stands before a fmt chunk");
        data_size = size;
        data_at = at + kChunkHead;
      }
      if (size > left) break;  // what is cut off stands behind the samples
      at += kChunkHead + static_cast<std::size_t>(std::min(size + size % 2, left));
    }
    if (data_at == 0) fail(bytes_.size(), "the file ends without a data chunk");
    const std::uint64_t frame = static_cast<std::uint64_t>(head_.channels * head_.bits / 8);
    if (data_size == 0) fail(data_at - 4, "the data chunk has 0 samples; expected at least 1");
    if (data_size % frame != 0) {
      fail(data_at - 4, fmt::format("the data chunk has {} bytes; expected a multiple of {}: {} × {} bits", data_size,
                                    frame, head_.channels, head_.bits));
    }
    head_.frames = static_cast<std::int64_t>(data_size / frame);
    samples_ = bytes_.subspan(data_at, static_cast<std::size_t>(data_size));
    return head_;
  }

  /// The data chunk's contents, once head() has found it.
  std::span<const std::uint8_t> samples() const { return samples_; }

 private:
  void read_format(std::size_t at, std::uint64_t size) {
    const std::size_t from = at + kChunkHead;
    if (head_.rate != 0) fail(at, "there is a second fmt chunk; expected one");
    if (size < 16) fail(at + 4, fmt::format("the fmt chunk has {} bytes; expected at least 16", size));
    std::uint64_t format = number(from, 2);
    if (format == kExtensible) {
      if (size < 40) fail(at + 4, fmt::format("the fmt chunk of format 0xFFFE has {} bytes; expected 40", size));
      format = number(from + 24, 2);
      if (std::string_view(reinterpret_cast<const char*>(bytes_.data()) + from + 26, kOwnFormats.size()) !=
          kOwnFormats) {
        fail(from + 24, "the sub-format of format 0xFFFE is not of the known ones; expected PCM");
      }
    }
    if (format != kPcm) fail(from, fmt::format("format {} is not read; expected 1: PCM", format));
    head_.channels = static_cast<std::int64_t>(number(from + 2, 2));
    if (head_.channels != 1 && head_.channels != 2) {
      fail(from + 2, fmt::format("{} channels; expected 1 or 2", head_.channels));
    }
    const auto rate = static_cast<std::int64_t>(number(from + 4, 4));
    if (rate < kLeastRate || rate > kMostRate) {
      fail(from + 4, fmt::format("{} samples a second; expected {} to {}", rate, kLeastRate, kMostRate));
    }
    head_.bits = static_cast<std::int64_t>(number(from + 14, 2));
    if (head_.bits != 8 && head_.bits != 16 && head_.bits != 24) {
      fail(from + 14, fmt::format("samples of {} bits; expected 8, 16 or 24", head_.bits));
    }
    const auto frame = static_cast<std::int64_t>(number(from + 12, 2));
    if (frame != head_.channels * head_.bits / 8) {
      fail(from + 12, fmt::format("blocks of {} bytes; {} × {} bits have {}", frame, head_.channels, head_.bits,
                                  head_.channels * head_.bits / 8));
    }
    head_.rate = rate;
  }

  std::string_view name(std::size_t at) const { return {reinterpret_cast<const char*>(bytes_.data()) + at, 4}; }
  std::uint64_t number(std::size_t at, std::size_t count) const {
    std::uint64_t value = 0;
    for (std::size_t i = count; i-- > 0;) value = value << 8 | bytes_[at + i];
    return value;
  }
  [[noreturn]] void fail(std::uint64_t offset, const std::string& what) const { fail_at(file_, offset, what); }

  const std::filesystem::path& file_;
  std::span<const std::uint8_t> bytes_, samples_;
  WavHead head_;
};

/// libsndfile's file: bytes in memory.
struct Memory {
  std::span<const std::uint8_t> bytes;
  sf_count_t at = 0;
};

SF_VIRTUAL_IO memory_calls() {
  return {.get_filelen = [](void* user) { return static_cast<sf_count_t>(static_cast<Memory*>(user)->bytes.size()); },
          .seek =
              [](sf_count_t offset, int whence, void* user) {
                Memory& memory = *static_cast<Memory*>(user);
                const auto size = static_cast<sf_count_t>(memory.bytes.size());
                const sf_count_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? memory.at : size;
                memory.at = std::clamp<sf_count_t>(from + offset, 0, size);
                return memory.at;
              },
          .read =
              [](void* to, sf_count_t count, void* user) {
                Memory& memory = *static_cast<Memory*>(user);
                const sf_count_t left = static_cast<sf_count_t>(memory.bytes.size()) - memory.at;
                const sf_count_t got = std::clamp<sf_count_t>(count, 0, left);
                if (got > 0) std::memcpy(to, memory.bytes.data() + memory.at, static_cast<std::size_t>(got));
                memory.at += got;
                return got;
              },
          .write = [](const void*, sf_count_t, void*) { return sf_count_t{0}; },
          .tell = [](void* user) { return static_cast<Memory*>(user)->at; }};
}

}  // namespace

WavHead wav_head(const std::filesystem::path& file, std::span<const std::uint8_t> bytes) {
  return Walk(file, bytes).head();
}

Sound decode_wav(const std::filesystem::path& file, std::span<const std::uint8_t> bytes) {
  Walk walk(file, bytes);
  Sound sound{.head = walk.head(), .samples = {}};
  const WavHead& head = sound.head;
  // libsndfile gets the samples alone: of other chunks it would read some, and give up at what is odd in them.
  Memory memory{.bytes = walk.samples()};
  SF_VIRTUAL_IO calls = memory_calls();
  SF_INFO info{};
  info.samplerate = static_cast<int>(head.rate);
  info.channels = static_cast<int>(head.channels);
  info.format = SF_FORMAT_RAW | SF_ENDIAN_LITTLE |
                (head.bits == 8    ? SF_FORMAT_PCM_U8
                 : head.bits == 16 ? SF_FORMAT_PCM_16
                                   : SF_FORMAT_PCM_24);
  using File = std::remove_pointer_t<decltype(sf_open_virtual(nullptr, 0, nullptr, nullptr))>;
  const std::unique_ptr<File, int (*)(File*)> open(sf_open_virtual(&calls, SFM_READ, &info, &memory), &sf_close);
  if (!open) throw Error(fmt::format("{}: {}", file.string(), sf_strerror(nullptr)));
  try {
    sound.samples.resize(static_cast<std::size_t>(head.frames));
  } catch (const std::bad_alloc&) {
    fail_of_memory(file, fmt::format("its {} samples", head.frames));
  }
  std::array<float, 2048> block{};
  const auto channels = static_cast<std::size_t>(head.channels), most = block.size() / channels;
  for (std::size_t done = 0; done < sound.samples.size();) {
    const std::size_t count = std::min(most, sound.samples.size() - done);
    const sf_count_t got = sf_readf_float(open.get(), block.data(), static_cast<sf_count_t>(count));
    if (got != static_cast<sf_count_t>(count)) {
      throw Error(fmt::format("{}: sample {} of {} cannot be read: {}", file.string(),
                              done + static_cast<std::size_t>(std::max<sf_count_t>(got, 0)), head.frames,
                              sf_strerror(open.get())));
    }
    for (std::size_t i = 0; i < count; ++i)
      sound.samples[done + i] = channels == 1 ? block[i] : (block[2 * i] + block[2 * i + 1]) / 2;
    done += count;
  }
  return sound;
}

Sound read_wav(const std::filesystem::path& file) { return decode_wav(file, read_contents(file, kMostWavBytes)); }

std::vector<float> resample(std::span<const float> samples, std::int64_t from, std::int64_t to) {
  if (from == to || samples.empty()) return {samples.begin(), samples.end()};
  const auto count = (static_cast<std::int64_t>(samples.size()) * to + from - 1) / from;
  // libsamplerate counts in long, and gives a sample more or less than the ratio says.
  std::vector<float> result(static_cast<std::size_t>(count) + 1);
  SRC_DATA data{};
  data.data_in = samples.data();
  data.data_out = result.data();
  data.input_frames = static_cast<long>(samples.size());
  data.output_frames = static_cast<long>(result.size());
  data.src_ratio = static_cast<double>(to) / static_cast<double>(from);
  if (const int error = src_simple(&data, SRC_SINC_MEDIUM_QUALITY, 1); error != 0) {
    throw Error(fmt::format("resampling from {} to {} samples a second: {}", from, to, src_strerror(error)));
  }
  result.resize(static_cast<std::size_t>(data.output_frames_gen));
  result.resize(static_cast<std::size_t>(count), 0.0f);
  return result;
}

}  // namespace thalweg::lab

// libFuzzer target: any bytes as a WAV file, also with the length of its last chunk made right. It is refused by an
// Error with an offset, or becomes as many finite samples in [-1, 1) as its head says, the same each time, and at
// another rate as many as the ratio says.
#include "data/wav.h"
#include "memory_file.h"

#include <thalweg/error.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace {

using thalweg::lab::Sound;
using thalweg::lab::test::require;

void check(std::span<const std::uint8_t> bytes) {
  try {
    const Sound sound = thalweg::lab::decode_wav("sound", bytes);
    const auto& head = sound.head;
    require(head.rate >= thalweg::lab::kLeastRate && head.rate <= thalweg::lab::kMostRate, "rate");
    require(head.channels == 1 || head.channels == 2, "channels");
    require(head.bits == 8 || head.bits == 16 || head.bits == 24, "bits");
    require(head.frames >= 1 && head.frames == static_cast<std::int64_t>(sound.samples.size()), "samples");
    require(static_cast<std::uint64_t>(head.frames * head.channels * head.bits / 8) <= bytes.size(),
            "too many samples");
    require(std::ranges::all_of(sound.samples, [](float x) { return x >= -1 && x < 1; }), "a sample outside [-1, 1)");
    require(thalweg::lab::decode_wav("sound", bytes).samples == sound.samples, "decoded again it is another sound");
    if (head.frames > 4000) return;  // resampling more would only take long
    const auto at16 = thalweg::lab::resample(sound.samples, head.rate, 16000);
    require(static_cast<std::int64_t>(at16.size()) == (head.frames * 16000 + head.rate - 1) / head.rate, "resampled");
  } catch (const thalweg::Error& error) {
    require(*error.what() != '\0', "an error without a message");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check({data, size});
  // Chance does not find the length of a data chunk that ends with the file.
  std::vector<std::uint8_t> bytes(data, data + size);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::size_t at = text.find("data");
  if (at == std::string_view::npos || at + 8 > size) return 0;
  const std::size_t left = size - at - 8;
  for (std::size_t i = 0; i < 4; ++i) bytes[at + 4 + i] = static_cast<std::uint8_t>(left >> (8 * i));
  check(bytes);
  return 0;
}

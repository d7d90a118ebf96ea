// libFuzzer target: any bytes into the safetensors reader, as they are and with a header length that fits them.
#include "safetensors_check.h"

#include <algorithm>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> bytes = std::as_bytes(std::span{data, size});
  thalweg::safetensors::accepts(bytes);  // Throws, and so crashes, on a finding.

  // The header is what ends with the last brace: so mutations reach what stands behind the check of its length.
  const auto last_brace = std::find(bytes.rbegin(), bytes.rend(), std::byte{'}'});
  const auto length = static_cast<std::uint64_t>(bytes.rend() - last_brace);
  std::vector<std::byte> fitting;
  for (int i = 0; i < 8; ++i) {
    fitting.push_back(static_cast<std::byte>(length >> (8 * i) & 0xFF));
  }
  fitting.insert(fitting.end(), bytes.begin(), bytes.end());
  thalweg::safetensors::accepts(fitting);
  return 0;
}

// libFuzzer target: any bytes as a text. It is refused by an Error with offset and line, or is code points that,
// encoded again, are the bytes but for the mark at the beginning and the line ends.
#include "data/gzip.h"
#include "data/text.h"
#include "memory_file.h"

#include <thalweg/error.h>

#include <checkpoint/utf8.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace {

using thalweg::lab::test::MemoryFile;
using thalweg::lab::test::require;

std::string with_lf(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '\n' && result.ends_with('\r')) result.pop_back();
    result += c;
  }
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::uint8_t> bytes{data, size};
  std::string plain(bytes.begin(), bytes.end());
  if (plain.starts_with("\xef\xbb\xbf")) plain.erase(0, 3);
  const bool is_text =
      !plain.empty() && plain.find('\0') == std::string::npos && thalweg::find_invalid_utf8(plain) == std::string::npos;
  const MemoryFile file(bytes);
  try {
    std::string encoded;
    for (const char32_t character : thalweg::lab::read_text(file.path())) thalweg::append_utf8(encoded, character);
    if (thalweg::lab::is_gzip(bytes)) return 0;
    require(is_text, "this is no text");
    require(encoded == with_lf(plain), "encoded again it is another text");
  } catch (const thalweg::Error& error) {
    require(!is_text || thalweg::lab::is_gzip(bytes), "this is a text");
    require(std::string(error.what()).find("offset") != std::string::npos, "an error without an offset");
  }
  return 0;
}

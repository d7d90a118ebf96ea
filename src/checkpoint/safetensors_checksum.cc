// The checksum that thalweg's safetensors files carry in their metadata: made from the contents, not from the header's
// text, so that a program that copies metadata and tensors as they are keeps it right.
#include "checkpoint/safetensors_layout.h"
#include "checkpoint/xxh64.h"
#include "text.h"
#include "thalweg/error.h"

#include <span>

namespace thalweg::inline v0_1::safetensors {
namespace {

// The checksum is known by its value too: damage to the key alone must not turn it into something else.
constexpr std::string_view kKind = "thalweg-xxh64:";
constexpr std::size_t kDigits = 16;

bool looks_like_checksum(std::string_view text) {
  return text.size() == kKind.size() + kDigits && text.starts_with(kKind);
}

}  // namespace

std::string checksum_of(const Contents& contents) {
  std::uint64_t hash = 0;
  const auto add = [&](std::string_view text) { hash = xxh64(std::as_bytes(std::span(text)), hash); };
  for (const auto& [key, text] : contents.metadata) {
    if (key == kChecksumKey) continue;
    add(key);
    add(text);
  }
  for (const auto& [name, tensor] : contents.tensors) {
    add(name);
    add(to_string(tensor.dtype));
    add(to_string(tensor.shape));
    hash = xxh64(tensor.data, hash);
  }
  std::string text(kKind);
  for (std::size_t digit = kDigits; digit-- > 0;) text += "0123456789abcdef"[hash >> (4 * digit) & 15];
  return text;
}

void take_checksum(Contents& contents, std::string_view source) {
  const auto noted = contents.metadata.find(kChecksumKey);
  if (noted == contents.metadata.end()) {
    for (const auto& [key, text] : contents.metadata) {
      if (!looks_like_checksum(text)) continue;
      throw Error(std::string(source) + ": damaged: the checksum stands under the key " + in_quotes(key) + ", not " +
                  in_quotes(kChecksumKey));
    }
    return;
  }
  const std::string expected = noted->second;
  contents.metadata.erase(noted);
  if (const std::string actual = checksum_of(contents); actual != expected) {
    throw Error(std::string(source) + ": damaged: the checksum of its contents is " + actual + ", the one it carries " +
                in_quotes(expected) + "; a program that changes such a file must leave the metadata " +
                in_quotes(kChecksumKey) + " out");
  }
}

}  // namespace thalweg::inline v0_1::safetensors

// TextBytes: the whole text of a file in memory, checked to be text.
#include "data/text_bytes.h"

#include "data/gzip.h"
#include "data/huge_pages.h"
#include "data/in_parallel.h"
#include "data/input_file.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <span>
#include <utility>

namespace thalweg::lab {

namespace {

constexpr std::size_t kBehind = 16;  // the line feed, and room for reads of 8 bytes

std::span<std::uint8_t> bytes_of(char* memory, std::size_t size) {
  return {reinterpret_cast<std::uint8_t*>(memory), size};
}

// Length of the character of UTF-8 at the beginning of [at, end); 0 if it is none (overlong forms, surrogates and
// numbers above U+10FFFF are none).
std::size_t utf8_length(const char* at, const char* end) {
  const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(at[i])); };
  const std::size_t lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || static_cast<std::size_t>(end - at) < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  const std::size_t second = byte(1);
  if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) || (lead == 0xf0 && second < 0x90) ||
      (lead == 0xf4 && second > 0x8f))
    return 0;
  return length;
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7f;
}

// The first byte that is not text, or nullptr.
const char* find_no_text(const char* at, const char* end) {
  while (at < end) {
    const std::size_t length = utf8_length(at, end);
    if (length == 0 || is_control(*at)) return at;
    at += length;
  }
  return nullptr;
}

// What a part of the text holds.
struct Look {
  std::int64_t lines = 0;   // line feeds
  unsigned char odd = 0;    // 1 if the number of quotes is odd
  unsigned char other = 0;  // 1 if there are bytes that are not plain ASCII text
};

// In loops without branches, which compilers turn into vectors; counts stay bytes as long as they fit.
void look_at(const char* at, std::ptrdiff_t size, Look& look) {
  constexpr std::ptrdiff_t kLanes = 64;
  constexpr std::ptrdiff_t kMost = 255;
  while (size > 0) {
    std::array<unsigned char, kLanes> lines{};
    std::array<unsigned char, kLanes> odd{};
    std::array<unsigned char, kLanes> other{};
    const auto add = [&](std::size_t lane, char c) {
      const auto byte = static_cast<unsigned char>(c);
      lines[lane] = static_cast<unsigned char>(lines[lane] + (byte == '\n'));
      odd[lane] ^= byte == '"';
      other[lane] |= static_cast<unsigned char>(((byte < 0x20) & (byte != '\t') & (byte != '\n') & (byte != '\r')) |
                                                (byte >= 0x7f));
    };
    const std::ptrdiff_t blocks = std::min(size / kLanes, kMost);
    for (std::ptrdiff_t i = 0; i < blocks; ++i, at += kLanes)
      for (std::size_t lane = 0; lane < kLanes; ++lane) add(lane, at[lane]);
    size -= blocks * kLanes;
    for (; blocks == 0 && size > 0; --size) add(0, *at++);
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      look.lines += lines[lane];
      look.odd ^= odd[lane];
      look.other |= other[lane];
    }
  }
}

}  // namespace

void TextBytes::allocate(std::size_t size) {
  try {
    memory_ = std::make_unique_for_overwrite<char[]>(size + kBehind);
    use_huge_pages(memory_.get(), size);
  } catch (const std::bad_alloc&) {
    throw Error(fmt::format("{}: no memory for its {} bytes", name_, size));
  }
}

TextBytes::TextBytes(const std::filesystem::path& file) : name_(file.string()) {
  InputFile input(file);
  std::array<std::uint8_t, 2> start{};
  const bool compressed = is_gzip(std::span(start).first(input.read(start)));
  input.rewind();
  std::size_t size = 0;
  if (compressed) {
    GzipReader reader(input);
    std::size_t room = 0;
    bool zeros = false;
    do {  // until the stream leaves room: how much it holds is not known before
      const std::unique_ptr<char[]> old = std::move(memory_);
      room = std::max(std::size_t{1} << 16, 2 * room);
      allocate(room);
      if (size > 0) std::memcpy(memory_.get(), old.get(), size);
      const std::size_t got = reader.read(bytes_of(memory_.get() + size, room - size));
      zeros = std::memchr(memory_.get() + size, 0, got) != nullptr;
      size += got;
    } while (size == room && !zeros);
    // With zeros it is no text, which `check` will say; some kilobytes can hold gigabytes of them.
    if (!zeros) reader.finish();
  } else {
    allocate(input.size());
    size = input.read(bytes_of(memory_.get(), input.size()));
  }
  begin_ = memory_.get();
  end_ = begin_ + size;
  skip_mark();
}

TextBytes::TextBytes(std::string_view text, std::string name) : name_(std::move(name)) {
  allocate(text.size());
  std::copy(text.begin(), text.end(), memory_.get());
  begin_ = memory_.get();
  end_ = begin_ + text.size();
  skip_mark();
}

void TextBytes::skip_mark() {
  char* const behind = memory_.get() + (end_ - begin_);
  std::fill(behind, behind + kBehind, '\0');
  *behind = '\n';
  const std::string_view text(begin_, size());
  if (text.starts_with("\xef\xbb\xbf")) begin_ += 3;
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff"))
    fail(begin_, "is UTF-16; UTF-8 is expected: iconv -f UTF-16 -t UTF-8 converts it");
  if (text.starts_with("\x1f\x8b")) fail(begin_, "is still compressed by gzip; gzip -dc unpacks it");
}

std::vector<TextBytes::Piece> TextBytes::check(std::size_t pieces) const {
  std::vector<Piece> result;
  const char* begin = begin_;
  for (std::size_t i = 1; i <= pieces && begin < end_; ++i) {
    const char* end = end_;
    if (i < pieces) {
      const char* const near = std::max(begin, begin_ + size() / pieces * i);
      const auto* const feed =
          static_cast<const char*>(std::memchr(near, '\n', static_cast<std::size_t>(end_ - near) + 1));
      end = std::min(feed + 1, end_);
    }
    result.push_back({begin, end, 0, false});
    begin = end;
  }
  std::vector<const char*> wrong(result.size(), nullptr);
  in_parallel(result.size(), [&](std::size_t i) {
    Piece& piece = result[i];
    Look look;
    look_at(piece.begin, piece.end - piece.begin, look);
    piece.lines = look.lines;
    piece.odd = look.odd != 0;
    if (look.other != 0) wrong[i] = find_no_text(piece.begin, piece.end);
  });
  for (const char* const at : wrong) {
    if (at == nullptr) continue;
    const unsigned byte = static_cast<unsigned char>(*at);
    if (is_control(*at)) {
      fail(at, fmt::format("byte {:02x} is a control character; text in UTF-8 is expected", byte));
    }
    fail(at,
         fmt::format("byte {:02x} is not UTF-8; if the file is Latin-1, iconv -f LATIN1 -t UTF-8 converts it", byte));
  }
  return result;
}

std::int64_t TextBytes::line_of(const char* at) const { return 1 + std::count(begin_, std::min(at, end_), '\n'); }

void TextBytes::fail(const char* at, const std::string& what) const {
  throw Error(fmt::format("{}:{}: {}", name_, line_of(at), what));
}

}  // namespace thalweg::lab

// Text files in UTF-8, plain or gzip, as code points.
#include "data/text.h"

#include "data/content_reader.h"
#include "data/utf8_reader.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <optional>
#include <string>
#include <utility>

namespace thalweg::lab {

namespace {

constexpr char32_t kByteOrderMark = 0xfeff;

// The text as far as it has been read.
class Text {
 public:
  explicit Text(const std::filesystem::path& file) : file_(file) {}

  void reserve(std::uint64_t characters) { characters_.reserve(std::min(characters, kMostCharacters)); }

  void take(std::uint8_t byte) {
    if (!utf8_.take(byte)) fail_of_utf8(byte);
    ++offset_;
    const std::optional<char32_t> character = utf8_.completed();
    if (!character) return;
    if (*character == 0) fail(offset_ - 1, "a NUL character (byte 00); texts have none");
    if (*character == kByteOrderMark && offset_ == 3) return;
    if (characters_.size() == kMostCharacters) {
      fail(offset_, fmt::format("the text goes on; at most {} characters are read", kMostCharacters));
    }
    if (*character == U'\n') {
      ++line_;
      if (!characters_.empty() && characters_.back() == U'\r') characters_.pop_back();
    }
    characters_.push_back(*character);
  }

  std::vector<char32_t> finish() {
    if (utf8_.pending() > 0) {
      fail(offset_, fmt::format("the text ends within a character, after {} of its bytes", utf8_.pending()));
    }
    if (characters_.empty()) fail(offset_, "the text is empty; expected at least one character");
    return std::move(characters_);
  }

 private:
  [[noreturn]] void fail(std::uint64_t offset, const std::string& what) const {
    fail_at(file_, offset, fmt::format("line {}: {}", line_, what));
  }

  [[noreturn]] void fail_of_utf8(std::uint8_t byte) const {
    if (offset_ == 0 && byte >= 0xfe) {
      fail(offset_, fmt::format("byte {:02x} begins no UTF-8; if this is UTF-16, `iconv -f UTF-16 -t UTF-8 {} > NEW` "
                                "makes it UTF-8",
                                byte, file_.string()));
    }
    fail(offset_,
         fmt::format("byte {:02x} {} UTF-8; `iconv -f ENCODING -t UTF-8 {} > NEW` converts other encodings", byte,
                     utf8_.pending() > 0 ? "does not go on a character of" : "begins no character of", file_.string()));
  }

  const std::filesystem::path& file_;
  std::vector<char32_t> characters_;
  Utf8Reader utf8_;
  std::uint64_t offset_ = 0;  // of the next byte
  std::uint64_t line_ = 1;
};

}  // namespace

std::vector<char32_t> read_text(const std::filesystem::path& file) {
  constexpr std::size_t kPiece = std::size_t{1} << 16;
  ContentReader reader(file);
  try {
    Text text(file);
    // A compressed text may be far shorter than it could be, and grows.
    if (!reader.compressed()) text.reserve(reader.file_size());
    std::vector<std::uint8_t> piece(kPiece);
    std::size_t got = 0;
    do {
      got = reader.read(piece);
      for (std::size_t i = 0; i < got; ++i) text.take(piece[i]);
    } while (got == piece.size());
    return text.finish();
  } catch (const std::bad_alloc&) {
    fail_of_memory(file, "the characters of the text");
  }
}

}  // namespace thalweg::lab

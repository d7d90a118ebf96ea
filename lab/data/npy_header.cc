// The header of a .npy file: a Python dict of dtype, order and shape, read strictly.
//
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html. NumPy evaluates it as a Python literal; only
// what NumPy writes is taken here.
#include "data/npy_header.h"

#include "data/content_reader.h"
#include "data/utf8_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <optional>
#include <string>

namespace thalweg::lab {

namespace {

constexpr std::size_t kMostDimensions = 64;  // NumPy 2's limit
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 62;

struct TypeCode {
  std::string_view code;  // without byte order
  NpyType type;
};

constexpr TypeCode kTypes[] = {{"b1", NpyType::boolean}, {"i1", NpyType::int8},    {"u1", NpyType::uint8},
                               {"i2", NpyType::int16},   {"u2", NpyType::uint16},  {"i4", NpyType::int32},
                               {"u4", NpyType::uint32},  {"i8", NpyType::int64},   {"u8", NpyType::uint64},
                               {"f2", NpyType::float16}, {"f4", NpyType::float32}, {"f8", NpyType::float64}};

constexpr const char* kAllowed =
    "expected bool, an integer or a float of 16, 32 or 64 bits; convert it by `array.astype(...)` before `np.save`";

// What the kinds are that cannot be read.
const char* kind_name(char kind) {
  switch (kind) {
    case 'O':
      return "Python objects, which are pickles and never read";
    case 'c':
      return "complex numbers";
    case 'f':
      return "floats of another size";
    case 'S':
    case 'a':
      return "byte strings";
    case 'U':
      return "text";
    case 'M':
      return "dates";
    case 'm':
      return "time spans";
    case 'V':
      return "raw bytes";
    default:
      return "none of NumPy's plain types";
  }
}

class Parser {
 public:
  Parser(const std::filesystem::path& file, std::string_view text, std::uint64_t offset)
      : file_(file), text_(text), offset_(offset) {}

  NpyHeader parse() {
    NpyHeader header;
    bool has_descr = false, has_order = false, has_shape = false;
    const auto once = [&](bool& has, const std::string& key, std::size_t at) {
      if (has) fail(at, fmt::format("key '{}' stands twice", key));
      has = true;
    };
    expect('{');
    while (!take('}')) {
      const std::size_t at = position();
      const std::string key = string();
      expect(':');
      if (key == "descr") {
        once(has_descr, key, at);
        descr(header);
      } else if (key == "fortran_order") {
        once(has_order, key, at);
        header.fortran = boolean();
      } else if (key == "shape") {
        once(has_shape, key, at);
        shape(header);
      } else {
        fail(at, fmt::format("key '{}' is none of descr, fortran_order, shape", key));
      }
      if (take(',')) continue;
      expect('}');
      break;
    }
    if (position() < text_.size()) fail(at_, "something follows behind the dict");
    for (const auto& [has, key] : {std::pair{has_descr, "descr"}, {has_order, "fortran_order"}, {has_shape, "shape"}}) {
      if (!has) fail(at_, fmt::format("the dict has no key '{}'", key));
    }
    count(header);
    return header;
  }

 private:
  [[noreturn]] void fail(std::size_t at, const std::string& what) const { fail_at(file_, offset_ + at, what); }

  // Behind blanks.
  std::size_t position() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) {
      ++at_;
    }
    return at_;
  }

  bool take(char c) {
    if (position() >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  // What stands here, for errors.
  std::string here() {
    if (position() >= text_.size()) return "the header ends";
    const auto byte = static_cast<unsigned char>(text_[at_]);
    return byte >= 0x20 && byte < 0x7f ? fmt::format("'{}'", text_[at_]) : fmt::format("byte {:02x}", byte);
  }

  void expect(char c) {
    if (!take(c)) fail(at_, fmt::format("{}; expected '{}'", here(), c));
  }

  std::string string() {
    if (position() >= text_.size() || (text_[at_] != '\'' && text_[at_] != '"')) {
      fail(at_, fmt::format("{}; expected a string in quotes", here()));
    }
    const char quote = text_[at_];
    const std::size_t begin = at_ + 1, end = text_.find(quote, begin);
    if (end == std::string_view::npos) fail(at_, "the string does not end");
    const std::string_view contents = text_.substr(begin, end - begin);
    if (contents.find('\\') != std::string_view::npos || !is_printable(contents)) {
      fail(at_, "the string has characters that NumPy does not write");
    }
    at_ = end + 1;
    return std::string(contents);
  }

  bool boolean() {
    position();
    for (const bool value : {false, true}) {
      const std::string_view word = value ? "True" : "False";
      if (!text_.substr(at_).starts_with(word)) continue;
      at_ += word.size();
      return value;
    }
    fail(at_, fmt::format("{}; expected True or False", here()));
  }

  void descr(NpyHeader& header) {
    const std::size_t at = position();
    if (at < text_.size() && (text_[at] == '[' || text_[at] == '(')) {
      fail(at, fmt::format("the elements are structured; save each field as an array of its own: {}", kAllowed));
    }
    const std::string dtype = string();
    std::string_view code = dtype;
    std::optional<char> order;
    if (!code.empty() && std::string_view("<>|=").find(code[0]) != std::string_view::npos) {
      order = code[0];
      code.remove_prefix(1);
    }
    const auto* const known = std::find_if(std::begin(kTypes), std::end(kTypes),
                                           [&](const TypeCode& candidate) { return candidate.code == code; });
    if (known == std::end(kTypes)) {
      fail(at, fmt::format("dtype '{}' is {}; {}", dtype, kind_name(code.empty() ? '\0' : code[0]), kAllowed));
    }
    header.type = known->type;
    const bool one_byte = npy_type_bytes(header.type) == 1;
    if (!one_byte && (!order || order == '|' || order == '=')) {
      fail(at, fmt::format("dtype '{}' says no byte order; expected '<{}' or '>{}'", dtype, code, code));
    }
    constexpr bool kBig = std::endian::native == std::endian::big;
    header.swapped = !one_byte && (order == '>') != kBig;
  }

  void shape(NpyHeader& header) {
    expect('(');
    while (!take(')')) {
      const std::size_t at = position();
      if (header.shape.size() == kMostDimensions) fail(at, fmt::format("more than {} dimensions", kMostDimensions));
      header.shape.push_back(integer());
      if (take(',')) continue;
      // `(3)` is a number to Python, not a tuple.
      if (header.shape.size() == 1) fail(position(), fmt::format("{}; expected ',' after a single size", here()));
      expect(')');
      break;
    }
  }

  std::int64_t integer() {
    const std::size_t begin = position();
    std::int64_t value = 0;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') {
      const int digit = text_[at_] - '0';
      if (value > (std::numeric_limits<std::int64_t>::max() - digit) / 10) fail(begin, "a size is beyond 2^63 - 1");
      value = 10 * value + digit;
      ++at_;
    }
    if (at_ == begin) fail(at_, fmt::format("{}; expected a size, a whole number of at least 0", here()));
    if (text_[begin] == '0' && at_ - begin > 1) fail(begin, "a size begins with 0");
    if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // Python 2 wrote long integers so
    return value;
  }

  // A size of 0 makes the array empty, whatever the others are; they have to be sensible all the same.
  void count(NpyHeader& header) const {
    std::uint64_t product = npy_type_bytes(header.type);
    header.count = 1;
    for (const std::int64_t size : header.shape) {
      const auto factor = static_cast<std::uint64_t>(std::max<std::int64_t>(size, 1));
      if (product > kMostBytes / factor) fail(0, "the array would have more than 2^62 bytes");
      product *= factor;
      header.count *= static_cast<std::uint64_t>(size);
    }
  }

  const std::filesystem::path& file_;
  std::string_view text_;
  std::uint64_t offset_;
  std::size_t at_ = 0;
};

}  // namespace

NpyHeader parse_npy_header(const std::filesystem::path& file, std::string_view text, std::uint64_t offset) {
  return Parser(file, text, offset).parse();
}

}  // namespace thalweg::lab

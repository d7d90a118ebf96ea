// JSON that comes from outside: recursive descent down to a bounded depth.
#include "json_text.h"

#include "text_file.h"

#include <thalweg/error.h>
#include <thalweg/text.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

namespace thalweg::lab {
namespace {

using nlohmann::json;

constexpr std::size_t kShown = 80;             // bytes of a foreign text in an error
constexpr std::size_t kMostBytes = 1UL << 30;  // of a file

/// Bytes of the UTF-8 sequence that begins the text; 0 if it begins with none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : static_cast<unsigned char>(0);
  };
  const auto goes_on = [&](std::size_t i) { return byte(i) >= 0x80 && byte(i) <= 0xBF; };
  const unsigned char first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return goes_on(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool is_overlong = first == 0xE0 && second < 0xA0, is_surrogate = first == 0xED && second > 0x9F;
    return goes_on(1) && goes_on(2) && !is_overlong && !is_surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool is_overlong = first == 0xF0 && second < 0x90, is_beyond = first == 0xF4 && second > 0x8F;
    return goes_on(1) && goes_on(2) && goes_on(3) && !is_overlong && !is_beyond ? 4 : 0;
  }
  return 0;
}

void append_utf8(std::string& text, std::uint32_t point) {
  const auto add = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  if (point < 0x80) return add(point);
  if (point < 0x800) {
    add(0xC0 | (point >> 6));
  } else if (point < 0x10000) {
    add(0xE0 | (point >> 12));
    add(0x80 | ((point >> 6) & 0x3F));
  } else {
    add(0xF0 | (point >> 18));
    add(0x80 | ((point >> 12) & 0x3F));
    add(0x80 | ((point >> 6) & 0x3F));
  }
  add(0x80 | (point & 0x3F));
}

class Parser {
 public:
  Parser(std::string_view text, std::string_view source, NotFinite words)
      : text_(text), source_(source), words_(words) {}

  json parse() {
    json value = parse_value(0);
    if (position_ != text_.size()) fail("expected the end, found " + found());
    return value;
  }

 private:
  [[noreturn]] void fail(const std::string& message, std::size_t position) const {
    const std::string_view before = text_.substr(0, position);
    const std::size_t line_start = before.rfind('\n') + 1;  // 0 if there is none
    const auto begins_character = [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; };
    throw Error(fmt::format("{}: line {}, column {}: {}", source_, 1 + std::ranges::count(before, '\n'),
                            1 + std::ranges::count_if(before.substr(line_start), begins_character), message));
  }
  [[noreturn]] void fail(const std::string& message) const { fail(message, position_); }

  /// What stands at the position, for errors.
  std::string found() const {
    if (position_ == text_.size()) return "the end of the text";
    const std::string_view rest = text_.substr(position_);
    const std::size_t length = utf8_length(rest);
    return length == 0 ? "a byte that is no UTF-8" : "'" + printable(rest.substr(0, length), kShown) + "'";
  }

  bool at(char character) const { return position_ < text_.size() && text_[position_] == character; }
  bool at_digit() const { return position_ < text_.size() && text_[position_] >= '0' && text_[position_] <= '9'; }

  bool take(char character) {
    if (!at(character)) return false;
    ++position_;
    return true;
  }

  bool take_word(std::string_view word) {
    if (!text_.substr(position_).starts_with(word)) return false;
    position_ += word.size();
    return true;
  }

  void skip_space() {
    while (at(' ') || at('\t') || at('\n') || at('\r')) ++position_;
  }

  /// With the space around it. `depth`: how many arrays and objects are open around the value.
  json parse_value(int depth) {
    skip_space();
    json value = parse_bare_value(depth);
    skip_space();
    return value;
  }

  json parse_bare_value(int depth) {
    if (at('{') || at('[')) {
      if (depth == kMostJsonDepth) fail(fmt::format("arrays and objects are nested deeper than {}", kMostJsonDepth));
      return at('{') ? parse_object(depth + 1) : parse_array(depth + 1);
    }
    if (at('"')) return parse_string();
    if (take_word("true")) return true;
    if (take_word("false")) return false;
    if (take_word("null")) return nullptr;
    if (const std::optional<double> number = take_not_finite()) return *number;
    if (at('-') || at_digit()) return parse_number();
    fail("expected a value, found " + found());
  }

  std::optional<double> take_not_finite() {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    const std::size_t start = position_;
    std::optional<double> number;
    if (take_word("NaN")) number = std::numeric_limits<double>::quiet_NaN();
    if (take_word("Infinity")) number = kInfinity;
    if (take_word("-Infinity")) number = -kInfinity;
    if (number && words_ == NotFinite::refused) fail("the number is not finite", start);
    return number;
  }

  json parse_object(int depth) {
    ++position_;
    json members = json::object();
    skip_space();
    if (take('}')) return members;
    do {
      skip_space();
      if (!at('"')) fail("expected a key in quotes, found " + found());
      const std::size_t start = position_;
      std::string key = parse_string();
      if (members.contains(key)) fail(fmt::format("the key \"{}\" is there twice", printable(key, kShown)), start);
      skip_space();
      if (!take(':')) fail("expected ':' after the key, found " + found());
      members.emplace(std::move(key), parse_value(depth));
    } while (take(','));
    if (!take('}')) fail("expected ',' or '}', found " + found());
    return members;
  }

  json parse_array(int depth) {
    ++position_;
    json values = json::array();
    skip_space();
    if (take(']')) return values;
    do {
      values.push_back(parse_value(depth));
    } while (take(','));
    if (!take(']')) fail("expected ',' or ']', found " + found());
    return values;
  }

  std::string parse_string() {
    const std::size_t start = position_++;
    std::string string;
    while (!take('"')) {
      if (position_ == text_.size()) fail("the string has no end", start);
      const std::string_view rest = text_.substr(position_);
      if (static_cast<unsigned char>(rest[0]) < 0x20) fail("a string has control characters as escapes only");
      if (rest[0] == '\\') {
        parse_escape(string);
        continue;
      }
      const std::size_t length = utf8_length(rest);
      if (length == 0) fail("the text is not UTF-8");
      string += rest.substr(0, length);
      position_ += length;
    }
    return string;
  }

  void parse_escape(std::string& string) {
    constexpr std::string_view kEscapes = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
    const std::size_t start = position_++;
    if (!take('u')) {
      const std::size_t escape = position_ < text_.size() ? kEscapes.find(text_[position_]) : std::string_view::npos;
      if (escape == std::string_view::npos) fail("unknown escape in a string", start);
      string += kMeanings[escape];
      ++position_;
      return;
    }
    std::uint32_t point = parse_hexadecimal();
    if (point >= 0xDC00 && point <= 0xDFFF) fail("a low surrogate without a high one", start);
    if (point >= 0xD800 && point <= 0xDBFF) {
      const std::uint32_t low = take('\\') && take('u') ? parse_hexadecimal() : 0;
      if (low < 0xDC00 || low > 0xDFFF) fail("a high surrogate without a low one", start);
      point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
    }
    append_utf8(string, point);
  }

  std::uint32_t parse_hexadecimal() {
    constexpr std::size_t kDigits = 4;
    const std::string_view digits = text_.substr(position_, kDigits);
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (digits.size() != kDigits || end != digits.data() + kDigits) {
      fail("expected four hexadecimal digits after \\u");
    }
    position_ += kDigits;
    return value;
  }

  void skip_digits() {
    if (!at_digit()) fail("expected a digit, found " + found());
    while (at_digit()) ++position_;
  }

  json parse_number() {
    const std::size_t start = position_;
    const bool is_negative = take('-');
    bool is_whole = true;
    if (!take('0')) {
      skip_digits();
    } else if (at_digit()) {
      fail("a number begins with a superfluous 0", start);
    }
    if (take('.')) {
      is_whole = false;
      skip_digits();
    }
    if (take('e') || take('E')) {
      is_whole = false;
      if (!take('+')) take('-');
      skip_digits();
    }
    const std::string_view digits = text_.substr(start, position_ - start);
    const auto read = [&](auto& value) {
      return std::from_chars(digits.data(), digits.data() + digits.size(), value).ec == std::errc{};
    };
    if (is_whole && digits != "-0") {  // whose sign only a double keeps
      std::uint64_t natural = 0;
      std::int64_t integer = 0;
      if (!is_negative && read(natural)) return natural;
      if (is_negative && read(integer)) return integer;
    }
    double number = 0;
    if (!read(number)) fail("the number is outside the range of a double", start);
    return number;
  }

  std::string_view text_, source_;
  NotFinite words_;
  std::size_t position_ = 0;
};

}  // namespace

json parse_json(std::string_view text, std::string_view source, NotFinite words) {
  return Parser(text, source, words).parse();
}

json read_json_file(const std::filesystem::path& file, NotFinite words) {
  return parse_json(read_text_file(file, kMostBytes), file.string(), words);
}

std::string excerpt(const json& value) {
  if (value.is_array() || value.is_object()) {
    const char* const kind = value.is_array() ? "a list" : "an object";
    if (value.size() > 8) return fmt::format("{} of {}", kind, value.size());
  }
  if (value.is_number_float() && !std::isfinite(value.get<double>())) {
    const auto number = value.get<double>();
    return std::isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity";
  }
  return printable(value.dump(-1, ' ', false, json::error_handler_t::replace), kShown);
}

std::string plain_message(const std::exception& error) {
  const std::string_view message = error.what();
  const std::size_t end = message.find("] ");
  const bool is_nlohmanns = message.starts_with("[json.exception.") && end != std::string_view::npos;
  return std::string(is_nlohmanns ? message.substr(end + 2) : message);
}

}  // namespace thalweg::lab

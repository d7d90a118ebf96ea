// The JSON reader: recursive descent over text that was checked to be UTF-8.
#include "checkpoint/json.h"
#include "checkpoint/utf8.h"
#include "text.h"
#include "thalweg/error.h"

#include <charconv>

namespace thalweg::inline v0_1::json {
namespace {

class Parser {
 public:
  Parser(std::string_view text, std::string_view source, std::uint64_t first_offset)
      : text_(text), source_(source), first_offset_(first_offset) {}

  Value parse() {
    if (const std::size_t invalid = find_invalid_utf8(text_); invalid != std::string_view::npos) {
      fail("the text is not UTF-8", invalid);
    }
    skip_space();
    Value value = parse_value(0);
    skip_space();
    if (position_ != text_.size()) {
      fail("expected the end, found " + found());
    }
    return value;
  }

 private:
  [[noreturn]] void fail(const std::string& message, std::size_t position) const {
    throw Error(std::string{source_} + ": offset " + std::to_string(first_offset_ + position) + ": " + message);
  }
  [[noreturn]] void fail(const std::string& message) const { fail(message, position_); }

  // What stands at the position, for errors.
  std::string found() const {
    if (position_ == text_.size()) {
      return "the end of the text";
    }
    const auto byte = static_cast<unsigned char>(text_[position_]);
    if (byte > 0x20 && byte < 0x7F) {
      return std::string{'\''} + text_[position_] + '\'';
    }
    return "byte " + std::to_string(byte);
  }

  bool at(char character) const { return position_ < text_.size() && text_[position_] == character; }
  bool at_digit() const { return position_ < text_.size() && text_[position_] >= '0' && text_[position_] <= '9'; }

  bool take(char character) {
    if (!at(character)) {
      return false;
    }
    ++position_;
    return true;
  }

  void skip_space() {
    while (at(' ') || at('\t') || at('\n') || at('\r')) {
      ++position_;
    }
  }

  // `depth`: how many arrays and objects are open around the value.
  Value parse_value(int depth) {
    if (at('{')) {
      return parse_object(depth + 1);
    }
    if (at('[')) {
      return parse_array(depth + 1);
    }
    if (at('"')) {
      return parse_string();
    }
    if (at('-') || at_digit()) {
      return parse_number();
    }
    if (take_word("true")) {
      return true;
    }
    if (take_word("false")) {
      return false;
    }
    if (take_word("null")) {
      return nullptr;
    }
    fail("expected a value, found " + found());
  }

  bool take_word(std::string_view word) {
    if (!text_.substr(position_).starts_with(word)) {
      return false;
    }
    position_ += word.size();
    return true;
  }

  void check_depth(int depth) const {
    if (depth > kMostDepth) {
      fail("arrays and objects are nested deeper than " + std::to_string(kMostDepth));
    }
  }

  Value parse_object(int depth) {
    check_depth(depth);
    ++position_;
    Object members;
    skip_space();
    if (take('}')) {
      return members;
    }
    do {
      skip_space();
      if (!at('"')) {
        fail("expected a key in quotes, found " + found());
      }
      const std::size_t start = position_;
      const auto [member, is_new] = members.try_emplace(parse_string());
      if (!is_new) {
        fail("duplicate key " + thalweg::in_quotes(member->first), start);
      }
      skip_space();
      if (!take(':')) {
        fail("expected ':' after the key, found " + found());
      }
      skip_space();
      member->second = parse_value(depth);
      skip_space();
    } while (take(','));
    if (!take('}')) {
      fail("expected ',' or '}', found " + found());
    }
    return members;
  }

  Value parse_array(int depth) {
    check_depth(depth);
    ++position_;
    Array values;
    skip_space();
    if (take(']')) {
      return values;
    }
    do {
      skip_space();
      values.push_back(parse_value(depth));
      skip_space();
    } while (take(','));
    if (!take(']')) {
      fail("expected ',' or ']', found " + found());
    }
    return values;
  }

  std::string parse_string() {
    ++position_;
    std::string string;
    while (!take('"')) {
      if (position_ == text_.size()) {
        fail("the string has no end");
      }
      const char character = text_[position_];
      if (static_cast<unsigned char>(character) < 0x20) {
        fail("expected an escape for the control character, found " + found());
      }
      if (character == '\\') {
        parse_escape(string);
      } else {
        string += character;
        ++position_;
      }
    }
    return string;
  }

  void parse_escape(std::string& string) {
    constexpr std::string_view kEscapes = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    const std::size_t start = position_++;
    if (take('u')) {
      std::uint32_t code_point = parse_hexadecimal();
      if (code_point >= 0xDC00 && code_point <= 0xDFFF) {
        fail("a low surrogate without a high one", start);
      }
      if (code_point >= 0xD800 && code_point <= 0xDBFF) {
        const std::uint32_t low = take('\\') && take('u') ? parse_hexadecimal() : 0;
        if (low < 0xDC00 || low > 0xDFFF) {
          fail("a high surrogate without a low one", start);
        }
        code_point = 0x10000 + ((code_point - 0xD800) << 10) + (low - 0xDC00);
      }
      append_utf8(string, code_point);
      return;
    }
    const std::size_t escape = position_ < text_.size() ? kEscapes.find(text_[position_]) : std::string_view::npos;
    if (escape == std::string_view::npos) {
      fail("unknown escape in a string", start);
    }
    string += kMeanings[escape];
    ++position_;
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
    if (!at_digit()) {
      fail("expected a digit, found " + found());
    }
    while (at_digit()) {
      ++position_;
    }
  }

  Value parse_number() {
    const std::size_t start = position_;
    const bool is_negative = take('-');
    bool is_integer = true;
    if (take('0')) {
      if (at_digit()) {
        fail("a number begins with a superfluous 0", start);
      }
    } else {
      skip_digits();
    }
    if (take('.')) {
      is_integer = false;
      skip_digits();
    }
    if (at('e') || at('E')) {
      is_integer = false;
      ++position_;
      if (!take('+')) {
        take('-');
      }
      skip_digits();
    }
    const std::string_view digits = text_.substr(start, position_ - start);
    const auto read = [&](auto& value) {
      return std::from_chars(digits.data(), digits.data() + digits.size(), value).ec == std::errc{};
    };
    // -0 has a sign that only a double can keep.
    if (is_integer && digits != "-0") {
      std::uint64_t natural = 0;
      std::int64_t integer = 0;
      if (is_negative && read(integer)) {
        return integer;
      }
      if (!is_negative && read(natural)) {
        return natural;
      }
    }
    double number = 0;
    if (!read(number)) {
      fail("the number is outside the range of a double", start);
    }
    return number;
  }

  std::string_view text_;
  std::string_view source_;
  std::uint64_t first_offset_;
  std::size_t position_ = 0;
};

}  // namespace

Value parse(std::string_view text, std::string_view source, std::uint64_t first_offset) {
  return Parser{text, source, first_offset}.parse();
}

}  // namespace thalweg::inline v0_1::json

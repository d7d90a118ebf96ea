// JSON values and their text.
#include "checkpoint/json.h"

#include "checkpoint/utf8.h"
#include "text.h"
#include "thalweg/error.h"

#include <array>
#include <charconv>
#include <cmath>

namespace thalweg::inline v0_1::json {
namespace {

void append_double(std::string& text, double number) {
  if (!std::isfinite(number)) {
    throw Error("JSON has no number for an infinity or a NaN");
  }
  std::array<char, 32> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  text.append(digits.data(), end);
}

}  // namespace

void Value::fail(std::string_view what, std::string_view wanted) const {
  throw Error(std::string{what} + ": " + describe() + " stands where " + std::string{wanted} + " belongs");
}

bool Value::boolean(std::string_view what) const {
  if (const bool* value = std::get_if<bool>(&data_)) {
    return *value;
  }
  fail(what, "true or false");
}

std::uint64_t Value::unsigned_integer(std::string_view what) const {
  if (const std::uint64_t* value = std::get_if<std::uint64_t>(&data_)) {
    return *value;
  }
  fail(what, "an integer in [0, 2^64)");
}

std::int64_t Value::integer(std::string_view what) const {
  if (const std::int64_t* value = std::get_if<std::int64_t>(&data_)) {
    return *value;
  }
  const std::uint64_t* value = std::get_if<std::uint64_t>(&data_);
  if (value != nullptr && std::in_range<std::int64_t>(*value)) {
    return static_cast<std::int64_t>(*value);
  }
  fail(what, "an integer in [-2^63, 2^63)");
}

double Value::number(std::string_view what) const {
  if (const double* value = std::get_if<double>(&data_)) {
    return *value;
  }
  if (const std::uint64_t* value = std::get_if<std::uint64_t>(&data_)) {
    return static_cast<double>(*value);
  }
  if (const std::int64_t* value = std::get_if<std::int64_t>(&data_)) {
    return static_cast<double>(*value);
  }
  fail(what, "a number");
}

const std::string& Value::string(std::string_view what) const {
  if (const std::string* value = std::get_if<std::string>(&data_)) {
    return *value;
  }
  fail(what, "a string");
}

const Array& Value::array(std::string_view what) const {
  if (const Array* value = std::get_if<Array>(&data_)) {
    return *value;
  }
  fail(what, "an array");
}

const Object& Value::object(std::string_view what) const {
  if (const Object* value = std::get_if<Object>(&data_)) {
    return *value;
  }
  fail(what, "an object");
}

const Value* Value::find(std::string_view key, std::string_view what) const {
  const Object& members = object(what);
  const auto member = members.find(key);
  return member == members.end() ? nullptr : &member->second;
}

const Value& Value::at(std::string_view key, std::string_view what) const {
  if (const Value* value = find(key, what)) {
    return *value;
  }
  throw Error(std::string{what} + ": " + thalweg::in_quotes(key) + " is missing");
}

Value& Value::operator[](std::string_view key) {
  if (is_null()) {
    data_ = Object{};
  }
  object(key);  // Throws if it is none.
  return std::get<Object>(data_)[std::string{key}];
}

void Value::push_back(Value value) {
  if (is_null()) {
    data_ = Array{};
  }
  array("push_back");
  std::get<Array>(data_).push_back(std::move(value));
}

std::string Value::describe() const {
  struct Describer {
    std::string operator()(std::monostate) const { return "null"; }
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(std::uint64_t value) const { return "the number " + std::to_string(value); }
    std::string operator()(std::int64_t value) const { return "the number " + std::to_string(value); }
    std::string operator()(double value) const {
      std::string text = "the number ";
      append_double(text, value);
      return text;
    }
    std::string operator()(const std::string& value) const {
      constexpr std::size_t kMostBytes = 40;
      return value.size() <= kMostBytes ? "the string " + thalweg::in_quotes(value) : "a string";
    }
    std::string operator()(const Array&) const { return "an array"; }
    std::string operator()(const Object&) const { return "an object"; }
  };
  return std::visit(Describer{}, data_);
}

void append_string(std::string& text, std::string_view string) {
  if (const std::size_t offset = find_invalid_utf8(string); offset != std::string_view::npos) {
    throw Error("a string for JSON is not UTF-8 from its offset " + std::to_string(offset) + " on");
  }
  constexpr std::string_view kHexadecimal = "0123456789abcdef";
  text += '"';
  for (const char character : string) {
    const auto byte = static_cast<unsigned char>(character);
    if (character == '"' || character == '\\') {
      text += '\\';
      text += character;
    } else if (byte == '\n') {
      text += "\\n";
    } else if (byte == '\t') {
      text += "\\t";
    } else if (byte == '\r') {
      text += "\\r";
    } else if (byte == '\b') {
      text += "\\b";
    } else if (byte == '\f') {
      text += "\\f";
    } else if (byte < 0x20) {
      text += "\\u00";
      text += kHexadecimal[byte >> 4];
      text += kHexadecimal[byte & 15];
    } else {
      text += character;
    }
  }
  text += '"';
}

void append(std::string& text, const Value& value) {
  struct Appender {
    std::string& text;

    void operator()(std::monostate) const { text += "null"; }
    void operator()(bool value) const { text += value ? "true" : "false"; }
    void operator()(std::uint64_t value) const { text += std::to_string(value); }
    void operator()(std::int64_t value) const { text += std::to_string(value); }
    void operator()(double value) const { append_double(text, value); }
    void operator()(const std::string& value) const { append_string(text, value); }
    void operator()(const Array& values) const {
      text += '[';
      for (std::size_t i = 0; i < values.size(); ++i) {
        text += i == 0 ? "" : ",";
        append(text, values[i]);
      }
      text += ']';
    }
    void operator()(const Object& members) const {
      text += '{';
      bool first = true;
      for (const auto& [key, member] : members) {
        text += first ? "" : ",";
        first = false;
        append_string(text, key);
        text += ':';
        append(text, member);
      }
      text += '}';
    }
  };
  std::visit(Appender{text}, value.data_);
}

std::string in_quotes(std::string_view string) {
  std::string text;
  append_string(text, string);
  return text;
}

std::string to_string(const Value& value) {
  std::string text;
  append(text, value);
  return text;
}

}  // namespace thalweg::inline v0_1::json

// JSON (RFC 8259), strict: a value type, a reader and a writer.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace thalweg::inline v0_1::json {

class Value;
using Array = std::vector<Value>;
using Object = std::map<std::string, Value, std::less<>>;

/// Any JSON value. Numbers without fraction and exponent are kept as integers where 64 bits hold them, all others as
/// double. What is asked for and not there throws Error, whose message begins with `what`.
class Value {
 public:
  Value() = default;
  // Implicit, so that values read like JSON: `Array{1, "a", true}`. NOLINTBEGIN(google-explicit-constructor)
  Value(std::nullptr_t) {}
  Value(std::same_as<bool> auto value) : data_(value) {}
  Value(std::integral auto value) requires(!std::same_as<decltype(value), bool>) {
    if (std::cmp_less(value, 0)) {
      data_ = static_cast<std::int64_t>(value);
    } else {
      data_ = static_cast<std::uint64_t>(value);
    }
  }
  Value(double value) : data_(value) {}
  Value(std::string value) : data_(std::move(value)) {}
  Value(std::string_view value) : data_(std::string{value}) {}
  Value(const char* value) : data_(std::string{value}) {}
  Value(Array value) : data_(std::move(value)) {}
  Value(Object value) : data_(std::move(value)) {}
  // NOLINTEND(google-explicit-constructor)

  bool is_null() const { return std::holds_alternative<std::monostate>(data_); }
  bool is_array() const { return std::holds_alternative<Array>(data_); }
  bool is_object() const { return std::holds_alternative<Object>(data_); }
  bool is_string() const { return std::holds_alternative<std::string>(data_); }

  bool boolean(std::string_view what) const;
  /// Integers in [0, 2⁶⁴).
  std::uint64_t unsigned_integer(std::string_view what) const;
  /// Integers in [−2⁶³, 2⁶³).
  std::int64_t integer(std::string_view what) const;
  /// Any number; an integer beyond 2⁵³ is rounded.
  double number(std::string_view what) const;
  const std::string& string(std::string_view what) const;
  const Array& array(std::string_view what) const;
  const Object& object(std::string_view what) const;

  /// An object's member.
  const Value& at(std::string_view key, std::string_view what) const;
  /// An object's member, or nullptr if it is not there.
  const Value* find(std::string_view key, std::string_view what) const;
  /// An object's member, made if it is not there. Null becomes an object first.
  Value& operator[](std::string_view key);
  /// Appends to an array. Null becomes an array first.
  void push_back(Value value);

  /// "an object", "the number 2.5", …: for error messages.
  std::string describe() const;

  friend bool operator==(const Value&, const Value&) = default;

 private:
  friend void append(std::string& text, const Value& value);
  [[noreturn]] void fail(std::string_view what, std::string_view wanted) const;

  std::variant<std::monostate, bool, std::uint64_t, std::int64_t, double, std::string, Array, Object> data_;
};

/// Arrays and objects may be nested this deep.
inline constexpr int kMostDepth = 127;

/// Reads one JSON text. Rejected, with an Error that names `source` and the offset (counted from `first_offset`):
/// whatever RFC 8259 rejects, text that is not UTF-8, half surrogate pairs, a key that an object has already, nesting
/// deeper than kMostDepth, and numbers outside the range of double.
Value parse(std::string_view text, std::string_view source, std::uint64_t first_offset = 0);

/// Compact JSON: keys sorted, doubles as the shortest text that reads back as the same double. Throws Error for an
/// infinity, a NaN, or a string that is not UTF-8.
std::string to_string(const Value& value);
void append(std::string& text, const Value& value);
void append_string(std::string& text, std::string_view string);
/// The string as JSON text.
std::string in_quotes(std::string_view string);

}  // namespace thalweg::inline v0_1::json

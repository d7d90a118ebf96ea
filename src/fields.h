// Fields: the named members of a struct, as descriptions read and write them in text and JSON.
#pragma once

#include "checkpoint/json.h"

#include <thalweg/rule.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace thalweg::inline v0_1 {

/// A member that is one of some words.
struct Choice {
  std::span<const std::string_view> words;
  void* member;
  std::size_t (*get)(const void* member);
  void (*set)(void* member, std::size_t index);
};

/// The enumerators are 0, 1, …, in the order of the words, which stay where they are.
template <class Enum>
Choice choice(std::span<const std::string_view> words, Enum& member) {
  return {words, &member, [](const void* its) { return static_cast<std::size_t>(*static_cast<const Enum*>(its)); },
          [](void* its, std::size_t index) { *static_cast<Enum*>(its) = static_cast<Enum>(index); }};
}

/// One member. It lives as long as the struct that it is of.
struct Field {
  std::string_view name;
  std::variant<double*, std::int64_t*, bool*, std::vector<double>*, Choice> member;
  Range range = {};
};
using Fields = std::vector<Field>;

/// `[0, ∞)`, `true or false`, `min, max`, `numbers, as 1/2/3`.
std::string allowed(const Field& field);
/// The value as text: shortest numbers, `true` and `false`, lists with slashes.
std::string value_text(const Field& field);
json::Value value_json(const Field& field);
/// The value of a rule's option as text, in the same way.
std::string value_text(const OptionInfo& option, double value);
bool is_equal(const Field& field, const Field& other);
/// Throws Error, which begins with `what`, if the number is outside the range or not finite.
void check(const Field& field, const std::string& what);
/// `name=value` behind the separator, which is a comma from then on.
void append_pair(std::string& text, char& separator, std::string_view name, std::string_view value);
/// The pairs of those fields that differ from the others.
void append_different(std::string& text, char& separator, const Fields& fields, const Fields& others);
/// Takes the value over. Throws Error, which begins with `what` and names field, value and what is allowed.
void set(const Field& field, std::string_view text, const std::string& what);
void set(const Field& field, const json::Value& value, const std::string& what);
/// The field of this name. Throws Error, which calls it a `noun`, and suggests the nearest names, those of `others`
/// too.
const Field& find(const Fields& fields, std::string_view name, const std::string& what, std::string_view noun,
                  const std::vector<std::string>& others = {});

/// All members of an object, in any order. Throws Error that names an unknown key.
void read(const Fields& fields, const json::Object& object, const std::string& what);
/// All members as an object.
json::Object write(const Fields& fields);

}  // namespace thalweg::inline v0_1

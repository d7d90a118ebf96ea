// JsonReader: reads an object key by key, so that what is wrong is named: key, type and range.
#pragma once

#include "json_text.h"

#include <thalweg/error.h>
#include <thalweg/suggest.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace thalweg::lab {

/// Is it a value of T exactly: a whole number that T holds, a number, true or false, text, a list of whole numbers?
/// nlohmann's own conversions would make -1 a large number, and of 1e300 anything.
template <class T>
bool json_holds(const nlohmann::json& json) {
  if constexpr (std::is_same_v<T, bool>) {
    return json.is_boolean();
  } else if constexpr (std::is_same_v<T, std::string>) {
    return json.is_string();
  } else if constexpr (std::is_same_v<T, std::vector<std::int64_t>>) {
    return json.is_array() && std::all_of(json.begin(), json.end(), json_holds<std::int64_t>);
  } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    return json.is_array() && std::all_of(json.begin(), json.end(), json_holds<std::string>);
  } else if constexpr (std::is_floating_point_v<T>) {
    return json.is_number();
  } else {
    static_assert(std::is_integral_v<T>);
    if (!json.is_number_integer()) return false;
    if (json.is_number_unsigned()) return std::in_range<T>(json.get<std::uint64_t>());
    return std::in_range<T>(json.get<std::int64_t>());
  }
}

/// What json_holds<T> asks for, in words.
template <class T>
const char* json_kind() {
  if (std::is_same_v<T, bool>) return "true or false";
  if (std::is_same_v<T, std::string>) return "text";
  if (std::is_same_v<T, std::vector<std::int64_t>>) return "a list of whole numbers";
  if (std::is_same_v<T, std::vector<std::string>>) return "a list of texts";
  if (std::is_floating_point_v<T>) return "a number";
  return std::is_unsigned_v<T> ? "a whole number from 0" : "a whole number";
}

/// Reads one object.
class JsonReader {
 public:
  /// `what`: as errors call the object.
  JsonReader(const nlohmann::json& json, std::string what) : json_(json), what_(std::move(what)) {
    if (!json.is_object()) throw Error(fmt::format("{}: expected an object, found {}", what_, json.type_name()));
  }

  /// Leaves `value` where the key is absent.
  template <class T>
  void read(const char* key, T& value) {
    known_.emplace_back(key);
    if (const auto found = json_.find(key); found != json_.end()) value = get<T>(key, *found);
  }

  /// Absent and null are both "not set".
  template <class T>
  void read(const char* key, std::optional<T>& value) {
    known_.emplace_back(key);
    value.reset();
    if (const auto found = json_.find(key); found != json_.end() && !found->is_null()) value = get<T>(key, *found);
  }

  /// A nested object.
  void read(const char* key, const std::function<void(const nlohmann::json&)>& part) {
    known_.emplace_back(key);
    if (const auto found = json_.find(key); found != json_.end()) part(*found);
  }

  /// The key must be there, with a value in [lowest, highest].
  template <class T>
  void need(const char* key, T& value, T lowest, T highest) {
    value = get<T>(key, needed(key));
    if (value >= lowest && value <= highest) return;
    throw Error(highest == most<T>()
                    ? fmt::format("{}: {} = {} is outside [{}, ∞)", what_, key, value, lowest)
                    : fmt::format("{}: {} = {} is outside [{}, {}]", what_, key, value, lowest, highest));
  }
  template <class T>
  void need(const char* key, T& value, T lowest) {
    need(key, value, lowest, most<T>());
  }

  /// The value of a key that must be there.
  const nlohmann::json& needed(const char* key) const {
    const auto found = json_.find(key);
    if (found == json_.end()) throw Error(fmt::format("{}: there is no '{}'", what_, key));
    return *found;
  }

  /// Throws Error for keys that were not asked for.
  void finish() const {
    for (const auto& [key, value] : json_.items()) {
      if (std::find(known_.begin(), known_.end(), key) == known_.end()) {
        throw Error(fmt::format("{}: unknown key '{}'{}", what_, key, suggest(key, known_)));
      }
    }
  }

 private:
  template <class T>
  static constexpr T most() {
    return std::numeric_limits<T>::max();  // of double the largest finite one: no number here may be infinite
  }

  template <class T>
  T get(const char* key, const nlohmann::json& json) const {
    if (!json_holds<T>(json))
      throw Error(fmt::format("{}: {} = {} is not {}", what_, key, excerpt(json), json_kind<T>()));
    return json.get<T>();
  }

  const nlohmann::json& json_;
  std::string what_;
  std::vector<std::string> known_;
};

}  // namespace thalweg::lab

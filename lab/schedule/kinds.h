// What is told of the kinds of schedules.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <span>
#include <string>
#include <string_view>

namespace thalweg::lab {

/// A kind in words, and the frameworks' classes that do the same.
struct KindWords {
  std::string_view name, meaning, torch, keras;  ///< a framework's is empty if it has none
};
/// In the order of `schedules()`.
std::span<const KindWords> kind_words();

/// An option that every schedule has, whatever its kinds are.
struct SharedOption {
  std::string_view name, default_value, allowed, meaning;
};
std::span<const SharedOption> shared_options();

/// All of it, for a terminal; lines are to be wrapped by whoever prints them.
std::string kinds_text(std::size_t width);
nlohmann::ordered_json kinds_json();

}  // namespace thalweg::lab

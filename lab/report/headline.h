// The answer in words: which optimizer won, by how much, what that does not cover, and why none is named where none is.
#pragma once

#include "report/summary.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace thalweg::lab {

struct Headline {
  std::string sentence;  ///< one sentence
  std::string detail;    ///< its numbers
  /// Why no winner is named where one optimizer is ahead, or none could be; empty without such a reason.
  std::string reserve;
  std::string limits;                 ///< what a verdict does not cover; empty where there is none
  std::optional<std::size_t> winner;  ///< competitor
};

/// How many seeds would tell a pair apart that shows no difference: `were the difference as observed, about 31 seeds
/// would tell`. It claims no more: docs/statistics.md.
std::string seeds_text(const Comparison& comparison);

/// `name` makes a competitor's name ready for where the text goes (HTML, terminal). All other text is plain.
Headline headline(const Summary& summary, const std::function<std::string(std::string_view)>& name);

}  // namespace thalweg::lab

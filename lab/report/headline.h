// The answer in words: which optimizer won, by how much, and whether that is certain.
#pragma once

#include "report/summary.h"

#include <functional>
#include <string>
#include <string_view>

namespace thalweg::lab {

struct Headline {
  std::string sentence;  ///< one sentence
  std::string detail;    ///< its numbers and limits
};

/// `name` makes a competitor's name ready for where the text goes (HTML, terminal). All other text is plain.
Headline headline(const Summary& summary, const std::function<std::string(std::string_view)>& name);

}  // namespace thalweg::lab

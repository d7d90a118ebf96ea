// How many state columns a rule declares.
#pragma once

#include <thalweg/rule.h>

#include <cstddef>

namespace thalweg {

template <class R>
constexpr std::size_t count_columns() {
  std::size_t count = 0;
  R{}.columns([&](auto&&...) { ++count; });
  return count;
}

}  // namespace thalweg

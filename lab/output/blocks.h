// Blocks: a curve out of block characters.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace thalweg::lab {

/// So many lines from the top, each as long as there are values: columns that reach from `low` up to the values, at
/// most to `high`, in eighths of a character. A value of `low` or below has the thinnest one; one that is no number has
/// none.
std::vector<std::string> blocks(const std::vector<double>& values, double low, double high, std::size_t lines);

}  // namespace thalweg::lab

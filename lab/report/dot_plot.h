// Dot plot: every seed's value on the test part, one row a competitor, as HTML with percent-sized SVG.
#pragma once

#include "report/summary.h"

#include <span>
#include <string>

namespace thalweg::lab {

/// `order`: indices of the competitors to show, from top to bottom. Empty without any value.
std::string dot_plot(const Summary& summary, std::span<const std::size_t> order);

}  // namespace thalweg::lab

// Dot plot: every seed's test accuracy, one row a competitor, as HTML with percent-sized SVG.
#pragma once

#include "report/summary.h"

#include <span>
#include <string>

namespace thalweg::lab {

/// `order`: indices of the competitors to show, from top to bottom. Empty without any test accuracy.
std::string dot_plot(std::span<const Competitor> competitors, std::span<const std::size_t> order);

}  // namespace thalweg::lab

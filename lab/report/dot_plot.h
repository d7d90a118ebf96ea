// Dot plot: every seed's value on the test part, one row a competitor, as HTML with percent-sized SVG.
#pragma once

#include "report/summary.h"

#include <span>
#include <string>

namespace thalweg::lab {

/// `order`: indices of the competitors to show, from top to bottom. Empty without any value.
std::string dot_plot(std::span<const Competitor> competitors, std::span<const std::size_t> order, const Metric& metric);

}  // namespace thalweg::lab

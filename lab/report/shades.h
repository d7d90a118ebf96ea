// Shades: how dark a cell of a heat map is, and its legend.
#pragma once

#include <string>
#include <string_view>

namespace thalweg::lab {

/// The attribute of a cell whose value lies at this part of its scale, in [0, 1]; there are so few shades that
/// neighbours look alike or differ.
std::string shade(double part);
/// From light (`low`) to dark (`high`), and behind them what a broken cell means, unless that is empty.
std::string shades_legend(std::string_view low, std::string_view high, std::string_view broken);

}  // namespace thalweg::lab

// Plots: axes around a picture whose marks lie at percents of it, so that it fits any width without a script.
#pragma once

#include "report/axis.h"

#include <string>
#include <string_view>
#include <vector>

namespace thalweg::lab {

struct PlotAxes {
  std::vector<Axis::Tick> x, y;  ///< their texts are HTML
  std::string x_label;           ///< HTML, below
  bool columns = false;          ///< the x ticks are names of columns of equal width, and are cut to it
};

/// Axes around a picture; `look` is one more class.
std::string plot_html(const PlotAxes& axes, std::string_view svg, std::string_view look = {});

/// The picture: role, what it shows (HTML) and its marks; a line across for each y tick.
std::string plot_svg(std::string_view label, const std::vector<Axis::Tick>& y_ticks, std::string_view marks);

/// Marks at a place in percent from the left and from the bottom. A dot; `part` in [0, 1] says how dark it is.
std::string dot(double x, double y, double part, std::string_view look, std::string_view title);
/// A character in place of a dot.
std::string sign(double x, double y, std::string_view character, std::string_view title);
/// A straight line.
std::string stroke(double x1, double y1, double x2, double y2, std::string_view look);

}  // namespace thalweg::lab

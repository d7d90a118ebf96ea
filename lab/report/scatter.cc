// Draws scatter plots.
#include "report/scatter.h"

#include "report/axis.h"
#include "report/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace thalweg::lab {
namespace {

/// Over these numbers; 0 is on it where that is asked for.
Axis axis_over(std::vector<double> numbers, bool with_zero) {
  if (with_zero) numbers.push_back(0);
  const auto [least, greatest] = std::ranges::minmax(numbers);
  return axis_for(least, greatest);
}

}  // namespace

std::string scatter_plot(const Scatter& scatter) {
  std::vector<double> xs, ys;
  for (const auto& [x, y] : scatter.dots) {
    if (!std::isfinite(x) || !std::isfinite(y)) continue;
    xs.push_back(x);
    ys.push_back(y);
  }
  if (xs.empty()) return {};
  std::vector<double> both = xs;
  both.insert(both.end(), ys.begin(), ys.end());
  const Axis x_axis = scatter.has_diagonal ? axis_over(both, false) : axis_over(xs, false);
  const Axis y_axis = scatter.has_diagonal ? x_axis : axis_over(ys, true);
  // The picture is stretched to its place, strokes are not: a line of no length with round ends stays a dot.
  std::string svg = fmt::format(
      "<svg viewBox=\"0 0 100 100\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{} dots: {} against {}\">",
      xs.size(), scatter.y_label, scatter.x_label);
  for (const Axis::Tick& tick : y_axis.ticks())
    svg += fmt::format("<path class=\"grid\" d=\"M0 {:.2f}h100\"/>", 100 - tick.place);
  svg += scatter.has_diagonal ? std::string("<path class=\"rule\" d=\"M0 100L100 0\"/>")
                              : fmt::format("<path class=\"rule\" d=\"M0 {:.2f}h100\"/>", 100 - y_axis.place(0));
  svg += "<path class=\"points\" d=\"";
  for (std::size_t i = 0; i < xs.size(); ++i)
    svg += fmt::format("M{:.2f} {:.2f}h0", x_axis.place(xs[i]), 100 - y_axis.place(ys[i]));
  svg += "\"/></svg>";
  return plot_html({.x = x_axis.ticks(), .y = y_axis.ticks(), .x_label = scatter.x_label}, svg);
}

}  // namespace thalweg::lab

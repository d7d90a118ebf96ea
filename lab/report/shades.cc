// Writes the shades of heat maps.
#include "report/shades.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace thalweg::lab {
namespace {

constexpr int kShades = 24;

// The lightest is still a shade.
std::string opacity(int step) { return fmt::format("fill-opacity=\"{:.2f}\"", 0.06 + 0.94 * step / kShades); }

}  // namespace

std::string shade(double part) {
  return opacity(std::clamp(static_cast<int>(std::lround(part * (kShades - 1))) + 1, 1, kShades));
}

std::string shades_legend(std::string_view low, std::string_view high, std::string_view broken) {
  std::string html = fmt::format(
      "<p class=\"heat-legend\"><span>{}</span><svg viewBox=\"0 0 {} 1\" preserveAspectRatio=\"none\" "
      "shape-rendering=\"crispEdges\" width=\"160\" height=\"12\" aria-hidden=\"true\">",
      low, kShades);
  for (int step = 1; step <= kShades; ++step)
    html += fmt::format("<rect x=\"{}\" width=\"1\" height=\"1\" {}/>", step - 1, opacity(step));
  html += fmt::format("</svg><span>{}</span>", high);
  if (!broken.empty()) {
    html += fmt::format(
        "<svg width=\"12\" height=\"12\" aria-hidden=\"true\"><rect class=\"broken\" width=\"12\" height=\"12\"/></svg>"
        "<span>{}</span>",
        broken);
  }
  return html + "</p>";
}

}  // namespace thalweg::lab

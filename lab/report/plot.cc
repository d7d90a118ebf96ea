// Draws plots.
#include "report/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace thalweg::lab {
namespace {

// There are so few shades that neighbours look alike or differ; the lightest is still to be seen.
constexpr int kShades = 8;

double opacity(double part) { return 0.2 + 0.75 * std::round(std::clamp(part, 0.0, 1.0) * kShades) / kShades; }

std::string title_element(std::string_view title) {
  return title.empty() ? std::string() : fmt::format("<title>{}</title>", title);
}

}  // namespace

std::string plot_html(const PlotAxes& axes, std::string_view svg, std::string_view look) {
  std::string html = fmt::format("<div class=\"scatter c0{}{}\"><div class=\"scatter-y\" aria-hidden=\"true\">",
                                 look.empty() ? "" : " ", look);
  for (const Axis::Tick& tick : axes.y)
    html += fmt::format("<span style=\"bottom:{:.2f}%\">{}</span>", tick.place, tick.text);
  html += fmt::format("</div>{}<div></div><div class=\"dots-axis{}\" aria-hidden=\"true\">", svg,
                      axes.columns ? " columns" : "");
  for (const Axis::Tick& tick : axes.x) {
    const std::string width =
        axes.columns ? fmt::format(";max-width:{:.2f}%", 96.0 / static_cast<double>(axes.x.size())) : std::string();
    html += fmt::format("<span style=\"left:{:.2f}%{}\">{}</span>", tick.place, width, tick.text);
  }
  return html + "</div></div><p class=\"unit\">" + axes.x_label + "</p>";
}

std::string plot_svg(std::string_view label, const std::vector<Axis::Tick>& y_ticks, std::string_view marks) {
  std::string svg = fmt::format("<svg role=\"img\" aria-label=\"{}\">", label);
  for (const Axis::Tick& tick : y_ticks) svg += stroke(0, tick.place, 100, tick.place, "grid");
  return svg.append(marks) + "</svg>";
}

std::string dot(double x, double y, double part, std::string_view look, std::string_view title) {
  return fmt::format("<circle class=\"{}\" cx=\"{:.2f}%\" cy=\"{:.2f}%\" r=\"4\" opacity=\"{:.2f}\">{}</circle>", look,
                     x, 100 - y, opacity(part), title_element(title));
}

std::string sign(double x, double y, std::string_view character, std::string_view title) {
  return fmt::format("<text class=\"sign\" x=\"{:.2f}%\" y=\"{:.2f}%\">{}{}</text>", x, 100 - y, character,
                     title_element(title));
}

std::string stroke(double x1, double y1, double x2, double y2, std::string_view look) {
  return fmt::format("<line class=\"{}\" x1=\"{:.2f}%\" y1=\"{:.2f}%\" x2=\"{:.2f}%\" y2=\"{:.2f}%\"/>", look, x1,
                     100 - y1, x2, 100 - y2);
}

}  // namespace thalweg::lab

// Draws the dot plot.
#include "report/dot_plot.h"

#include "page/text.h"
#include "report/charts.h"
#include "report/sections.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace thalweg::lab {
namespace {

// An axis as values are shown, and where they lie on it in percent of its width.
struct Axis {
  double low, high, step;

  double place(double shown) const { return (shown - low) / (high - low) * 100; }
};

// A few ticks at 1, 2 or 5 times a power of ten, with room at both ends.
Axis axis_for(double least, double greatest) {
  const double least_span = std::max(0.002 * std::max(std::abs(least), std::abs(greatest)), 1e-12);
  const double span = std::max(greatest - least, least_span);
  const double least_step = span / 6;
  const double power = std::pow(10, std::floor(std::log10(least_step)));
  const double step = power * (least_step <= 2 * power ? 2 : least_step <= 5 * power ? 5 : 10);
  const double low = std::floor(least / step - 0.15) * step, high = std::ceil(greatest / step + 0.15) * step;
  return {low, std::max(high, low + step), step};
}

std::string row_svg(const Competitor& competitor, const Axis& axis, const Metric& metric) {
  const auto place = [&](double value) { return axis.place(shown(metric, value)); };
  const auto [least, greatest] = std::minmax_element(competitor.test.begin(), competitor.test.end(),
                                                     [](auto& a, auto& b) { return a.second < b.second; });
  std::string svg = fmt::format("<svg width=\"100%\" height=\"30\" role=\"img\" aria-label=\"{} from {} to {}\">",
                                count(competitor.test.size(), "seed"), value_text(metric, least->second),
                                value_text(metric, greatest->second));
  svg += "<line class=\"rail\" x1=\"0\" x2=\"100%\" y1=\"15\" y2=\"15\"/>";
  if (competitor.interval) {
    svg += fmt::format("<line class=\"interval\" x1=\"{:.3f}%\" x2=\"{:.3f}%\" y1=\"15\" y2=\"15\"/>",
                       place(competitor.interval->low), place(competitor.interval->high));
    svg += fmt::format("<line class=\"mean\" x1=\"{0:.3f}%\" x2=\"{0:.3f}%\" y1=\"4\" y2=\"26\"/>",
                       place(*competitor.mean));
  }
  for (const auto& [seed, value] : competitor.test) {
    svg += fmt::format("<circle cx=\"{:.3f}%\" cy=\"15\" r=\"4\"><title>seed {}: {}</title></circle>", place(value),
                       seed, value_text(metric, value));
  }
  return svg + "</svg>";
}

}  // namespace

std::string dot_plot(std::span<const Competitor> competitors, std::span<const std::size_t> order,
                     const Metric& metric) {
  std::vector<double> values;
  for (const Competitor& competitor : competitors) {
    for (const auto& [seed, value] : competitor.test) values.push_back(shown(metric, value));
    if (!competitor.interval) continue;
    values.push_back(shown(metric, competitor.interval->low));
    values.push_back(shown(metric, competitor.interval->high));
  }
  if (values.empty()) return {};
  const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
  const Axis axis = axis_for(*least, *greatest);

  std::string html = "<div class=\"dots\">";
  for (const std::size_t i : order) {
    const Competitor& competitor = competitors[i];
    if (competitor.test.empty()) continue;
    html += fmt::format("<div class=\"dots-name\">{}</div><div class=\"{}\">{}</div>", name_html(competitor.name),
                        color_class(i), row_svg(competitor, axis, metric));
  }
  html += "<div class=\"dots-name\"></div><div class=\"dots-axis\" aria-hidden=\"true\">";
  const int digits = std::clamp(static_cast<int>(std::ceil(-std::log10(axis.step) - 1e-9)), 0, 9);
  const auto ticks = static_cast<int>(std::lround((axis.high - axis.low) / axis.step));
  for (int tick = 0; tick <= ticks; ++tick) {
    const double value = axis.low + tick * axis.step;
    html += fmt::format("<span style=\"left:{:.3f}%\">{:.{}f}</span>", axis.place(value), value, digits);
  }
  return html + fmt::format("</div></div><p class=\"unit\">test {}</p>", axis_title(metric));
}

}  // namespace thalweg::lab

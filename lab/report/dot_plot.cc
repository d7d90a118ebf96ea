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

// An axis in percent accuracy, and where values lie on it in percent of its width.
struct Axis {
  double low, high, step;

  double place(double accuracy) const { return (accuracy * 100 - low) / (high - low) * 100; }
};

// A few ticks at 1, 2 or 5 times a power of ten, with room at both ends.
Axis axis_for(double least, double greatest) {
  const double span = std::max((greatest - least) * 100, 0.2);
  const double least_step = span / 6;
  const double power = std::pow(10, std::floor(std::log10(least_step)));
  const double step = power * (least_step <= 2 * power ? 2 : least_step <= 5 * power ? 5 : 10);
  const double low = std::floor(least * 100 / step - 0.15) * step,
               high = std::ceil(greatest * 100 / step + 0.15) * step;
  return {low, std::max(high, low + step), step};
}

std::string row_svg(const Competitor& competitor, const Axis& axis) {
  std::string svg = fmt::format(
      "<svg width=\"100%\" height=\"30\" role=\"img\" aria-label=\"{} from {} to {}\">",
      count(competitor.test_accuracy.size(), "seed"),
      percent(std::min_element(competitor.test_accuracy.begin(), competitor.test_accuracy.end(),
                               [](auto& a, auto& b) { return a.second < b.second; })
                  ->second),
      percent(std::max_element(competitor.test_accuracy.begin(), competitor.test_accuracy.end(), [](auto& a, auto& b) {
                return a.second < b.second;
              })->second));
  svg += "<line class=\"rail\" x1=\"0\" x2=\"100%\" y1=\"15\" y2=\"15\"/>";
  if (competitor.interval) {
    svg += fmt::format("<line class=\"interval\" x1=\"{:.3f}%\" x2=\"{:.3f}%\" y1=\"15\" y2=\"15\"/>",
                       axis.place(competitor.interval->low), axis.place(competitor.interval->high));
    svg += fmt::format("<line class=\"mean\" x1=\"{0:.3f}%\" x2=\"{0:.3f}%\" y1=\"4\" y2=\"26\"/>",
                       axis.place(*competitor.mean));
  }
  for (const auto& [seed, accuracy] : competitor.test_accuracy) {
    svg += fmt::format("<circle cx=\"{:.3f}%\" cy=\"15\" r=\"4\"><title>seed {}: {}</title></circle>",
                       axis.place(accuracy), seed, percent(accuracy));
  }
  return svg + "</svg>";
}

}  // namespace

std::string dot_plot(std::span<const Competitor> competitors, std::span<const std::size_t> order) {
  std::vector<double> values;
  for (const Competitor& competitor : competitors) {
    for (const auto& [seed, accuracy] : competitor.test_accuracy) values.push_back(accuracy);
    if (competitor.interval) values.insert(values.end(), {competitor.interval->low, competitor.interval->high});
  }
  if (values.empty()) return {};
  const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
  const Axis axis = axis_for(*least, *greatest);

  std::string html = "<div class=\"dots\">";
  for (const std::size_t i : order) {
    const Competitor& competitor = competitors[i];
    if (competitor.test_accuracy.empty()) continue;
    html += fmt::format("<div class=\"dots-name\">{}</div><div class=\"{}\">{}</div>", name_html(competitor.name),
                        color_class(i), row_svg(competitor, axis));
  }
  html += "<div class=\"dots-name\"></div><div class=\"dots-axis\" aria-hidden=\"true\">";
  const int digits = axis.step < 0.095 ? 2 : axis.step < 0.95 ? 1 : 0;
  const auto ticks = static_cast<int>(std::lround((axis.high - axis.low) / axis.step));
  for (int tick = 0; tick <= ticks; ++tick) {
    const double value = axis.low + tick * axis.step;
    html += fmt::format("<span style=\"left:{:.3f}%\">{:.{}f}</span>", axis.place(value / 100), value, digits);
  }
  return html + "</div></div><p class=\"unit\">test accuracy (%)</p>";
}

}  // namespace thalweg::lab

// Draws the dot plot.
#include "report/dot_plot.h"

#include "page/text.h"
#include "report/axis.h"
#include "report/charts.h"
#include "report/names.h"

#include <fmt/format.h>

#include <algorithm>

namespace thalweg::lab {
namespace {

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
  }
  if (competitor.mean) {
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

std::string dot_plot(const Summary& summary, std::span<const std::size_t> order) {
  const std::span<const Competitor> competitors = summary.competitors;
  const Metric& metric = summary.metric();
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
  for (const Axis::Tick& tick : axis.ticks())
    html += fmt::format("<span style=\"left:{:.3f}%\">{}</span>", tick.place, tick.text);
  return html +
         fmt::format("</div></div><p class=\"unit\">{}{}</p>", summary.compared(), metric.is_share ? " (%)" : "");
}

}  // namespace thalweg::lab

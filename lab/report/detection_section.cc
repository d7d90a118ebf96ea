// The part of a review that shows false alarms against misses.
#include "report/detection_section.h"

#include "page/text.h"
#include "report/axis.h"
#include "report/html_table.h"
#include "report/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace thalweg::lab {
namespace {

// Beyond these, a curve in the corner would be all there is to see.
constexpr double kLeastThreshold = .05, kMostThreshold = .9999;

/// From 0: no share is less. In percent.
Axis share_axis(double most) {
  Axis axis = axis_for(0, std::max(most, 1.0));
  axis.low = 0;
  axis.high = std::min(axis.high, 100.0);
  return axis;
}

std::string curve(const Detection& detection) {
  struct Mark {
    double x, y;  // percent
    std::string title;
    bool is_shown;
  };
  std::vector<Mark> marks;
  double most_x = 0, most_y = 0;
  for (const Detection::Point& point : detection.points) {
    if (point.threshold < kLeastThreshold || point.threshold > kMostThreshold) continue;
    const double x = detection.false_alarms(point) * 100, y = detection.misses(point) * 100;
    marks.push_back({x, y,
                     fmt::format("threshold {}: {}\u00A0% false alarms, {}\u00A0% misses", number(point.threshold),
                                 fixed(x, 1), fixed(y, 1)),
                     std::ranges::find(kShownThresholds, point.threshold) != kShownThresholds.end()});
    most_x = std::max(most_x, x);
    most_y = std::max(most_y, y);
  }
  const Axis x_axis = share_axis(most_x), y_axis = share_axis(most_y);
  std::string svg;
  for (std::size_t i = 1; i < marks.size(); ++i) {
    svg += stroke(x_axis.place(marks[i - 1].x), y_axis.place(marks[i - 1].y), x_axis.place(marks[i].x),
                  y_axis.place(marks[i].y), "so-far");
  }
  for (const Mark& mark : marks)
    if (mark.is_shown) svg += dot(x_axis.place(mark.x), y_axis.place(mark.y), 1, "dot", mark.title);
  return plot_html({.x = x_axis.ticks(), .y = y_axis.ticks(), .x_label = "false alarms % (across), misses % (upwards)"},
                   plot_svg("misses against false alarms over the threshold", y_axis.ticks(), svg));
}

std::string part(std::int64_t count, std::int64_t whole) {
  return html_cell(whole == 0 ? std::string("–") : percent(static_cast<double>(count) / static_cast<double>(whole)));
}

}  // namespace

std::string detection_html(const Detection& detection) {
  const std::int64_t others = detection.unknown + detection.silence;
  if (detection.keywords == 0 || others == 0 || detection.points.empty()) return {};
  std::string rows;
  for (const double threshold : kShownThresholds) {
    const Detection::Point* const point = detection.at(threshold);
    if (point == nullptr) continue;
    rows += fmt::format("<tr><th scope=\"row\" class=\"step\">{}</th>", number(threshold)) +
            part(point->alarms_unknown + point->alarms_silence, others) +
            part(point->alarms_unknown, detection.unknown) + part(point->alarms_silence, detection.silence) +
            part(point->confused + point->unheard, detection.keywords) + part(point->unheard, detection.keywords) +
            part(point->confused, detection.keywords) + "</tr>";
  }
  const Detection::Point& equal = detection.equal_point();
  return fmt::format(
             "<h3>False alarms and misses</h3><p class=\"note\">At a threshold the most probable keyword is said if "
             "its "
             "probability is at least that, and nothing else. False alarm: a keyword was said at one of {} unknown "
             "words or in one of {} clips of silence. Miss: at one of {} keywords none was said (unheard) or another "
             "one (confused). At threshold {} both are about equal: {} and {}\u00A0%.</p>",
             thousands(detection.unknown), thousands(detection.silence), thousands(detection.keywords),
             number(equal.threshold), percent(detection.false_alarms(equal)), percent(detection.misses(equal))) +
         "<div class=\"charts\"><figure><figcaption><h3>Misses against false alarms</h3><p>Each point is a threshold, "
         "from 0.05 at the right to 0.9999 at the left; dots are the table’s.</p></figcaption>" +
         curve(detection) + "</figure></div>" +
         html_table("False alarms and misses",
                    html_columns({"threshold", "false alarms %", "of unknown words %", "in silence %", "misses %",
                                  "unheard %", "confused %"}),
                    rows);
}

}  // namespace thalweg::lab

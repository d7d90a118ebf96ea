// Curves of values above 0 against steps as an SVG file, which is read in grey and on a small screen too.
#pragma once

#include "pictures.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

/// One line of a panel, from several runs: their median, with a band from the lowest to the highest.
struct Curve {
  std::string label;
  std::string colour;
  std::string dashes;  // as SVG writes them: "6 4"; none for a whole line
  std::vector<std::vector<double>> runs;

  /// The value that a share of the runs is below, at each place.
  std::vector<double> quantile(double share) const {
    std::vector<double> result(runs[0].size());
    for (std::size_t k = 0; k < result.size(); ++k) {
      std::vector<double> values;
      for (const std::vector<double>& run : runs) values.push_back(run[k]);
      std::sort(values.begin(), values.end());
      const double place = share * static_cast<double>(values.size() - 1);
      const auto below = static_cast<std::size_t>(place), above = std::min(below + 1, values.size() - 1);
      result[k] = values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
    }
    return result;
  }
};

struct Panel {
  std::string title;
  std::string values;  // what they are
  std::vector<Curve> curves;
};

/// Panels one below the other, with one logarithmic axis for all. `steps` is how many the curves' last points stand
/// for.
inline void write_curves(const std::filesystem::path& file, const std::vector<Panel>& panels, int steps) {
  constexpr double kWidth = 480, kLeft = 58, kRight = 352, kTop = 34, kHeight = 200, kPanel = 282;
  double lowest = INFINITY, highest = 0;
  for (const Panel& panel : panels) {
    for (const Curve& curve : panel.curves) {
      for (const std::vector<double>& run : curve.runs) {
        lowest = std::min(lowest, *std::min_element(run.begin(), run.end()));
        highest = std::max(highest, *std::max_element(run.begin(), run.end()));
      }
    }
  }
  lowest *= 0.85;  // room for the last label
  const auto number = [](const char* format, double value) {
    char text[32];
    std::snprintf(text, sizeof text, format, value);
    return std::string(text);
  };
  const auto at = [&](double x, double y) { return number("%.1f", x) + "," + number("%.1f", y) + " "; };
  const auto text = [&](double x, double y, const std::string& anchor, const std::string& words) {
    return "<text x='" + number("%.1f", x) + "' y='" + number("%.1f", y) + "' text-anchor='" + anchor + "'>" + words +
           "</text>\n";
  };
  const auto line = [&](double x0, double y0, double x1, double y1, const std::string& colour) {
    return "<path d='M" + at(x0, y0) + "L" + at(x1, y1) + "' stroke='" + colour + "' fill='none'/>\n";
  };

  const double total = kPanel * static_cast<double>(panels.size());
  std::string svg = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 " + number("%.0f", kWidth) + " " +
                    number("%.0f", total) + "' font-family='sans-serif' font-size='14'>\n" +
                    "<rect width='100%' height='100%' fill='white'/>\n";
  for (std::size_t k = 0; k < panels.size(); ++k) {
    const double top = kTop + kPanel * static_cast<double>(k), bottom = top + kHeight;
    const auto place_y = [&](double value) {
      return bottom - kHeight * std::log(value / lowest) / std::log(highest / lowest);
    };
    svg += text(kLeft, top - 12, "start",
                "<tspan font-weight='bold'>" + panels[k].title + "</tspan>, " + panels[k].values);
    for (double decade = 1e-6; decade < 1e4; decade *= 10) {
      for (const double tick : {decade, 2 * decade, 5 * decade}) {
        if (tick < lowest || tick > highest) continue;
        svg += line(kLeft, place_y(tick), kRight, place_y(tick), "#ddd");
        svg += text(kLeft - 6, place_y(tick) + 5, "end", number("%g", tick));
      }
    }
    for (int quarter = 0; quarter <= 4; quarter += 2) {
      const double x = kLeft + (kRight - kLeft) * quarter / 4;
      svg += line(x, bottom, x, bottom + 5, "#666");
      svg += text(x, bottom + 20, "middle", number("%.0f", steps * quarter / 4.0) + (quarter == 2 ? " steps" : ""));
    }
    svg += line(kLeft, bottom, kRight, bottom, "#666");

    std::string bands, lines;
    std::vector<std::pair<double, const Curve*>> labels;
    for (const Curve& curve : panels[k].curves) {
      const std::vector<double> low = curve.quantile(0), median = curve.quantile(0.5), high = curve.quantile(1);
      const auto place_x = [&](std::size_t i) {
        return kLeft + (kRight - kLeft) * static_cast<double>(i) / static_cast<double>(median.size() - 1);
      };
      std::string band, path;
      for (std::size_t i = 0; i < median.size(); ++i) {
        path += at(place_x(i), place_y(median[i]));
        band += at(place_x(i), place_y(high[i]));
      }
      for (std::size_t i = median.size(); i-- > 0;) band += at(place_x(i), place_y(low[i]));
      if (curve.runs.size() > 1) {
        bands += "<polygon points='" + band + "' fill='" + curve.colour + "' fill-opacity='0.15'/>\n";
      }
      lines += "<polyline points='" + path + "' fill='none' stroke='" + curve.colour + "' stroke-width='2'" +
               (curve.dashes.empty() ? "" : " stroke-dasharray='" + curve.dashes + "'") + "/>\n";
      labels.emplace_back(place_y(median.back()), &curve);
    }
    svg += bands + lines;
    std::sort(labels.begin(), labels.end());
    double free = top - kHeight;  // below the labels so far
    for (const auto& [y, curve] : labels) {
      const double place = std::max(y, free);
      svg += "<g fill='" + curve->colour + "'>" + text(kRight + 8, place + 5, "start", curve->label) + "</g>\n";
      free = place + 17;
    }
  }
  write_file(file, svg + "</svg>\n");
}

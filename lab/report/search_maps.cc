// Draws a search's maps.
#include "report/search_maps.h"

#include "page/text.h"
#include "report/html_table.h"
#include "report/parameter_axis.h"
#include "report/plot.h"
#include "report/shades.h"
#include "study/statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace thalweg::lab {
namespace {

constexpr std::size_t kMostLines = 200, kMostDots = 600, kFewestForCells = 8, kPairsShown = 3;
constexpr double kMostCells = 8;  // along each parameter

// One of the vertical axes, and its place in percent.
std::string axis_html(double at, const std::string& name, const std::vector<Axis::Tick>& ticks) {
  std::string html = fmt::format("<div class=\"axis\" style=\"left:{:.2f}%\"><b>{}</b>", at, name);
  for (const Axis::Tick& tick : ticks)
    html += fmt::format("<span style=\"bottom:{:.2f}%\">{}</span>", tick.place, tick.text);
  return html + "</div>";
}

std::vector<std::size_t> numbers_by_share(const Search& search) {
  std::vector<std::size_t> numbers;
  for (const std::size_t i : search.by_share)
    if (search.space.dimensions[i].kind != DimensionKind::choice) numbers.push_back(i);
  return numbers;
}

/// Cells of two ranges.
class Cells {
 public:
  Cells(const Search& search, std::size_t x, std::size_t y) : search_(search), dimensions_{x, y} {
    // About four trials a cell, were they spread evenly.
    side_ = static_cast<int>(std::clamp(std::sqrt(static_cast<double>(search.ranked.size()) / 2), 3.0, kMostCells));
    for (std::size_t i = 0; i < search.trials.size(); ++i) {
      const TuneTrial& trial = search.trials[i];
      const bool lost = trial.state == TrialState::diverged || trial.state == TrialState::failed;
      const bool complete = trial.state == TrialState::complete && trial.value;
      if ((!lost && !complete) || !search.points[i][x] || !search.points[i][y]) continue;
      Cell& cell = cells_[{part_of(0, *search.points[i][x]), part_of(1, *search.points[i][y])}];
      lost ? void(++cell.lost) : cell.values.push_back(*trial.value);
      trials_.push_back(i);
    }
  }

  struct Cell {
    std::vector<double> values;
    std::size_t lost = 0;  ///< trials that diverged or failed
  };
  int side() const { return side_; }
  const std::map<std::pair<int, int>, Cell>& cells() const { return cells_; }
  const std::vector<std::size_t>& trials() const { return trials_; }
  /// From where to where a cell reaches: `0.001 to 0.01`.
  std::string text(int axis, int part) const {
    return number(bound(axis, part)) + " to " + number(bound(axis, part + 1));
  }
  /// In percent of the axis, on which both ends of the range have room.
  double begin(int axis, int part) const {
    return ParameterAxis(search_.space.dimensions[dimensions_[axis]]).place(bound(axis, part));
  }

 private:
  double bound(int axis, int part) const {
    const Dimension& range = search_.space.dimensions[dimensions_[axis]];
    const double along = static_cast<double>(part) / side_;
    return range.log ? range.low * std::pow(range.high / range.low, along)
                     : range.low + (range.high - range.low) * along;
  }
  int part_of(int axis, double value) const {
    const Dimension& range = search_.space.dimensions[dimensions_[axis]];
    const double along = range.log ? std::log(value / range.low) / std::log(range.high / range.low)
                                   : (value - range.low) / (range.high - range.low);
    return std::clamp(static_cast<int>(along * side_), 0, side_ - 1);
  }

  const Search& search_;
  std::size_t dimensions_[2];
  int side_ = 0;
  std::map<std::pair<int, int>, Cell> cells_;
  std::vector<std::size_t> trials_;
};

std::string cell_text(const Cells::Cell& cell, const Metric& metric) {
  return cell.values.empty() ? "diverged or failed" : value_text(metric, median(cell.values));
}

std::string pair_html(const Search& search, std::size_t x, std::size_t y) {
  const Cells cells(search, x, y);
  if (cells.trials().size() < kFewestForCells) return {};
  const ValueAxis values = *value_axis(search);
  const Dimension &x_range = search.space.dimensions[x], &y_range = search.space.dimensions[y];
  const ParameterAxis x_axis(x_range), y_axis(y_range);
  std::string marks, rows;
  bool any_lost = false;
  for (const auto& [place, cell] : cells.cells()) {
    const std::string text = cell_text(cell, *search.metric);
    const double left = cells.begin(0, place.first), right = cells.begin(0, place.first + 1);
    const double low = cells.begin(1, place.second), high = cells.begin(1, place.second + 1);
    any_lost |= cell.values.empty();
    marks += fmt::format(
        "<rect x=\"{:.2f}%\" y=\"{:.2f}%\" width=\"{:.2f}%\" height=\"{:.2f}%\" {}><title>{}</title></rect>", left,
        100 - high, right - left, high - low,
        cell.values.empty() ? "class=\"broken\"" : shade(values.part(median(cell.values))), text);
    rows += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                        cells.text(0, place.first), cells.text(1, place.second), text, cell.values.size(), cell.lost);
  }
  const Sample sample = sample_of(search, cells.trials(), kMostDots);
  for (const std::size_t i : sample.trials) {
    marks += fmt::format("<circle class=\"trial\" cx=\"{:.2f}%\" cy=\"{:.2f}%\" r=\"2.5\"/>",
                         x_axis.place(search.points[i][x]), 100 - y_axis.place(search.points[i][y]));
  }
  const std::string x_name = isolated(x_range.name), y_name = isolated(y_range.name);
  const std::string title = escape_html(y_range.name) + " and " + escape_html(x_range.name);
  const std::string label =
      fmt::format("Median {} by {} in {} cells of trials", escape_html(search.title), title, cells.cells().size());
  std::vector<Axis::Tick> no_lines;
  return fmt::format(
      "<figure><figcaption><h4>{} and {}</h4></figcaption>{}{}<details><summary>{}: the "
      "numbers</summary>{}</details></figure>",
      y_name, x_name,
      shades_legend(value_text(*search.metric, values.worst) + (values.cut ? " or worse" : ""),
                    value_text(*search.metric, values.best), any_lost ? "all diverged or failed" : ""),
      plot_html({.x = x_axis.ticks(), .y = y_axis.ticks(), .x_label = x_name + " across, " + y_name + " upwards"},
                plot_svg(label, no_lines, marks), "cells"),
      title,
      html_table(
          title + ", table",
          html_columns({x_name, y_name, "median " + search.title_html(), "complete trials", "diverged or failed"}),
          rows));
}

}  // namespace

bool has_coordinates(const Search& search) { return search.space.dimensions.size() > 1 && search.ranked.size() > 1; }

std::string coordinates_html(const Search& search, nlohmann::json&) {
  const ValueAxis values = *value_axis(search);
  const std::size_t n = search.space.dimensions.size();
  const auto at = [&](std::size_t axis) {
    return 100 * (static_cast<double>(axis) + 0.5) / static_cast<double>(n + 1);
  };
  std::vector<ParameterAxis> axes;
  std::string axes_html;
  for (std::size_t d = 0; d < n; ++d) {
    const bool absent =
        std::ranges::any_of(search.ranked, [&](std::size_t i) { return !search.points[i][d].has_value(); });
    axes.emplace_back(search.space.dimensions[d], absent);
    axes_html += axis_html(at(d), isolated(search.space.dimensions[d].name), axes[d].ticks());
  }
  axes_html += axis_html(at(n), search.axis_html(), values.axis.ticks());

  // The best are drawn last, on top.
  Sample sample = sample_of(search, search.ranked, kMostLines);
  std::ranges::stable_sort(sample.trials, [&](std::size_t a, std::size_t b) {
    return search.metric->is_better(*search.trials[b].value, *search.trials[a].value);
  });
  std::string lines;
  for (std::size_t d = 0; d <= n; ++d) lines += fmt::format("<path class=\"rule\" d=\"M{:.2f} 0v100\"/>", at(d));
  for (const std::size_t i : sample.trials) {
    std::string path;
    for (std::size_t d = 0; d < n; ++d)
      path += fmt::format("{}{:.2f} {:.2f}", d == 0 ? "M" : "L", at(d), 100 - axes[d].place(search.points[i][d]));
    path += fmt::format("L{:.2f} {:.2f}", at(n), 100 - values.place(*search.trials[i].value));
    const double part = values.part(*search.trials[i].value);
    lines += i == *search.best ? fmt::format("<path class=\"line best\" d=\"{}\"/>", path)
                               : fmt::format("<path class=\"line\" stroke-opacity=\"{:.2f}\" d=\"{}\"/>",
                                             0.08 + 0.6 * part * part, path);
  }
  return fmt::format(
      "<figure><figcaption><h3>All parameters at once</h3><p>A line for each complete trial, across its parameters to "
      "its {}: the darker, the better; the best one has another colour. {} {} The numbers are in the table of "
      "trials.</p></figcaption><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"All parameters at "
      "once\"><div class=\"coordinates c0\" style=\"min-width:{}px\"><svg viewBox=\"0 0 100 100\" "
      "preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{} trials as lines across {} parameters and "
      "{}\">{}</svg><div "
      "aria-hidden=\"true\">{}</div></div></div></figure>",
      search.title_html(), values.text(), sample.text(), 96 * (n + 1), sample.trials.size(), n,
      escape_html(search.title), lines, axes_html);
}

bool has_pairs_of_numbers(const Search& search) {
  return numbers_by_share(search).size() > 1 && search.ranked.size() >= kFewestForCells;
}

std::string contours_html(const Search& search, nlohmann::json&) {
  const std::vector<std::size_t> numbers = numbers_by_share(search);
  std::string figures;
  std::size_t drawn = 0;
  // The first with the second, the first with the third, the second with the third.
  for (std::size_t second = 1; second < std::min<std::size_t>(numbers.size(), 3); ++second) {
    for (std::size_t first = 0; first < second && drawn < kPairsShown; ++first) {
      const std::string figure = pair_html(search, numbers[first], numbers[second]);
      drawn += !figure.empty();
      figures += figure;
    }
  }
  if (figures.empty()) return {};
  return fmt::format(
      "<h3>Two parameters at a time</h3><p class=\"note\">A cell is as dark as the median {} of its complete trials is "
      "good; dots are trials. Nothing is filled in between them: where there is no cell, nothing was tried. Of numeric "
      "parameters, the {} most important.</p><div class=\"charts\">{}</div>",
      search.title_html(), std::min<std::size_t>(numbers.size(), 3), figures);
}

}  // namespace thalweg::lab

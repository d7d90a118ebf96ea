// Writes a search's tables and learning curves.
#include "report/search_tables.h"

#include "duration.h"
#include "page/figures.h"
#include "page/text.h"
#include "report/html_table.h"
#include "study/statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <utility>

namespace thalweg::lab {
namespace {

using nlohmann::json;

constexpr std::size_t kMostRows = 200, kBestCurves = 10, kMostPrunedCurves = 60;

using Curve = std::map<std::int64_t, double>;  // by epoch

// The mean over a trial's runs, at epochs that all of them have.
Curve curve_of(const TuneTrial& trial, const Metric& metric) {
  std::map<std::int64_t, std::vector<double>> values;
  for (const TrialData* run : trial.runs) {
    for (const EpochRecord& record : run->epochs) {
      const std::optional<double> value = value_of(record.validation, metric.name);
      if (value && std::isfinite(*value)) values[record.epoch].push_back(*value);
    }
  }
  Curve curve;
  for (const auto& [epoch, of_runs] : values)
    if (of_runs.size() == trial.runs.size()) curve[epoch] = mean(of_runs);
  return curve;
}

json points_of(const Curve& curve, const Metric& metric) {
  json points = json::array();
  for (const auto& [epoch, value] : curve) {
    const double y = shown(metric, value);
    points.push_back(point(static_cast<double>(epoch), y, y, y));
  }
  return points;
}

std::vector<std::size_t> best_of(const Search& search) {
  return {search.ranked.begin(),
          search.ranked.begin() + static_cast<std::ptrdiff_t>(std::min(kBestCurves, search.ranked.size()))};
}

// Trials in the order of the table.
std::vector<std::size_t> all_ranked(const Search& search) {
  std::vector<std::size_t> order = search.ranked;
  for (const TrialState state :
       {TrialState::complete, TrialState::pruned, TrialState::diverged, TrialState::failed, TrialState::unfinished}) {
    for (std::size_t i = 0; i < search.trials.size(); ++i)
      if (search.trials[i].state == state && std::ranges::find(search.ranked, i) == search.ranked.end())
        order.push_back(i);
  }
  return order;
}

}  // namespace

bool has_curves(const Search& search) {
  return std::ranges::any_of(best_of(search),
                             [&](std::size_t i) { return curve_of(search.trials[i], *search.metric).size() > 1; });
}

std::string best_curves_html(const Search& search, json& pages) {
  const Metric& metric = *search.metric;
  std::vector<std::string> groups;
  std::vector<Curve> curves;
  json lines = json::array();
  std::map<std::int64_t, std::size_t> epochs;
  for (const std::size_t i : best_of(search)) {
    groups.push_back(fmt::format("trial {}", search.trials[i].number));
    curves.push_back(curve_of(search.trials[i], metric));
    for (const auto& [epoch, value] : curves.back()) ++epochs[epoch];
    lines.push_back(series(groups.size() - 1, points_of(curves.back(), metric)));
  }
  const std::vector<std::string> best_groups = groups;
  std::size_t pruned = 0;
  for (const TuneTrial& trial : search.trials) {
    if (trial.state != TrialState::pruned || pruned == kMostPrunedCurves) continue;
    if (pruned++ == 0) groups.push_back("stopped early");
    json line = series(groups.size() - 1, points_of(curve_of(trial, metric), metric));
    line["thin"] = true;
    lines.push_back(std::move(line));
  }
  std::string rows;
  for (const auto& [epoch, n] : epochs) {
    rows += fmt::format("<tr><th scope=\"row\">{}</th>", epoch);
    for (const Curve& curve : curves) {
      const auto value = curve.find(epoch);
      rows += value == curve.end() ? std::string(kNothing) : html_cell(plain_text(metric, value->second));
    }
    rows += "</tr>";
  }
  Figures figures(pages.size(), groups);
  std::string note = fmt::format("The best {} by epoch{}.",
                                 best_groups.size() == 1 ? "trial" : fmt::format("{} trials", best_groups.size()),
                                 search.config.runs() > 1 ? ", mean over their runs" : "");
  if (pruned > 0) {
    const std::size_t all = search.count(TrialState::pruned);
    note += fmt::format(" Thin: {} that were stopped early{}.", count(pruned, "trial"),
                        all > pruned ? fmt::format(" (the first of {})", all) : "");
  }
  const std::string part = search.config.program ? "" : "Validation ";
  const Figures::Text text{
      .title = part + search.title_html(),
      .note = std::move(note),
      .x_label = "epoch",
      .y_label = escape_html(search.title) + (metric.is_share ? " (%)" : ""),
      .table = "<thead>" + table_header("epoch", best_groups) + "</thead><tbody>" + rows + "</tbody>"};
  std::string html = "<h3>Learning curves</h3>" + figures.legend() + "<div class=\"charts\">" +
                     figures.figure(text, std::move(lines)) + "</div>";
  pages.push_back(figures.data());
  return html;
}

bool has_rungs(const Search& search) { return search.config.is_hyperband(); }

std::string rungs_html(const Search& search, json&) {
  std::map<std::int64_t, std::vector<const TuneTrial*>> rungs;
  for (const TuneTrial& trial : search.trials)
    if (trial.state == TrialState::complete || trial.state == TrialState::pruned) rungs[trial.epochs].push_back(&trial);
  std::string rows;
  std::size_t further = 0;
  for (const auto& [epochs, trials] : rungs) further += trials.size();
  for (const auto& [epochs, trials] : rungs) {
    std::optional<double> best;
    for (const TuneTrial* trial : trials)
      if (trial->value && (!best || search.metric->is_better(*trial->value, *best))) best = trial->value;
    rows += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td>{}</tr>", epochs, further, trials.size(),
                        best ? html_cell(plain_text(*search.metric, *best)) : kNothing);
    further -= trials.size();
  }
  return "<h3>Rungs</h3>" +
         html_table("Rungs",
                    html_columns({"epochs", "trials that came so far", "trials that ended there",
                                  "best " + search.axis_html() + " of these"}),
                    rows) +
         fmt::format(
             "<p class=\"note\">Hyperband: at each rung the best 1/{} of the trials go on. Only those with all epochs "
             "compete for the best.</p>",
             search.config.eta);
}

std::string trials_html(const Search& search, json&) {
  const std::vector<std::size_t> order = all_ranked(search);
  const std::size_t shown_rows = std::min(order.size(), kMostRows);
  const bool errors = std::any_of(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(shown_rows),
                                  [&](std::size_t i) { return !search.trials[i].error.empty(); });
  std::vector<std::string> heads{"trial", search.axis_html()};
  for (const Dimension& dimension : search.space.dimensions) heads.push_back(isolated(dimension.name));
  heads.insert(heads.end(), {"state", "epochs", "training time"});
  if (errors) heads.push_back("reason");
  std::string rows;
  for (std::size_t row = 0; row < shown_rows; ++row) {
    const TuneTrial& trial = search.trials[order[row]];
    rows += fmt::format("<tr><th scope=\"row\">{}</th>{}", trial.number,
                        trial.value ? html_cell(plain_text(*search.metric, *trial.value)) : kNothing);
    for (const Dimension& dimension : search.space.dimensions) {
      const auto value = trial.parameters.find(dimension.name);
      rows += value == trial.parameters.end() ? kNothing : html_cell(isolated(parameter_text(*value)));
    }
    rows += html_cell(to_string(trial.state)) + html_cell(fmt::format("{}", trial.epochs)) +
            html_cell(duration(trial.seconds));
    if (errors) rows += fmt::format("<td class=\"error\">{}</td>", escape_html(trial.error));
    rows += "</tr>";
  }
  std::string html = "<h3>Trials</h3>" + html_table("Trials", html_columns(heads), rows);
  if (order.size() > shown_rows) {
    html += fmt::format(
        "<p class=\"note\">The best {} are here; {} more are left out (<code>--csv</code> has all of "
        "them).</p>",
        shown_rows, order.size() - shown_rows);
  }
  return html;
}

}  // namespace thalweg::lab

// Shows a training's diagnostics.
#include "report/inside.h"

#include "page/figures.h"
#include "page/text.h"
#include "report/heat_map.h"
#include "report/html_table.h"
#include "report/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <utility>

namespace thalweg::lab {
namespace {

using nlohmann::json;
using Records = std::vector<DiagnosticRecord>;

/// With names between backquotes as code.
std::string words_html(const std::string& words) {
  std::string html;
  bool code = false;
  for (const char c : escape_html(words)) {
    if (c == '`') {
      html += std::exchange(code, !code) ? "</code>" : "<code>";
    } else {
      html += c;
    }
  }
  return code ? html + "</code>" : html;
}

/// A point on an axis of powers of ten, where there is one.
void add_power(json& points, std::int64_t step, double value) {
  if (!(value > 0) || !std::isfinite(value)) return;
  const double power = std::log10(value);
  points.push_back(point(static_cast<double>(step), power, power, power));
}

std::string ratios(const Records& records, Charts& charts) {
  std::vector<std::string> names;
  std::vector<std::size_t> places;
  for (const DiagnosticRecord& record : records) {
    if (record.layers.empty()) continue;
    for (std::size_t place = 0; place < record.layers.size(); ++place) {
      if (record.layers[place].parameter.find("weight") == std::string::npos) continue;
      names.push_back(record.layers[place].parameter);
      places.push_back(place);
    }
    break;
  }
  std::vector<json> lines(names.size(), json::array());
  std::string rows;
  for (const DiagnosticRecord& record : records) {
    if (places.empty() || record.layers.size() <= places.back()) continue;
    rows += fmt::format("<tr><th scope=\"row\">{}</th>", record.step);
    for (std::size_t i = 0; i < places.size(); ++i) {
      const LayerRecord& layer = record.layers[places[i]];
      const double ratio = layer.update_norm / layer.parameter_norm;
      add_power(lines[i], record.step, ratio);
      rows += fmt::format("<td>{}</td>", std::isfinite(ratio) ? fmt::format("{:.1e}", ratio) : "–");
    }
    rows += "</tr>";
  }
  return charts.figure_of_its_own(
      {.title = "Update relative to weights",
       .note = "Norm of what a step added to a layer’s weights, divided by the norm of the weights.",
       .x_label = "step",
       .y_label = "update / weights (logarithmic)",
       .table = "<thead>" + table_header("step", names) + "</thead><tbody>" + rows + "</tbody>"},
      names, std::move(lines), {{"powers", true}});
}

std::string norms(const Records& records, Charts& charts) {
  const bool clips = std::ranges::any_of(
      records, [](const DiagnosticRecord& record) { return record.clipped_norm < record.gradient_norm; });
  std::vector<std::string> names{clips ? "before clipping" : "in this step"};
  if (clips) names.emplace_back("after clipping");
  names.emplace_back("greatest since");
  std::vector<json> lines(names.size(), json::array());
  std::string rows;
  for (const DiagnosticRecord& record : records) {
    std::vector<double> values{record.gradient_norm};
    if (clips) values.push_back(record.clipped_norm);
    values.push_back(record.greatest_norm);
    rows += fmt::format("<tr><th scope=\"row\">{}</th>", record.step);
    for (std::size_t i = 0; i < values.size(); ++i) {
      add_power(lines[i], record.step, values[i]);
      rows += fmt::format("<td>{}</td>", number(values[i]));
    }
    rows += "</tr>";
  }
  return charts.figure_of_its_own(
      {.title = "Gradient norm",
       .note = fmt::format(
           "L2 norm of all gradients together, in the steps that were looked into. The greatest since is over "
           "all steps since the last point{}.",
           clips ? ", after clipping" : ""),
       .x_label = "step",
       .y_label = "norm (logarithmic)",
       .table = "<thead>" + table_header("step", names) + "</thead><tbody>" + rows + "</tbody>"},
      names, std::move(lines), {{"powers", true}});
}

std::string rates(const TrialData& trial, Charts& charts) {
  json points = json::array();
  std::string rows;
  for (const StepRecord& record : trial.steps) {
    if (std::isfinite(record.lr))
      points.push_back(point(static_cast<double>(record.step), record.lr, record.lr, record.lr));
    rows += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>", record.step, learning_rate(record.lr));
  }
  const std::vector<std::string> names{"learning rate"};
  return charts.figure_of_its_own(
      {.title = "Learning rate",
       .note = "As the schedule had it.",
       .x_label = "step",
       .y_label = "learning rate",
       .table = "<thead>" + table_header("step", names) + "</thead><tbody>" + rows + "</tbody>"},
      names, {std::move(points)}, {{"rates", true}});
}

std::string list(const std::vector<FindingInRuns>& found, std::size_t runs) {
  std::string html;
  for (const FindingInRuns& each : found)
    html += fmt::format("<p class=\"warning\">{}</p>", words_html(each.text(runs)));
  return html;
}

/// Dead units, an epoch a row.
std::string units_table(const TrialData& trial) {
  if (trial.epochs.empty() || trial.epochs.back().units.empty()) return {};
  std::vector<std::string> layers;
  for (const UnitCounts& counts : trial.epochs.back().units)
    layers.push_back(fmt::format("{} ({} units)", counts.layer, counts.units));
  std::string rows;
  for (const EpochRecord& record : trial.epochs) {
    if (record.units.size() != layers.size()) continue;
    rows += fmt::format("<tr><th scope=\"row\">{}</th>", record.epoch);
    for (const UnitCounts& counts : record.units) rows += fmt::format("<td>{}</td>", counts.dead);
    rows += "</tr>";
  }
  return "<details><summary>Dead units</summary><p class=\"note\">Units behind ReLU that were 0 for every example of "
         "the "
         "validation part, at the end of each epoch.</p>" +
         html_table("Dead units", table_header("epoch", layers), rows) + "</details>";
}

std::string single_run(const Summary& summary, Charts& charts) {
  const Competitor& competitor = summary.competitors[0];
  const TrialData& trial = *competitor.runs[0];
  if (trial.diagnostics.empty()) return {};  // made by an earlier version
  const std::string words = list(findings_of(competitor), 1);
  std::string html = "<h3>Inside the network</h3>";
  if (!words.empty()) {
    html += words;
  } else if (trial.diagnostics.size() >= kLastingRecords) {
    html +=
        "<p class=\"note\">No sign of gradients that vanish or explode, nor of updates that are too small or too "
        "large.</p>";
  }
  html += units_table(trial);
  html += heat_map(trial.diagnostics);
  // One after the other, as each adds its figure.
  html += ratios(trial.diagnostics, charts);
  html += norms(trial.diagnostics, charts);
  html += rates(trial, charts);
  return html;
}

std::string comparison(const Summary& summary) {
  std::string html;
  for (const Competitor& competitor : summary.competitors) {
    const std::string words = list(findings_of(competitor), competitor.runs.size());
    if (!words.empty()) html += fmt::format("<h4>{}</h4>{}", name_html(competitor.name), words);
  }
  return html.empty() ? html : "<h3>Inside the networks</h3>" + html;
}

}  // namespace

std::string FindingInRuns::text(std::size_t all_runs) const {
  std::string text = fmt::format("{}. {}.", finding.text, finding.advice);
  text = capitalized(std::move(text));
  return all_runs < 2 ? text
                      : text + fmt::format(" So in {} of {} runs; the numbers are of seed {}.", runs, all_runs, seed);
}

std::vector<FindingInRuns> findings_of(const Competitor& competitor) {
  std::vector<FindingInRuns> all;
  for (const TrialData* run : competitor.runs) {
    for (Finding& finding : findings(run->diagnostics, run->epochs)) {
      const auto known =
          std::ranges::find_if(all, [&](const FindingInRuns& each) { return each.finding.kind == finding.kind; });
      if (known == all.end()) {
        all.push_back({.finding = std::move(finding), .seed = run->config.seed, .runs = 1});
      } else {
        ++known->runs;
      }
    }
  }
  return all;
}

std::string inside_html(const Summary& summary, Charts& charts) {
  return summary.single_run() ? single_run(summary, charts) : comparison(summary);
}

}  // namespace thalweg::lab

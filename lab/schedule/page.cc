// Puts the page of schedules together.
#include "schedule/page.h"

#include "page/figures.h"
#include "page/folder.h"
#include "page/page.h"
#include "page/text.h"
#include "schedule/marks.h"
#include "schedule/rows.h"
#include "schedule/text.h"

#include <thalweg/files.h>
#include <thalweg/schedule.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

namespace thalweg::lab {
namespace {

using nlohmann::json;

constexpr std::size_t kMostRings = 12;  // of each line

/// Digits that no screen shows would double the page's size.
double rounded(double rate) {
  const std::string text = fmt::format("{:.7g}", rate);
  double result = rate;
  std::from_chars(text.data(), text.data() + text.size(), result);
  return result;
}

std::string name_html(const Curve& curve) {
  return fmt::format("<span class=\"name long\">{}</span>", escape_html(curve.text()));
}

/// The lines' names: of one curve what it shows, which needs no legend.
std::vector<std::string> groups_of(std::span<const Curve> curves) {
  if (curves.size() == 1) return {unit_of(curves.front())};
  std::vector<std::string> groups;
  for (const Curve& curve : curves) groups.push_back(curve.text());
  return groups;
}

/// Every curve at the same steps, so that the readout has all of them; and rings where something happens.
json lines_of(std::span<const Curve> curves) {
  std::vector<std::int64_t> steps;
  for (const Curve& curve : curves) {
    const std::vector<std::int64_t> its = curve.drawn_steps();
    steps.insert(steps.end(), its.begin(), its.end());
  }
  std::ranges::sort(steps);
  steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
  json lines = json::array();
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const auto at = [&](std::int64_t step) {
      const double rate = rounded(curves[i].rate(step));
      return point(static_cast<double>(step), rate, rate, rate);
    };
    json points = json::array(), rings = json::array();
    for (const std::int64_t step : steps) {
      if (std::isfinite(curves[i].rate(step))) points.push_back(at(step));
    }
    for (const Mark& mark : thinned(curves[i].marks(), kMostRings)) {
      if (std::isfinite(curves[i].rate(mark.step))) rings.push_back(at(mark.step));
    }
    lines.push_back(series(i, std::move(points)));
    json line = series(i, std::move(rings));
    line["mark"] = true;
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string table_of(std::span<const Curve> curves) {
  const std::int64_t steps_per_epoch = curves.front().options().steps_per_epoch;
  const bool has_epochs = steps_per_epoch > 1;
  std::string table = "<thead><tr><th scope=\"col\">step</th>";
  if (has_epochs) table += "<th scope=\"col\">epoch</th>";
  for (std::size_t i = 0; i < curves.size(); ++i) {
    table += curves.size() == 1
                 ? fmt::format("<th scope=\"col\">{}</th>", unit_of(curves[i]))
                 : fmt::format("<th scope=\"col\">{} {} {}</th>", Figures::swatch(i), unit_of(curves[i]), i + 1);
  }
  table += "<th class=\"what\" scope=\"col\">what happens</th></tr></thead><tbody>";
  for (const Row& row : telling_rows(curves)) {
    table += fmt::format("<tr><th class=\"step\" scope=\"row\">{}</th>", thousands(row.step));
    if (has_epochs) table += fmt::format("<td>{}</td>", thousands((row.step - 1) / steps_per_epoch + 1));
    for (const double rate : row.rates) table += fmt::format("<td>{}</td>", learning_rate(rate));
    table += fmt::format("<td class=\"what\">{}</td></tr>", escape_html(row.what));
  }
  return table + "</tbody>";
}

/// Of several curves: their names with what is to be said of each.
std::string comparison(std::span<const Curve> curves) {
  std::string html =
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Schedules, table\"><table><thead><tr>"
      "<th scope=\"col\">schedule</th><th scope=\"col\">first</th><th scope=\"col\">highest</th>"
      "<th scope=\"col\">at step</th><th scope=\"col\">last</th></tr></thead><tbody>";
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const Curve::Extremes& extremes = curves[i].extremes();
    html += fmt::format(
        "<tr><th class=\"schedule\" scope=\"row\">{}{} {}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
        Figures::swatch(i), i + 1, name_html(curves[i]), learning_rate(extremes.first), learning_rate(extremes.highest),
        thousands(extremes.highest_at), learning_rate(extremes.last));
  }
  return html + "</tbody></table></div>";
}

std::string facts(const Curve& curve) {
  const CurveOptions& options = curve.options();
  std::string html = fmt::format("<ul class=\"facts\"><li>{} steps</li>", thousands(options.steps));
  if (options.steps_per_epoch > 1)
    html += fmt::format("<li>{} steps an epoch</li>", thousands(options.steps_per_epoch));
  html += fmt::format("<li>lr {}</li>", learning_rate(options.lr));
  if (!options.metrics.empty())
    html += fmt::format("<li>{} of the metric</li>", count(options.metrics.size(), "value"));
  return html + "</ul>";
}

std::string figure_of(std::span<const Curve> curves, Figures& figures) {
  const bool is_rate = unit_of(curves.front()) == "rate";
  Figures::Text text{.title = is_rate ? "Learning rate by step" : "Factor on the learning rate by step",
                     .note = "Rings: where something happens.",
                     .x_label = "step",
                     .y_label = is_rate ? "learning rate" : "factor",
                     .table = table_of(curves),
                     .table_shown = true};
  return figures.figure(text, lines_of(curves), {{"rates", true}});
}

/// What a program says. Text of a schedule has neither quotes nor backslashes.
std::string in_cpp(const Curve& curve) {
  const CurveOptions& options = curve.options();
  const bool has_metric = curve.schedule().needs_metric();
  const std::string lr = options.lr == 1 ? "lr" : fmt::format("{}", options.lr);
  std::string arguments = has_metric ? "position" : "step";
  if (options.steps_per_epoch > 1) arguments += fmt::format(", {}", options.steps_per_epoch);
  return fmt::format(
      "const thalweg::Schedule schedule = thalweg::parse_schedule(\"{}\");\n{}"
      "optimizer.set(\"lr\", {} * schedule.factor({}));",
      curve.schedule().text(), has_metric ? "thalweg::SchedulePosition position;\n" : "", lr, arguments);
}

std::string repeat_part(std::span<const Curve> curves, const std::string& command) {
  std::string html = "<section id=\"repeat\"><h2>How to say it</h2>";
  for (const Curve& curve : curves) {
    if (curves.size() > 1) html += "<h3>" + name_html(curve) + "</h3>";
    html += copyable("In C++", in_cpp(curve));
    if (curves.size() == 1) html += copyable("As JSON", to_json(curve.schedule()));
  }
  if (curves.size() > 1 && !command.empty()) html += "<h3>All of them</h3>";
  if (!command.empty()) html += copyable("This page", command);
  return html + "</section>";
}

}  // namespace

std::string schedule_html(std::span<const Curve> curves, const std::string& command) {
  const bool is_one = curves.size() == 1;
  Figures figures(0, groups_of(curves));
  Page page{.kind = "thalweg schedule"};
  page.name = is_one ? curves.front().text() : count(curves.size(), "schedule");
  page.title = "A learning rate over the steps of a run";
  page.body = "<section>";
  page.body += fmt::format("<p class=\"answer\">{}</p>", is_one ? name_html(curves.front()) : page.name);
  if (is_one) page.body += fmt::format("<p class=\"detail\">{}.</p>", escape_html(summary_of(curves.front())));
  page.body += facts(curves.front());
  if (!is_one) page.body += comparison(curves) + figures.legend();
  page.body +=
      "<div class=\"charts\">" + figure_of(curves, figures) + "</div></section>" + repeat_part(curves, command);
  page.data.push_back(figures.data());
  return page_html(page);
}

void write_schedule_page(std::span<const Curve> curves, const std::string& command, const std::filesystem::path& file) {
  const std::string html = schedule_html(curves, command);
  create_folder(file.parent_path());
  replace_file(file, html);
}

}  // namespace thalweg::lab

// Builds the charts of a report, and their tables.
#include "report/charts.h"

#include "page/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

namespace thalweg::lab {
namespace {

using nlohmann::json;

/// What the mean of the last points is like: exponential, without the weight of a beginning that there was not.
class Smoothed {
 public:
  double add(double value) {
    mean_ += (1 - kKeep) * (value - mean_);
    weight_ *= kKeep;
    return mean_ / (1 - weight_);
  }
  static constexpr double kKeep = 0.9;

 private:
  double mean_ = 0, weight_ = 1;
};

// A diverging run must not squeeze the others flat: losses beyond three times the usual ones are cut off.
std::optional<double> cut_of(const std::vector<double>& values) {
  if (values.empty()) return {};
  const double usual = 3 * quantile(values, 0.9);
  return *std::max_element(values.begin(), values.end()) > usual ? std::optional(usual) : std::nullopt;
}

}  // namespace

std::string Charts::unit_of(const Metric& metric) const {
  return metric.name == "loss" ? summary_.task->loss : axis_title(metric);
}

std::string Charts::figure_of_its_own(const Text& text, const std::vector<std::string>& groups,
                                      std::vector<json> points, json options) {
  if (std::ranges::all_of(points, [](const json& line) { return line.size() < 2; })) return {};
  Figures figures(pages_.size(), groups);
  json lines = json::array();
  for (std::size_t group = 0; group < points.size(); ++group) lines.push_back(series(group, std::move(points[group])));
  const std::string html = figures.figure(text, std::move(lines), std::move(options));
  pages_.push_back(figures.data());
  return figures.legend() + html;
}

std::string Charts::curves(std::span<const Competitor> competitors, Measure measure) {
  const Metric& metric = *measure.metric;
  json lines = json::array();
  std::map<std::int64_t, std::vector<std::string>> rows;
  std::vector<double> values;
  bool bands = false, runs = false;
  for (std::size_t group = 0; group < competitors.size(); ++group) {
    const Competitor& competitor = competitors[group];
    const bool has_band = competitor.runs.size() >= kSeedsForVerdict;
    (has_band ? bands : runs) |= !competitor.runs.empty();
    json points = json::array();
    for (const CurvePoint& at : competitor.curve(measure)) {
      // A point of fewer runs, after others have ended, has a median but no band.
      const Interval band = at.interval.value_or(Interval{at.median, at.median});
      points.push_back(point(static_cast<double>(at.epoch), shown(metric, band.low), shown(metric, at.median),
                             shown(metric, band.high)));
      values.push_back(at.median);
      auto& cells = rows[at.epoch];
      cells.resize(competitors.size(), "<td>–</td>");
      const bool whole = at.interval.has_value();
      cells[group] = fmt::format(
          "<td>{}{}</td>", plain_text(metric, at.median),
          at.runs < 2 ? ""
                      : fmt::format(" <small>{}{} to {}{}</small>", whole ? "[" : "(",
                                    plain_text(metric, whole ? band.low : at.least),
                                    plain_text(metric, whole ? band.high : at.greatest), whole ? "]" : ")"));
    }
    if (has_band) {
      lines.push_back(series(group, std::move(points)));
      continue;
    }
    for (const TrialData* run : competitor.runs) {
      json own = json::array();
      for (const EpochRecord& record : run->epochs) {
        if (const auto value = value_of(record, measure); value && std::isfinite(*value)) {
          const double y = shown(metric, *value);
          own.push_back(point(static_cast<double>(record.epoch), y, y, y));
        }
      }
      lines.push_back(series(group, std::move(own)));
    }
  }
  if (rows.empty()) return {};

  const std::string title = summary_.program ? capitalized(metric.title) : measure.title();
  Text text{.title = title, .note = {}, .x_label = "epoch", .y_label = unit_of(metric), .table = {}};
  if (bands) text.note = "Line: median over seeds; band: 95\u00A0% interval of the median, at each epoch by itself.";
  if (runs)
    text.note += fmt::format("{}One line a seed{}.", bands ? " " : "", bands ? " where there are fewer than 8" : "");
  json options = json::object();
  if (!metric.is_share) {
    if (const auto cut = cut_of(values)) {
      options["top"] = *cut;
      text.note += fmt::format(" Values above {} are cut off.", number(*cut));
    }
  }
  text.table =
      "<caption>Median over seeds; [95\u00A0% interval of the median], or (least to greatest) below 8 "
      "seeds</caption><thead>" +
      table_header("epoch", groups()) + "</thead><tbody>";
  for (const auto& [epoch, cells] : rows) {
    text.table += fmt::format("<tr><th scope=\"row\">{}</th>", epoch);
    for (std::size_t i = 0; i < competitors.size(); ++i) text.table += i < cells.size() ? cells[i] : "<td>–</td>";
    text.table += "</tr>";
  }
  text.table += "</tbody>";
  return figure(text, std::move(lines), std::move(options));
}

std::string Charts::run(const TrialData& trial, const Metric& metric) {
  const std::array measures{Measure{Part::train, &metric}, Measure{Part::validation, &metric}};
  Text text{.title = capitalized(metric.title),
            .note = "Training: mean over the epoch's batches, as they were trained. Validation: at the epoch's end.",
            .x_label = "epoch",
            .y_label = unit_of(metric),
            .table = "<thead>" + table_header("epoch", groups()) + "</thead><tbody>"};
  json lines = json::array();
  std::size_t drawn = 0;
  for (const Measure& measure : measures) {
    json points = json::array();
    for (const EpochRecord& record : trial.epochs) {
      if (const auto value = value_of(record, measure); value && std::isfinite(*value)) {
        const double y = shown(metric, *value);
        points.push_back(point(static_cast<double>(record.epoch), y, y, y));
      }
    }
    drawn += points.size();
    lines.push_back(series(measure.part == Part::train ? 0 : 1, std::move(points)));
  }
  if (drawn == 0) return {};
  for (const EpochRecord& record : trial.epochs) {
    text.table += fmt::format("<tr><th scope=\"row\">{}</th>", record.epoch);
    for (const Measure& measure : measures) {
      const auto value = value_of(record, measure);
      text.table += fmt::format("<td>{}</td>", value ? plain_text(metric, *value) : "–");
    }
    text.table += "</tr>";
  }
  text.table += "</tbody>";
  return figure(text, std::move(lines));
}

std::string Charts::steps(const TrialData& trial) {
  Text text{.title = "Training loss by step",
            .note = fmt::format(
                "Thin: mean over the steps since the last point. Thick: exponential mean of these, {:g} of it "
                "kept from point to point.",
                Smoothed::kKeep),
            .x_label = "step",
            .y_label = summary_.task->loss,
            .table =
                "<thead><tr><th scope=\"col\">step</th><th scope=\"col\">loss</th><th scope=\"col\">learning "
                "rate</th></tr></thead><tbody>"};
  json points = json::array(), smooth = json::array();
  std::vector<double> values;
  Smoothed smoothed;
  for (const StepRecord& record : trial.steps) {
    if (std::isfinite(record.loss)) {
      points.push_back(point(static_cast<double>(record.step), record.loss, record.loss, record.loss));
      values.push_back(record.loss);
      const double mean = smoothed.add(record.loss);
      smooth.push_back(point(static_cast<double>(record.step), mean, mean, mean));
    }
    text.table += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td></tr>", record.step,
                              number(record.loss), number(record.lr));
  }
  if (points.size() < 2) return {};
  text.table += "</tbody>";
  json options = json::object();
  if (const auto cut = cut_of(values)) {
    options["top"] = *cut;
    text.note += fmt::format(" Values above {} are cut off.", number(*cut));
  }
  json raw = series(0, std::move(points)), line = series(0, std::move(smooth));
  raw["thin"] = true;
  line["thick"] = true;
  return figure(text, json::array({std::move(raw), std::move(line)}), std::move(options));
}

std::string Charts::learning_rates(std::span<const Competitor> competitors) {
  const Metric& metric = summary_.metric();
  json lines = json::array();
  std::set<double> grid;
  for (std::size_t group = 0; group < competitors.size(); ++group) {
    json points = json::array(), chosen = json::array();
    for (const LearningRatePoint& at : competitors[group].learning_rates) {
      if (!(at.lr > 0)) continue;
      grid.insert(at.lr);
      if (!at.value) continue;
      const double y = shown(metric, *at.value);
      points.push_back(point(std::log10(at.lr), y, y, y));
      if (at.lr == competitors[group].lr) chosen.push_back(points.back());
    }
    json line = series(group, std::move(points));
    line["points_too"] = true;
    lines.push_back(std::move(line));
    json mark = series(group, std::move(chosen));
    mark["mark"] = true;
    lines.push_back(std::move(mark));
  }
  if (grid.empty()) return {};

  Text text{.title = fmt::format("{} against learning rate", capitalized(summary_.watched())),
            .note =
                "At the end of the tuning runs, whose seeds the final runs do not use; median, a diverged run being "
                "worse than any. Ring: the rate chosen for the final runs.",
            .x_label = "learning rate (logarithmic)",
            .y_label = axis_title(metric),
            .table = "<thead>" + table_header("learning rate", groups()) + "</thead><tbody>"};
  std::vector<std::string> at_edge;
  for (const Competitor& competitor : competitors) {
    if (competitor.at_edge) at_edge.push_back("<bdi class=\"name\">" + escape_html(competitor.name) + "</bdi>");
  }
  if (!at_edge.empty()) {
    text.note += fmt::format(" <strong>For {} it is at the edge of the grid: a better one may lie beyond.</strong>",
                             enumerate(at_edge));
  }
  json ticks = json::array();
  for (const double lr : grid) {
    ticks.push_back({{"v", std::log10(lr)}, {"label", learning_rate(lr)}});
    text.table += fmt::format("<tr><th scope=\"row\">{}</th>", learning_rate(lr));
    for (const Competitor& competitor : competitors) {
      const auto at = std::find_if(competitor.learning_rates.begin(), competitor.learning_rates.end(),
                                   [&](const LearningRatePoint& candidate) { return candidate.lr == lr; });
      if (at == competitor.learning_rates.end()) {
        text.table += "<td>–</td>";
        continue;
      }
      std::string cell = at->value ? plain_text(metric, *at->value) : "–";
      if (lr == competitor.lr) cell = "<strong>" + cell + " (chosen)</strong>";
      if (at->diverged > 0) cell += fmt::format(" <small>{} of {} diverged</small>", at->diverged, at->runs);
      if (at->failed > 0) cell += fmt::format(" <small>{} failed</small>", at->failed);
      text.table += "<td>" + cell + "</td>";
    }
    text.table += "</tr>";
  }
  text.table += "</tbody>";
  return figure(text, std::move(lines), {{"xTicks", std::move(ticks)}});
}

}  // namespace thalweg::lab

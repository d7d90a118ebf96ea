// Writes the sections of what the tuning trials tell.
#include "report/tuning_sections.h"

#include "page/text.h"
#include "report/html_table.h"
#include "report/names.h"
#include "report/sensitivity.h"
#include "study/expected_best.h"
#include "training/kept_epoch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <vector>

namespace thalweg::lab {
namespace {

using nlohmann::json;

constexpr std::size_t kSettingsForExpectedBest = 3;

std::string sensitivity_html(const Summary& summary) {
  const Metric& metric = summary.metric();
  std::string rows;
  for (std::size_t i = 0; i < summary.competitors.size(); ++i) {
    const Competitor& competitor = summary.competitors[i];
    rows += "<tr>" + row_head(competitor, i);
    if (const std::optional<GoodRates> good = good_rates(competitor.learning_rates, metric)) {
      rows += html_cell(learning_rate(good->best)) +
              html_cell(fmt::format("{} to {}", learning_rate(good->low), learning_rate(good->high))) +
              html_cell(fmt::format("{}{:.1f}", good->is_open ? "at least " : "", good->decades()));
    } else {
      rows += fmt::format("{0}{0}{0}", kNothing);
    }
    rows += "</tr>";
  }
  const std::string within = "within " + tolerance_text(metric) + " of it";
  return html_table("Sensitivity to the learning rate",
                    html_columns({"optimizer", "best on the grid", "rates " + within, "decades"}), rows) +
         fmt::format(
             "<p class=\"note\">Sensitivity: the neighbouring rates of the grid around an optimizer’s best whose "
             "{} is {}, and log<sub>10</sub> of the highest over the lowest of them. 0: no other rate is as "
             "good. At least: they reach the lowest or highest rate that was tried.</p>",
             summary.watched(), within);
}

// A setting's value over its tuning seeds, as learning rates are chosen: the median, a diverged trial being worse than
// any, so that it may be infinite.
std::vector<double> values_of(const Competitor& competitor, const Metric& metric) {
  std::map<std::string, std::vector<double>> by_setting;
  for (const TrialData* trial : competitor.tuning) {
    const bool diverged = trial->result->outcome == Outcome::diverged;
    const std::optional<double> value = value_of_run(trial->epochs, trial->config, metric);
    if (diverged || value) by_setting[trial->config.optimizer].push_back(diverged ? metric.worst() : *value);
  }
  std::vector<double> values;
  values.reserve(by_setting.size());
  for (const auto& [setting, own] : by_setting) values.push_back(median(own));
  return values;
}

// Of all optimizers; a setting that diverged counts as the worst that did not, of any of them.
std::vector<std::vector<double>> settings_of(const Summary& summary) {
  const Metric& metric = summary.metric();
  std::vector<std::vector<double>> settings;
  std::optional<double> worst;
  for (const Competitor& competitor : summary.competitors) {
    for (const double value : settings.emplace_back(values_of(competitor, metric)))
      if (std::isfinite(value) && (!worst || metric.is_better(*worst, value))) worst = value;
  }
  if (!worst) return {};
  for (std::vector<double>& values : settings) {
    for (double& value : values)
      if (!std::isfinite(value)) value = *worst;
  }
  return settings;
}

}  // namespace

bool has_tuning(const Summary& summary) {
  return std::ranges::any_of(summary.competitors, [](const Competitor& competitor) {
    return std::ranges::any_of(competitor.learning_rates, [](const LearningRatePoint& point) { return point.lr > 0; });
  });
}

namespace {

/// Rates that were tuned in shorter runs than those that they are used in.
std::string budget_note(const Summary& summary) {
  std::int64_t tuned = 0;
  for (const StudyData* study : summary.studies) {
    for (const TrialData& trial : study->trials) {
      if (trial.role == TrialRole::tune) tuned = std::max(tuned, trial.config.stop.epochs);
    }
  }
  const std::int64_t used = summary.training.stop.epochs;
  if (tuned == 0 || tuned >= used) return {};
  return fmt::format(
      "<p class=\"note\">The rates were tuned in runs of {} epochs and are used in runs of {}: over the longer course "
      "another one may be the best. <code>--tune-epochs {}</code> tunes in runs of the same length.</p>",
      tuned, used, used);
}

}  // namespace

std::string learning_rates_html(const Summary& summary, Charts& charts) {
  return "<h3>Learning rate</h3><div class=\"charts\">" + charts.learning_rates(summary.competitors) + "</div>" +
         budget_note(summary) + sensitivity_html(summary);
}

bool has_expected_best(const Summary& summary) {
  const std::vector<std::vector<double>> settings = settings_of(summary);
  return !settings.empty() && std::ranges::all_of(settings, [](const std::vector<double>& values) {
    return values.size() >= kSettingsForExpectedBest;
  });
}

std::string expected_best_html(const Summary& summary, Charts& charts) {
  const Metric& metric = summary.metric();
  const std::vector<std::vector<double>> settings = settings_of(summary);
  std::vector<std::vector<BestOf>> all;
  std::size_t most = 0;
  json lines = json::array();
  for (const std::vector<double>& values : settings) {
    json points = json::array();
    for (const BestOf& best : all.emplace_back(expected_best(values, metric.better))) {
      points.push_back(point(static_cast<double>(best.trials), shown(metric, best.low), shown(metric, best.mean),
                             shown(metric, best.high)));
    }
    most = std::max(most, values.size());
    lines.push_back(series(all.size() - 1, std::move(points)));
  }
  std::string rows;
  for (std::size_t k = 1; k <= most; ++k) {
    rows += fmt::format("<tr><th scope=\"row\">{}</th>", k);
    for (const std::vector<BestOf>& own : all) {
      rows += k > own.size()
                  ? kNothing
                  : html_cell(fmt::format("{} <small>({} to {})</small>", plain_text(metric, own[k - 1].mean),
                                          plain_text(metric, own[k - 1].low), plain_text(metric, own[k - 1].high)));
    }
    rows += "</tr>";
  }
  const Figures::Text text{
      .title = "Expected best after k tuning trials",
      .note = fmt::format(
          "What tuning would have found with k of the rates that were tried, drawn at random: the mean of the best "
          "{} over all subsets of k (exact), and from the 25th to the 75th percentile of the subsets as a "
          "band, which is no confidence interval. A rate that diverged counts as the worst that did not. Who is ahead "
          "at "
          "the left needs less tuning on this grid.",
          summary.watched()),
      .x_label = "tuning trials (rates)",
      .y_label = axis_title(metric),
      .table = "<caption>Mean of the best of k; (25th to 75th percentile)</caption><thead>" +
               table_header("k", charts.groups()) + "</thead><tbody>" + rows + "</tbody>"};
  return "<div class=\"charts\">" + charts.figure(text, std::move(lines)) + "</div>";
}

}  // namespace thalweg::lab

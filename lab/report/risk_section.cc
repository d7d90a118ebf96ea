// A report's sections on two classes and on tables.
#include "report/risk_section.h"

#include "page/text.h"
#include "report/html_table.h"
#include "report/names.h"
#include "report/risk_plots.h"
#include "risk/risk_folds.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

namespace thalweg::lab {
namespace {

std::string bdi(const std::string& text) { return "<bdi>" + escape_html(text) + "</bdi>"; }

/// Reviews of the test part.
std::vector<const Review*> reviews_of(const Competitor& competitor) {
  std::vector<const Review*> reviews;
  for (const TrialData* run : competitor.runs)
    if (run->result && run->result->review) reviews.push_back(&*run->result->review);
  return reviews;
}

std::vector<const RiskReview*> risks_of(const Competitor& competitor) {
  std::vector<const RiskReview*> risks;
  for (const Review* review : reviews_of(competitor))
    if (review->risk) risks.push_back(&*review->risk);
  return risks;
}

bool any_review(const Summary& summary, bool (*has)(const Review& review)) {
  return std::ranges::any_of(summary.competitors, [&](const Competitor& competitor) {
    const auto reviews = reviews_of(competitor);
    return std::ranges::any_of(reviews, [&](const Review* each) { return has(*each); });
  });
}

std::string row(const std::string& name, const std::string& value, const std::string& meaning) {
  return "<tr><th scope=\"row\">" + name + "</th>" + html_cell(value) + "<td class=\"text\">" + meaning + "</td></tr>";
}

std::string interval_text(const Interval& interval) { return fixed(interval.low, 4) + "–" + fixed(interval.high, 4); }

/// `area`: of the AUC, its value and what it is.
std::string measures(const RiskReview& review, const std::string& area, const std::string& area_words) {
  std::string rows = row("AUC", area, area_words);
  rows += row("log-loss", fixed(review.log_loss, 4), "in nats; less is better");
  rows += row("Brier score", fixed(review.brier, 4),
              review.brier_skill ? fmt::format("skill {}: 0 is to know the share of positives alone, 1 everything",
                                               fixed(*review.brier_skill, 4))
                                 : "mean squared error of the probability");
  rows += row("calibration error", fixed(review.calibration_error(), 4),
              "mean distance of share and probability over the bins below; above 0 by chance alone");
  rows += row("positives", fmt::format("{} of {}", thousands(review.positives), thousands(review.examples)),
              fmt::format("{}\u00A0%, of which the model says {}\u00A0% on average",
                          percent(static_cast<double>(review.positives) /
                                  static_cast<double>(std::max<std::int64_t>(review.examples, 1))),
                          percent(review.mean_probability)));
  return html_table("Measures of two classes", html_columns({"measure", "value", "meaning"}), rows);
}

std::string decision_row(const std::string& name, const Decided& decided, const Costs& costs) {
  return "<tr><th scope=\"row\">" + name + "</th>" + html_cell(fixed(decided.threshold, 4)) +
         html_cell(fixed(decided.cost(costs), 4)) + html_cell(thousands(decided.true_positives)) +
         html_cell(thousands(decided.false_negatives)) + html_cell(thousands(decided.false_positives)) +
         html_cell(thousands(decided.true_negatives)) + "</tr>";
}

std::string costs_table(const CostReview& cost) {
  const Costs& costs = cost.costs;
  const std::int64_t positives = cost.chosen.true_positives + cost.chosen.false_negatives,
                     negatives = cost.chosen.false_positives + cost.chosen.true_negatives;
  std::string rows = decision_row("cheapest on validation", cost.chosen, costs);
  rows += decision_row("FP / (FP + FN)", cost.theoretical, costs);
  rows += decision_row("0.5", cost.half, costs);
  rows +=
      decision_row("all positive", {.threshold = 0, .true_positives = positives, .false_positives = negatives}, costs);
  const auto none =
      decision_row("none positive", {.threshold = 1, .false_negatives = positives, .true_negatives = negatives}, costs);
  return html_table("Costs",
                    html_columns({"decision", "threshold", "cost of an example", "found", "missed", "falsely taken",
                                  "rightly not"}),
                    rows + none) +
         fmt::format(
             "<p class=\"note\">A missed positive costs {}, a false one {}. On the {} validation examples, "
             "where it was chosen, the cheapest threshold cost {}.</p>",
             number(costs.false_negative), number(costs.false_positive), thousands(cost.validation_examples),
             fixed(cost.validation_cost, 4));
}

std::string whole(const RiskReview& review, const std::string& area, const std::string& words, bool own_thresholds) {
  std::string html = measures(review, area, words);
  if (review.cost) html += costs_table(*review.cost);
  if (!review.has_all_scores())
    html += fmt::format("<p class=\"note\">Curves are of {} examples, evenly out of all.</p>",
                        thousands(kept_scores(review).size()));
  return html + risk_plots(review, own_thresholds);
}

std::string one_run(const RiskReview& review) {
  const std::optional<Interval> interval = review.auc_interval();
  if (!review.auc) return whole(review, "–", "all examples are of one class", false);
  return whole(review, fixed(*review.auc, 4),
               interval ? fmt::format("95\u00A0% interval {} (DeLong, on the logit’s scale): of this model on new "
                                      "examples",
                                      interval_text(*interval))
                        : "too few examples for an interval",
               false);
}

std::string of_folds(const RiskFolds& folds) {
  RiskReview review = folds.pooled;
  review.cost = folds.cost;
  std::vector<std::string> areas;
  for (const double area : folds.areas) areas.push_back(fixed(area, 4));
  std::string words = fmt::format("mean over {}, standard deviation {}", count(folds.areas.size(), "fold"),
                                  fixed(sample_sd(folds.areas), 4));
  if (folds.interval)
    words += fmt::format(
        "; 95\u00A0% interval {} (LeDell et al.): of these models on new examples, not of what "
        "another training part would give",
        interval_text(*folds.interval));
  return "<p class=\"note\">" +
         fmt::format(
             "AUC by fold: {}. What follows is of all {} examples, each by the fold "
             "that it tested (their AUC, of scores of several models: {}).</p>",
             enumerate(areas), thousands(review.examples), fixed(review.auc.value_or(0), 4)) +
         whole(review, fixed(folds.mean_area(), 4), words, true);
}

double mean_of(const std::vector<const RiskReview*>& runs, auto value) {
  double sum = 0;
  for (const RiskReview* run : runs) sum += value(*run);
  return sum / static_cast<double>(runs.size());
}

std::string of_several(const Summary& summary) {
  std::string rows;
  bool has_costs = false;
  for (const Competitor& competitor : summary.competitors)
    for (const RiskReview* run : risks_of(competitor)) has_costs = has_costs || run->cost;
  for (const Competitor& competitor : summary.competitors) {
    const auto runs = risks_of(competitor);
    if (runs.empty()) continue;
    rows += "<tr><th scope=\"row\">" + name_html(competitor.name) + "</th>" +
            html_cell(fmt::format("{}", runs.size())) +
            html_cell(fixed(mean_of(runs, [](const RiskReview& r) { return r.auc.value_or(NAN); }), 4)) +
            html_cell(fixed(mean_of(runs, [](const RiskReview& r) { return r.log_loss; }), 4)) +
            html_cell(fixed(mean_of(runs, [](const RiskReview& r) { return r.brier; }), 4)) +
            html_cell(fixed(mean_of(runs, [](const RiskReview& r) { return r.calibration_error(); }), 4));
    if (has_costs)
      rows += html_cell(fixed(
          mean_of(runs, [](const RiskReview& r) { return r.cost ? r.cost->chosen.cost(r.cost->costs) : NAN; }), 4));
    rows += "</tr>";
  }
  std::vector<std::string> heads{"optimizer", "runs", "AUC", "log-loss", "Brier score", "calibration error"};
  if (has_costs) heads.emplace_back("cost of an example");
  return html_table("Measures of two classes", html_columns(heads), rows) +
         "<p class=\"note\">Means over the runs. What is shown to differ is said above, by the metric that was "
         "compared, and not by these.</p>";
}

/// Of a column over the runs.
struct Effect {
  double sum = 0, squares = 0, sd = 0;
  double runs = 0;

  double mean() const { return sum / runs; }
  /// Between runs; of one run between its shuffles.
  double spread() const { return runs < 2 ? sd : std::sqrt(std::max(0.0, (squares - sum * sum / runs) / (runs - 1))); }
};

std::string effects_table(const std::vector<const ColumnEffects*>& runs) {
  std::map<std::string, Effect> columns;
  for (const ColumnEffects* run : runs) {
    for (const ColumnEffect& each : run->columns) {
      Effect& effect = columns[each.column];
      effect.sum += each.mean;
      effect.squares += each.mean * each.mean;
      effect.sd = each.sd;
      ++effect.runs;
    }
  }
  std::vector<std::pair<std::string, Effect>> order(columns.begin(), columns.end());
  std::ranges::stable_sort(order, std::ranges::greater{}, [](const auto& each) { return each.second.mean(); });
  const double most = order.empty() ? 1 : std::max(order.front().second.mean(), 1e-12);
  std::string rows;
  for (const auto& [name, effect] : order) {
    rows += fmt::format("<tr><th scope=\"row\">{}</th><td class=\"bar\"><span style=\"width:{:.1f}%\"></span></td>",
                        bdi(name), 100 * std::clamp(effect.mean() / most, 0.0, 1.0)) +
            html_cell(fixed(effect.mean(), 4)) + html_cell(fixed(effect.spread(), 4)) + "</tr>";
  }
  const ColumnEffects& first = *runs.front();
  const bool area = first.metric == "auc";
  return "<div class=\"by-column\">" +
         html_table("Effect of columns",
                    html_columns({"column", "of the greatest", area ? "AUC lost" : "loss gained", "spread"}), rows) +
         "</div>" +
         fmt::format(
             "<p class=\"note\">{} on {} test examples{} where a column’s values are shuffled among them ({} "
             "each; the spread is the standard deviation over {}). Unshuffled it is {}{}. Columns that say much the "
             "same stand in for each other, so that neither may show an effect; and none of it says what "
             "changing a value would cause.</p>",
             area ? "How much less the AUC is" : "How much greater the loss is", thousands(first.examples),
             runs.size() < 2 ? "" : " of each run", count(static_cast<std::size_t>(first.shuffles), "shuffle"),
             runs.size() < 2 ? "these" : "runs", number(first.unshuffled), runs.size() < 2 ? "" : " in the first run");
}

std::string drift_row(const ColumnDrift& each) {
  const auto p = [](double value) { return value < 1e-4 ? std::string("&lt; 0.0001") : fixed(value, 4); };
  std::string unknown = each.unknown_test > 0 ? percent(each.unknown_test) : "–";
  for (std::size_t i = 0; i < each.unknown.size(); ++i) unknown += (i == 0 ? ": " : ", ") + bdi(each.unknown[i]);
  return "<tr><th scope=\"row\">" + bdi(each.column) + (each.is_target ? " (target)" : "") +
         "</th><td class=\"what\">" + (each.differs() ? difference_words(each) : "–") + "</td>" + html_cell(p(each.p)) +
         html_cell(fixed(each.index, 3)) + html_cell(percent(each.missing_training)) +
         html_cell(percent(each.missing_test)) + "<td class=\"what\">" + unknown + "</td></tr>";
}

}  // namespace

bool has_risk(const Summary& summary) {
  return any_review(summary, [](const Review& each) { return each.risk.has_value(); });
}
bool has_effects(const Summary& summary) {
  return any_review(summary, [](const Review& each) { return each.effects && !each.effects->columns.empty(); });
}
bool has_drift(const Summary& summary) {
  return any_review(summary, [](const Review& each) { return each.drift && !each.drift->columns.empty(); });
}

std::string risk_html(const Summary& summary, Charts&) {
  std::string positive;
  for (const Competitor& competitor : summary.competitors)
    for (const RiskReview* run : risks_of(competitor)) positive = run->positive;
  const std::string head = "<h3>Risk: the probability of " + bdi(positive) + "</h3>";
  if (summary.competitors.size() > 1) return head + of_several(summary);
  const auto runs = risks_of(summary.competitors.front());
  if (runs.size() == 1) return head + one_run(*runs.front());
  if (summary.has_folds())
    if (const std::optional<RiskFolds> folds = risk_over_folds(runs)) return head + of_folds(*folds);
  return head + of_several(summary);
}

std::string effects_html(const Summary& summary, Charts&) {
  std::string html = "<h3>Effect of columns</h3>";
  for (const Competitor& competitor : summary.competitors) {
    std::vector<const ColumnEffects*> runs;
    for (const Review* review : reviews_of(competitor))
      if (review->effects && !review->effects->columns.empty()) runs.push_back(&*review->effects);
    if (runs.empty()) continue;
    if (summary.competitors.size() == 1) return html + effects_table(runs);
    html += "<details><summary>" + name_html(competitor.name) + ": effect of columns</summary>" + effects_table(runs) +
            "</details>";
  }
  return html;
}

std::string drift_html(const Summary& summary, Charts&) {
  for (const Competitor& competitor : summary.competitors) {
    for (const Review* review : reviews_of(competitor)) {
      if (!review->drift || review->drift->columns.empty()) continue;
      const Drift& drift = *review->drift;
      std::string rows;
      for (const ColumnDrift& each : drift.columns) rows += drift_row(each);
      const bool differs = drift.columns.front().differs();
      const std::string which = summary.has_folds() ? " Of the first fold." : "";
      return "<h3>Drift between training and test part</h3><p class=\"note\">" +
             std::string(differs ? "Columns that are distributed otherwise in the test part stand first."
                                 : "No column is shown to be distributed otherwise in the test part.") +
             which + "</p>" + "<div class=\"by-column\">" +
             html_table("Drift",
                        html_columns({"column", "differs", "p", "stability index", "missing in training %",
                                      "missing in test %", "values unknown to training %"}),
                        rows) +
             "</div>" +
             fmt::format(
                 "<p class=\"note\">{} training and {} test examples. p: Kolmogorov and Smirnov’s test of "
                 "numbers, χ² of categories and of numbers with few values, corrected for all columns (Holm); "
                 "below 0.05 a column is said to differ. The population stability index is called moderate "
                 "above 0.1 and large above 0.25: rules of thumb, which say how far, not how surely.</p>",
                 thousands(drift.training), thousands(drift.test));
    }
  }
  return {};
}

}  // namespace thalweg::lab

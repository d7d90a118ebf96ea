// Writes the sections of results.
#include "report/result_sections.h"

#include "page/text.h"
#include "report/dot_plot.h"
#include "report/headline.h"
#include "report/html_table.h"
#include "report/names.h"
#include "report/reservations.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace thalweg::lab {
namespace {

std::string range(const Interval& interval, const Metric& metric) {
  return plain_text(metric, interval.low) + " to " + plain_text(metric, interval.high);
}

// Best first; those without a value last.
std::vector<std::size_t> ranking(const Summary& summary) {
  std::vector<double> keys;
  for (const Competitor& competitor : summary.competitors) {
    std::vector<double> values;
    for (const auto& [seed, value] : competitor.test) values.push_back(value);
    keys.push_back(values.empty() ? summary.metric().worst() : mean(values));
  }
  std::vector<std::size_t> order(keys.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return summary.metric().is_better(keys[a], keys[b]); });
  return order;
}

/// A program that gets no rates.
bool is_rateless(const Summary& summary) { return summary.program && summary.standing.grid.empty(); }

std::string result_row(const Competitor& competitor, std::size_t group, const Summary& summary) {
  const Metric& metric = summary.metric();
  std::string row = "<tr>" + row_head(competitor, group) +
                    html_cell(competitor.lr          ? learning_rate(*competitor.lr)
                              : is_rateless(summary) ? "–"
                                                     : "<small>not chosen yet</small>") +
                    html_cell(fmt::format("{}", competitor.test.size()));
  if (competitor.mean) {
    row += html_cell(value_text(metric, *competitor.mean)) + html_cell(plain_text(metric, *competitor.sd)) +
           (competitor.interval ? html_cell(range(*competitor.interval, metric)) : kNothing);
  } else {
    std::string values;
    for (const auto& [seed, value] : competitor.test)
      values += (values.empty() ? "" : ", ") + plain_text(metric, value);
    row += fmt::format("<td colspan=\"3\" class=\"points\">{}</td>",
                       values.empty() ? "–" : fmt::format("{} <small>(each {})</small>", values, summary.unit()));
  }
  const std::size_t ended = competitor.runs.size();
  row +=
      html_cell(ended == 0 ? "–"
                           : fmt::format("{:.0f}\u00A0% <small>({} of {})</small>",
                                         100.0 * static_cast<double>(competitor.diverged) / static_cast<double>(ended),
                                         competitor.diverged, ended));
  return row + "</tr>";
}

std::string seeds_note(const Summary& summary) {
  return fmt::format(
      "<p class=\"note\">Each dot is a seed; the bar is the mean with its {} interval (Student’s t), of each optimizer "
      "by "
      "itself: who is ahead, the pairs tell. Below {} seeds there are only the points. Diverged runs have no {} and "
      "are left out.</p>",
      confidence(summary.level()), kSeedsForVerdict, summary.compared());
}

std::string folds_note(const Metric& metric) {
  return fmt::format(
      "<p class=\"note\">Each dot is a fold of the cross-validation, the bar the mean. Any two folds train on many of "
      "the "
      "same examples, so that there is no interval that holds its level. Diverged runs have no test {} and are left "
      "out.</p>",
      metric.title);
}

std::string seeds_to_tell_note() {
  return fmt::format(
      "<p class=\"note\">Seeds that would tell: with so many the interval at this level would exclude 0 in {:g} % of "
      "studies (power of the t test), were mean and spread of the differences what these seeds showed. They are not "
      "known "
      "better than that: the number is a rough guide. A study that is enlarged after its verdict is another look, "
      "which "
      "--looks plans.</p>",
      kTellingProbability * 100);
}

}  // namespace

std::string results_html(const Summary& summary, Charts&) {
  const Metric& metric = summary.metric();
  const std::string title = "Final " + summary.compared(), unit = metric.is_share ? " (%)" : "";
  const auto order = ranking(summary);
  std::string rows;
  for (const std::size_t i : order) rows += result_row(summary.competitors[i], i, summary);
  return "<h3>" + title + "</h3>" + dot_plot(summary, order) +
         html_table(title,
                    html_columns({"optimizer", "learning rate", std::string(summary.unit()) + "s", "mean",
                                  metric.is_share ? "sd (points)" : "sd",
                                  confidence(summary.level()) + " interval" + unit, "diverged"}),
                    rows) +
         (summary.has_folds() ? folds_note(metric) : seeds_note(summary));
}

std::string pairs_html(const Summary& summary, Charts&) {
  const Metric& metric = summary.metric();
  std::string rows;
  double level = 0;
  bool open = false;
  // At rates that could not be chosen well, or after looks that were not planned, nothing is better: it is ahead.
  const std::string better = reservations(summary, name_html).empty() ? " is better" : " is ahead at these rates";
  for (const Comparison& comparison : summary.comparisons) {
    const std::string first = name_html(summary.competitors[comparison.first].name);
    const std::string second = name_html(summary.competitors[comparison.second].name);
    const bool decided = comparison.verdict != Verdict::too_few_seeds;
    if (decided) level = comparison.level;
    std::string verdict;
    switch (comparison.verdict) {
      case Verdict::too_few_seeds:
        verdict = fmt::format("cannot tell: fewer than {} common seeds", kSeedsForVerdict);
        break;
      case Verdict::no_difference:
        verdict =
            fmt::format("cannot tell at {} seeds: no difference shown; {}", comparison.seeds, seeds_text(comparison));
        open = true;
        break;
      case Verdict::first_better:
        verdict = first + better;
        break;
      case Verdict::second_better:
        verdict = second + better;
        break;
    }
    rows += fmt::format("<tr><th scope=\"row\">{} − {}</th><td>{}</td>", first, second, comparison.seeds);
    rows += decided ? html_cell(signed_text(metric, comparison.difference)) +
                          html_cell(fmt::format("{} to {}", signed_text(metric, comparison.interval.low),
                                                signed_text(metric, comparison.interval.high)))
                    : std::string(kNothing) + kNothing;
    rows += fmt::format("<td class=\"text\">{}</td></tr>", verdict);
  }
  const int looks = summary.standing.looks_planned;
  const std::string note =
      level > 0 ? fmt::format(
                      "<p class=\"note\">Differences of mean {}, seed by seed{}; Student’s t "
                      "intervals at {:.4g}\u00A0% each, so that all of them hold together{} with 95\u00A0% confidence "
                      "(Bonferroni).</p>",
                      summary.compared(), metric.is_share ? ", in percentage points" : "", level * 100,
                      looks > 1 ? fmt::format(", in all {} planned looks,", looks) : "")
                : "";
  return "<details class=\"evidence\"><summary>Every pair: who is ahead of whom</summary>" +
         html_table("Every pair", html_columns({"pair", "common seeds", "difference", "interval", "verdict"}), rows) +
         note + (open ? seeds_to_tell_note() : "") + "</details>";
}

}  // namespace thalweg::lab

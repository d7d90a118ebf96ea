// Draws plots of two classes.
#include "report/risk_plots.h"

#include "page/text.h"
#include "report/axis.h"
#include "report/html_table.h"
#include "report/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace thalweg::lab {
namespace {

const Axis kShares{.low = 0, .high = 1, .step = 0.2};

/// The picture is stretched to its place, strokes are not.
std::string svg(const std::string& label, const Axis& y, const std::string& paths) {
  std::string html =
      fmt::format("<svg viewBox=\"0 0 100 100\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\">", label);
  for (const Axis::Tick& tick : y.ticks())
    html += fmt::format("<path class=\"grid\" d=\"M0 {:.2f}h100\"/>", 100 - tick.place);
  return html + paths + "</svg>";
}

std::string line(const std::vector<std::pair<double, double>>& points, const Axis& y) {
  std::string d;
  for (const auto& [at, value] : points)
    d += fmt::format("{}{:.2f} {:.2f}", d.empty() ? 'M' : 'L', kShares.place(at), 100 - y.place(value));
  return "<path class=\"curve\" d=\"" + d + "\"/>";
}

std::string figure(const std::string& title, const std::string& note, const std::string& x_label, const Axis& y,
                   const std::string& picture, const std::string& heads, const std::string& rows) {
  return "<figure><figcaption><h3>" + title + "</h3><p>" + note + "</p></figcaption>" +
         plot_html({.x = kShares.ticks(), .y = y.ticks(), .x_label = x_label}, picture) + "<details><summary>" + title +
         ": the numbers</summary>" + html_table(title, heads, rows) + "</details></figure>";
}

/// Of all decisions so many, evenly, first and last among them.
std::vector<Decided> some(const std::vector<Decided>& all, std::size_t most) {
  if (all.size() <= most) return all;
  std::vector<Decided> chosen;
  for (std::size_t i = 0; i < most; ++i) chosen.push_back(all[i * (all.size() - 1) / (most - 1)]);
  return chosen;
}

double share(std::int64_t part, std::int64_t rest) {
  return part + rest > 0 ? static_cast<double>(part) / static_cast<double>(part + rest) : 0;
}

std::string roc(const RiskReview& review, const std::vector<Decided>& decisions) {
  std::vector<std::pair<double, double>> points;
  for (const Decided& each : some(decisions, 200))
    points.emplace_back(share(each.false_positives, each.true_negatives),
                        share(each.true_positives, each.false_negatives));
  std::string rows;
  for (const Decided& each : some(decisions, 21)) {
    rows += "<tr>" + html_cell(fixed(each.threshold, 3)) +
            html_cell(percent(share(each.true_positives, each.false_negatives))) +
            html_cell(percent(share(each.false_positives, each.true_negatives))) + "</tr>";
  }
  return figure("ROC",
                "What share of the positive is found, against the share of others that is taken for positive, "
                "threshold by threshold. On the straight line nothing would be known.",
                "share of others taken for positive", kShares,
                svg(fmt::format("ROC curve, area {}", fixed(review.auc.value_or(0), 4)), kShares,
                    "<path class=\"rule\" d=\"M0 100L100 0\"/>" + line(points, kShares)),
                html_columns({"threshold", "found %", "others taken %"}), rows);
}

std::string calibration(const RiskReview& review) {
  std::string bars, dots, rows;
  for (const CalibrationBin& bin : review.curve) {
    const Interval interval = bin.interval();
    const double x = kShares.place(bin.mean_probability);
    bars +=
        fmt::format("M{:.2f} {:.2f}V{:.2f}", x, 100 - kShares.place(interval.low), 100 - kShares.place(interval.high));
    dots += fmt::format("M{:.2f} {:.2f}h0", x, 100 - kShares.place(bin.share()));
    rows += "<tr>" + html_cell(fixed(bin.least, 3) + "–" + fixed(bin.greatest, 3)) +
            html_cell(fixed(bin.mean_probability, 3)) + html_cell(thousands(bin.examples)) +
            html_cell(fixed(bin.share(), 3)) + html_cell(fixed(interval.low, 3) + "–" + fixed(interval.high, 3)) +
            "</tr>";
  }
  return figure(
      "Calibration",
      fmt::format("In {} of about equally many examples: the share that is positive (with Wilson’s 95\u00A0% interval) "
                  "against the mean probability. On the line probabilities are right.",
                  count(review.curve.size(), "bin")),
      "mean probability", kShares,
      svg(fmt::format("calibration in {}", count(review.curve.size(), "bin")), kShares,
          "<path class=\"rule\" d=\"M0 100L100 0\"/><path class=\"bars\" d=\"" + bars +
              "\"/><path class=\"points\" d=\"" + dots + "\"/>"),
      html_columns({"probabilities", "mean", "examples", "positive share", "95\u00A0% interval"}), rows);
}

std::string cost_curve(const RiskReview& review, const Scored& scored, bool own_thresholds) {
  const CostReview& cost = *review.cost;
  std::vector<std::pair<double, double>> points;
  double most = 0;
  constexpr int kSteps = 200;
  std::string rows;
  for (int i = 0; i <= kSteps; ++i) {
    const double threshold = static_cast<double>(i) / kSteps;
    const Decided decided = decide(scored, threshold);
    points.emplace_back(threshold, decided.cost(cost.costs));
    most = std::max(most, points.back().second);
    if (i % 10 == 0)
      rows += "<tr>" + html_cell(fixed(threshold, 2)) + html_cell(fixed(points.back().second, 4)) + "</tr>";
  }
  Axis y = axis_for(0, std::max(most, 1e-9));
  y.low = 0;
  const double chosen = kShares.place(std::clamp(cost.chosen.threshold, 0.0, 1.0));
  const double theory = kShares.place(cost.costs.threshold());
  std::string marks = fmt::format("<path class=\"rule\" d=\"M{:.2f} 0V100\"/>", theory);
  marks += line(points, y);
  marks += fmt::format("<path class=\"chosen\" d=\"M{:.2f} {:.2f}h0\"/>", chosen,
                       100 - y.place(cost.chosen.cost(cost.costs)));
  return figure(
      "Cost by threshold",
      fmt::format("Mean cost of an example, if a missed positive costs {} and a false one {}. The dot is the threshold "
                  "that was cheapest on the validation part{}, the vertical line {}, which is right if probabilities "
                  "are.",
                  number(cost.costs.false_negative), number(cost.costs.false_positive),
                  own_thresholds ? " of each fold (their mean, and the cost of each at its own)" : "",
                  fixed(cost.costs.threshold(), 3)),
      "threshold", y, svg("cost of an example by threshold", y, marks), html_columns({"threshold", "cost"}), rows);
}

}  // namespace

std::string risk_plots(const RiskReview& review, bool own_thresholds) {
  const Scored scored = kept_scores(review);
  std::string html = "<div class=\"charts\">";
  if (review.auc) html += roc(review, all_decisions(scored));
  if (!review.curve.empty()) html += calibration(review);
  if (review.cost) html += cost_curve(review, scored, own_thresholds);
  return html + "</div>";
}

}  // namespace thalweg::lab

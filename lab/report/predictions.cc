// Shows reviews of the test part.
#include "report/predictions.h"

#include "page/figures.h"
#include "page/text.h"
#include "report/detection_section.h"
#include "report/html_table.h"
#include "report/names.h"
#include "report/scatter.h"
#include "study/statistics.h"
#include "training/review.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

namespace thalweg::lab {
namespace {

constexpr std::size_t kMostInMatrix = 20;  // classes; of more, the most frequent confusions are listed
constexpr std::size_t kMostListed = 20;

std::string bdi(const std::string& text) { return "<bdi>" + escape_html(text) + "</bdi>"; }

/// Of all runs together: counts are added, pairs put one behind the other; misses and texts are the first run's.
Review together(const std::vector<const TrialData*>& runs, std::size_t& reviewed) {
  Review all;
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> counts;
  reviewed = 0;
  for (const TrialData* run : runs) {
    if (!run->result || !run->result->review) continue;
    const Review& review = *run->result->review;
    if (reviewed == 0) {
      all = review;
      all.examples = 0;
      all.pairs.clear();
    } else if (review.classes != all.classes) {
      continue;
    }
    ++reviewed;
    all.examples += review.examples;
    all.pairs.insert(all.pairs.end(), review.pairs.begin(), review.pairs.end());
    for (const Confusion& each : review.confusions) counts[{each.truth, each.prediction}] += each.count;
    if (reviewed > 1 && all.detection && review.detection) *all.detection += *review.detection;
  }
  all.confusions.clear();
  for (const auto& [pair, count] : counts) all.confusions.push_back({pair.first, pair.second, count});
  return all;
}

std::string name_of(const Review& review, double index) { return bdi(review.classes[static_cast<std::size_t>(index)]); }

/// A row is a true class; a cell's shade is its share of the row.
std::string matrix(const Review& review) {
  const std::vector<ClassScore> scores = class_scores(review);
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> counts;
  for (const Confusion& each : review.confusions) counts[{each.truth, each.prediction}] = each.count;
  std::vector<std::string> heads{"true class"};
  for (const std::string& name : review.classes) heads.push_back(bdi(name));
  std::string rows;
  const auto classes = std::ssize(review.classes);
  for (std::int64_t truth = 0; truth < classes; ++truth) {
    rows += "<tr><th scope=\"row\">" + name_of(review, static_cast<double>(truth)) + "</th>";
    for (std::int64_t prediction = 0; prediction < classes; ++prediction) {
      const auto found = counts.find({truth, prediction});
      if (found == counts.end()) {
        rows += "<td></td>";
        continue;
      }
      rows += fmt::format(
          "<td class=\"{}\" style=\"--share:{:.3f}\">{}</td>", truth == prediction ? "hit" : "missed",
          static_cast<double>(found->second) / static_cast<double>(scores[static_cast<std::size_t>(truth)].examples),
          thousands(found->second));
    }
    rows += "</tr>";
  }
  return "<h3>Confusion matrix</h3><p class=\"note\">A row is a true class, a column what it was taken for; the shade "
         "is the share of the row.</p><div class=\"confusion\">" +
         html_table("Confusion matrix", html_columns(heads), rows) + "</div>";
}

std::string most_confused(const Review& review) {
  std::vector<Confusion> wrong;
  std::ranges::copy_if(review.confusions, std::back_inserter(wrong),
                       [](const Confusion& each) { return each.truth != each.prediction; });
  std::ranges::stable_sort(wrong, std::ranges::greater{}, &Confusion::count);
  if (wrong.empty()) return {};
  wrong.resize(std::min(wrong.size(), kMostListed));
  std::string rows;
  for (const Confusion& each : wrong) {
    rows += "<tr><th scope=\"row\">" + name_of(review, static_cast<double>(each.truth)) + "</th><td class=\"what\">" +
            name_of(review, static_cast<double>(each.prediction)) + "</td>" + html_cell(thousands(each.count)) +
            "</tr>";
  }
  return "<h3>What is confused most</h3>" +
         html_table("What is confused most", html_columns({"true class", "taken for", "examples"}), rows);
}

std::string by_class(const Review& review) {
  const std::vector<ClassScore> scores = class_scores(review);
  std::string rows;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    rows += "<tr><th scope=\"row\">" + bdi(review.classes[i]) + "</th>" + html_cell(thousands(scores[i].examples)) +
            html_cell(thousands(scores[i].predicted)) + html_cell(percent(scores[i].precision())) +
            html_cell(percent(scores[i].recall())) + html_cell(percent(scores[i].f1())) + "</tr>";
  }
  return "<h3>By class</h3>" +
         html_table("By class", html_columns({"class", "examples", "predicted", "precision %", "recall %", "F1 %"}),
                    rows) +
         "<p class=\"note\">Precision: of what was taken for the class, the share that is of it. Recall: of the class, "
         "the share that was found. F1: their harmonic mean.</p>";
}

std::string gallery(const Review& review) {
  std::string html = "<div class=\"gallery\">";
  for (const Miss& miss : review.misses) {
    html += fmt::format(
        "<figure><img alt=\"row {} of the test part\" src=\"data:image/png;base64,{}\"><figcaption>{} <span "
        "class=\"taken\">taken for {}</span> <small>row {}, {}\u00A0%</small></figcaption></figure>",
        miss.row, escape_html(miss.picture), name_of(review, miss.truth), name_of(review, miss.prediction), miss.row,
        fixed(miss.probability * 100, 1));
  }
  return html + "</div>";
}

std::string miss_table(const Review& review) {
  const bool has_classes = !review.classes.empty();
  const bool has_inputs = std::ranges::any_of(review.misses, [](const Miss& miss) { return !miss.inputs.empty(); });
  std::vector<std::string> heads{"row", "truth", "prediction", has_classes ? "true class’s probability %" : "residual"};
  if (has_inputs) heads.emplace_back("inputs");
  std::string rows;
  for (const Miss& miss : review.misses) {
    rows += fmt::format("<tr><th scope=\"row\" class=\"step\">{}</th>", miss.row);
    for (const double value : {miss.truth, miss.prediction})
      rows += html_cell(has_classes ? name_of(review, value) : number(value));
    rows += html_cell(has_classes ? fixed(miss.probability * 100, 1) : number(miss.prediction - miss.truth));
    if (has_inputs) rows += "<td class=\"text\">" + bdi(miss.inputs) + "</td>";
    rows += "</tr>";
  }
  return html_table("Worst examples", html_columns(heads), rows);
}

std::string worst(const Review& review, bool of_first_run) {
  if (review.misses.empty()) return {};
  const bool has_pictures = !review.misses.front().picture.empty();
  std::string note = review.classes.empty() ? "Those that were predicted worst."
                                            : "Of what was taken for another class, where the true class got the least "
                                              "probability, which stands beside.";
  note += " Rows are those of <code>thalweg predict --part test</code>, from 1.";
  if (of_first_run) note += " Of the first run.";
  return "<h3>Worst examples</h3><p class=\"note\">" + note + "</p>" +
         (has_pictures ? gallery(review) : miss_table(review));
}

std::string residual_words(const Review& review) {
  std::vector<double> residuals;
  for (const NumberPair& pair : review.pairs) residuals.push_back(pair.prediction - pair.truth);
  std::ranges::sort(residuals);
  const auto quantile = [&](double share) {
    return number(residuals[static_cast<std::size_t>(share * static_cast<double>(residuals.size() - 1))]);
  };
  return fmt::format("Prediction minus truth. Half of them lie between {} and {}, nine of ten between {} and {}.",
                     quantile(.25), quantile(.75), quantile(.05), quantile(.95));
}

std::string numbers_part(const Review& review) {
  Scatter against{.dots = {}, .has_diagonal = true, .x_label = "truth", .y_label = "prediction"};
  Scatter residuals{.dots = {}, .has_diagonal = false, .x_label = "prediction", .y_label = "residual"};
  std::string rows;
  for (const NumberPair& pair : review.pairs) {
    against.dots.emplace_back(pair.truth, pair.prediction);
    residuals.dots.emplace_back(pair.prediction, pair.prediction - pair.truth);
    rows += "<tr>" + html_cell(number(pair.truth)) + html_cell(number(pair.prediction)) +
            html_cell(number(pair.prediction - pair.truth)) + "</tr>";
  }
  const std::string which =
      std::ssize(review.pairs) < review.examples
          ? fmt::format("{} of {} test examples, evenly chosen.", review.pairs.size(), thousands(review.examples))
          : fmt::format("All {} test examples.", thousands(review.examples));
  return "<h3>Predictions</h3><div class=\"charts\"><figure><figcaption><h3>Predictions against truth</h3><p>" + which +
         " On the line they would be equal.</p></figcaption>" + scatter_plot(against) +
         "</figure><figure><figcaption><h3>Residuals against predictions</h3><p>" + residual_words(review) +
         "</p></figcaption>" + scatter_plot(residuals) +
         "</figure></div><details><summary>Predictions: the numbers</summary>" +
         html_table("Predictions", html_columns({"truth", "prediction", "residual"}), rows) + "</details>";
}

std::string text_part(const Review& review) {
  return fmt::format(
      "<h3>What it writes</h3><p class=\"note\">Behind the beginning of the test part (grey), character by character, "
      "each drawn at temperature {}.</p><pre class=\"written\"><span class=\"prompt\">{}</span>{}</pre>",
      kReviewTemperature, escape_html(review.prompt), escape_html(review.continuation));
}

/// The model as one of its rivals: its metrics, means over the runs that have each.
Baseline as_rival(const std::vector<const TrialData*>& runs) {
  std::map<std::string, std::vector<double>, std::less<>> values;
  for (const TrialData* run : runs) {
    if (!run->result || !run->result->test) continue;
    for (const auto& [metric, value] : *run->result->test) values[metric].push_back(value);
  }
  Baseline model{.name = runs.size() > 1 ? "the model, mean of its runs" : "the model"};
  for (const auto& [metric, list] : values) model.values.emplace(metric, mean(list));
  return model;
}

std::string baselines_part(const Review& review, const Baseline& model) {
  std::vector<std::string> heads{"predicted by"};
  std::vector<const Metric*> metrics;
  for (const char* const name : {"rmse", "mae", "accuracy", "auc", "recall@10", "ndcg@10"}) {
    const Metric& metric = find_metric(name);
    if (std::ranges::none_of(review.baselines, [&](const Baseline& each) { return each.values.contains(metric.name); }))
      continue;
    metrics.push_back(&metric);
    heads.push_back(metric.title);
  }
  std::string rows;
  std::vector<Baseline> all{model};
  all.insert(all.end(), review.baselines.begin(), review.baselines.end());
  for (const Baseline& each : all) {
    rows += "<tr><th scope=\"row\">" + bdi(each.name) + "</th>";
    for (const Metric* const metric : metrics) {
      const auto found = each.values.find(metric->name);
      rows += found == each.values.end() ? kNothing : html_cell(value_text(*metric, found->second));
    }
    rows += "</tr>";
  }
  std::string html =
      "<h3>Simple rivals</h3><p class=\"note\">What needs no training, beside the model, on the same examples.</p>" +
      html_table("Simple rivals", html_columns(heads), rows);
  for (const std::string& note : review.notes) html += "<p class=\"note\">" + escape_html(note) + ".</p>";
  return html;
}

std::string review_html(const Review& review, bool of_several, const std::vector<const TrialData*>& runs) {
  std::string html;
  if (!review.baselines.empty()) html += baselines_part(review, as_rival(runs));
  if (!review.confusions.empty()) {
    html += review.classes.size() <= kMostInMatrix ? matrix(review) : most_confused(review);
    html += by_class(review);
  }
  if (review.detection) html += detection_html(*review.detection);
  if (!review.pairs.empty()) html += numbers_part(review);
  if (!review.continuation.empty()) html += text_part(review);
  return html + worst(review, of_several);
}

}  // namespace

std::string predictions_html(const Summary& summary, Charts&) {
  std::string html;
  for (const Competitor& competitor : summary.competitors) {
    std::size_t runs = 0;
    const Review review = together(competitor.runs, runs);
    if (runs == 0) continue;
    const std::string own = review_html(review, runs > 1, competitor.runs);
    if (summary.competitors.size() == 1) return own;
    html += fmt::format("<details class=\"predictions\"><summary>{}: {} on the test part</summary>{}</details>",
                        name_html(competitor.name), count(runs, "run"), own);
  }
  return html.empty() ? html : "<h3>What they predict</h3>" + html;
}

}  // namespace thalweg::lab

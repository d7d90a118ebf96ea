// Lists a report's sections.
#include "report/sections.h"

#include "page/text.h"
#include "report/headline.h"
#include "report/inclusion.h"
#include "report/inside.h"
#include "report/names.h"
#include "report/predictions.h"
#include "report/rate_map.h"
#include "report/result_sections.h"
#include "report/risk_section.h"
#include "report/training_sections.h"
#include "report/trouble_sections.h"
#include "report/tuning_sections.h"

#include <fmt/format.h>

#include <algorithm>

namespace thalweg::lab {
namespace {

/// What a report shows of a summary, where it applies; empty where there turns out to be nothing to show.
struct Section {
  const char* what;  ///< for the reader of the list below
  bool (*applies)(const Summary& summary);
  std::string (*html)(const Summary& summary, Charts& charts);
};

bool always(const Summary&) { return true; }
bool of_one_run(const Summary& summary) { return summary.single_run(); }
bool of_comparison(const Summary& summary) { return !summary.single_run(); }
bool of_tuned(const Summary& summary) { return of_comparison(summary) && has_tuning(summary); }
/// Of optimizers' texts that are rules of thalweg.
bool of_rules(const Summary& summary) { return !summary.program; }
bool has_pairs(const Summary& summary) { return !summary.comparisons.empty(); }
bool has_failed(const Summary& summary) { return !summary.failed.empty(); }
bool has_diverged(const Summary& summary) {
  return std::ranges::any_of(summary.competitors, [](const Competitor& each) { return each.diverged > 0; });
}

/// In the order of the page.
constexpr Section kSections[] = {
    {"what the study noted", always, notes_html},
    {"final results", of_comparison, results_html},
    {"every pair", has_pairs, pairs_html},
    {"RMSprop as SGD with momentum", [](const Summary& s) { return of_rules(s) && has_inclusions(s); },
     inclusions_html},
    {"learning curves over seeds", of_comparison, curves_html},
    {"learning curves and epochs of a run", of_one_run, run_html},
    {"speed", of_comparison, speed_html},
    {"learning rates", of_tuned, learning_rates_html},
    {"learning rate and one other option", [](const Summary& s) { return of_rules(s) && has_families(s); },
     rate_maps_html},
    {"expected best after k tuning trials", has_expected_best, expected_best_html},
    {"predictions on the test part", always, predictions_html},
    {"two classes: measures, curves, costs", has_risk, risk_html},
    {"effect of columns", has_effects, effects_html},
    {"drift", has_drift, drift_html},
    {"inside the network", always, inside_html},
    {"failed trials", has_failed, failed_html},
    {"diverged runs", has_diverged, diverged_html},
};

std::string paragraph(std::string_view look, const std::string& text) {
  return text.empty() ? text : fmt::format("<p class=\"{}\">{}</p>", look, text);
}

std::string answer_html(const Summary& summary) {
  const Headline answer = headline(summary, name_html);
  std::size_t most = 0;
  for (const Competitor& competitor : summary.competitors) most = std::max(most, competitor.runs.size());
  std::string how = "<li>a command of one’s own</li>";
  if (!summary.program) {
    how =
        fmt::format("<li>batch {}</li><li>{}</li>", summary.training.batch,
                    count(static_cast<std::size_t>(std::max<std::int64_t>(summary.training.stop.epochs, 0)), "epoch"));
  }
  return fmt::format(
      "<h2 class=\"answer\">{}</h2><p class=\"detail\">{}</p>{}{}<ul "
      "class=\"facts\"><li>{}</li><li>{}</li>{}<li>{}</li></ul>",
      answer.sentence, answer.detail, paragraph("warning", answer.reserve), paragraph("limits", answer.limits),
      isolated(study_names(summary)), subject_html(summary), how,
      summary.competitors.size() > 1
          ? fmt::format("{}, up to {} each", count(summary.competitors.size(), "optimizer"), count(most, "run"))
          : count(most, "run"));
}

}  // namespace

std::string summary_html(const Summary& summary, Charts& charts) {
  std::string html = "<section>" + answer_html(summary);
  for (const Section& section : kSections)
    if (section.applies(summary)) html += section.html(summary, charts);
  return html + "</section>";
}

}  // namespace thalweg::lab

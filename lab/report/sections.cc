// Writes a report's sections.
#include "report/sections.h"

#include "duration.h"
#include "models/model_list.h"
#include "page/text.h"
#include "report/dot_plot.h"
#include "report/headline.h"
#include "report/html_table.h"
#include "report/inside.h"
#include "report/predictions.h"
#include "report/reservations.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace thalweg::lab {
namespace {

constexpr const char* kNothing = "<td>–</td>";

// Options may be cut into lines behind their commas.
std::string breakable(const std::string& options) {
  std::string html;
  for (const char c : options) {
    html += c;
    if (c == ',') html += "<wbr>";
  }
  return html;
}

std::string row_head(const Competitor& competitor, std::size_t group) {
  return fmt::format("<th scope=\"row\">{}{}<small class=\"options\"><bdi>{}</bdi></small></th>", Charts::swatch(group),
                     name_html(competitor.name), breakable(escape_html(competitor.options)));
}

std::string paragraph(std::string_view look, const std::string& text) {
  return text.empty() ? text : fmt::format("<p class=\"{}\">{}</p>", look, text);
}

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

std::string result_row(const Competitor& competitor, std::size_t group, const Summary& summary) {
  const Metric& metric = summary.metric();
  std::string row = "<tr>" + row_head(competitor, group) +
                    html_cell(competitor.lr ? learning_rate(*competitor.lr) : "<small>not chosen yet</small>") +
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
      "itself: who is ahead, the pairs tell. Below {} seeds there are only the points. Diverged runs have no test {} "
      "and "
      "are left out.</p>",
      confidence(summary.level()), kSeedsForVerdict, summary.metric().title);
}

std::string folds_note(const Metric& metric) {
  return fmt::format(
      "<p class=\"note\">Each dot is a fold of the cross-validation, the bar the mean. Any two folds train on many of "
      "the "
      "same examples, so that there is no interval that holds its level. Diverged runs have no test {} and are left "
      "out.</p>",
      metric.title);
}

std::string result_part(const Summary& summary) {
  const Metric& metric = summary.metric();
  const std::string title = "Final test " + metric.title, unit = metric.is_share ? " (%)" : "";
  const auto order = ranking(summary);
  std::string rows;
  for (const std::size_t i : order) rows += result_row(summary.competitors[i], i, summary);
  return "<h3>" + title + "</h3>" + dot_plot(summary.competitors, order, metric) +
         html_table(title,
                    html_columns({"optimizer", "learning rate", std::string(summary.unit()) + "s", "mean",
                                  metric.is_share ? "sd (points)" : "sd",
                                  confidence(summary.level()) + " interval" + unit, "diverged"}),
                    rows) +
         (summary.has_folds() ? folds_note(metric) : seeds_note(summary));
}
std::string pairs_part(const Summary& summary) {
  if (summary.comparisons.empty()) return {};
  const Metric& metric = summary.metric();
  std::string rows;
  double level = 0;
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
        verdict = fmt::format("none: fewer than {} common seeds", kSeedsForVerdict);
        break;
      case Verdict::no_difference:
        verdict = "no difference shown";
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
                      "<p class=\"note\">Differences of mean test {}, seed by seed{}; Student’s t "
                      "intervals at {:.4g}\u00A0% each, so that all of them hold together{} with 95\u00A0% confidence "
                      "(Bonferroni).</p>",
                      metric.title, metric.is_share ? ", in percentage points" : "", level * 100,
                      looks > 1 ? fmt::format(", in all {} planned looks,", looks) : "")
                : "";
  return "<details class=\"evidence\"><summary>Every pair: who is ahead of whom</summary>" +
         html_table("Every pair", html_columns({"pair", "common seeds", "difference", "interval", "verdict"}), rows) +
         note + "</details>";
}

std::string until_goal(const std::optional<double>& value, bool is_time) {
  if (!value) return kNothing;
  if (std::isinf(*value)) return html_cell("not reached <small>by half or more</small>");
  return html_cell(is_time ? duration(*value) : fmt::format("{:g}", *value));
}

// `examples/s`.
std::string speed_title(const Summary& summary) { return summary.task->example + "s/s"; }

// Loss, and those of the task's metrics that the run has.
std::vector<const Metric*> metrics_of(const TrialData& trial, const Task& task) {
  std::vector<const Metric*> metrics{&find_metric("loss")};
  for (const std::string& name : task.metrics) {
    const bool any = std::ranges::any_of(trial.epochs, [&](const EpochRecord& record) {
      return record.train.contains(name) || value_of(record.validation, name).has_value();
    });
    if (any) metrics.push_back(&find_metric(name));
  }
  return metrics;
}

std::string speed_part(const Summary& summary) {
  const std::string speed = speed_title(summary);
  std::string rows;
  for (std::size_t i = 0; i < summary.competitors.size(); ++i) {
    const Competitor& competitor = summary.competitors[i];
    rows += "<tr>" + row_head(competitor, i);
    if (summary.goal) {
      rows += html_cell(fmt::format("{} of {}", competitor.reached, competitor.runs.size())) +
              until_goal(competitor.goal_epochs, false) + until_goal(competitor.goal_seconds, true);
    }
    rows += (competitor.run_seconds ? html_cell(duration(*competitor.run_seconds)) : kNothing) +
            (competitor.examples_per_second ? html_cell(fixed(*competitor.examples_per_second, 0)) : kNothing) +
            "</tr>";
  }
  if (!summary.goal)
    return "<h3>Speed</h3>" + html_table("Speed", html_columns({"optimizer", "whole run", speed}), rows);
  const Metric& metric = summary.metric();
  const std::string goal = metric.is_share ? fmt::format("{:g} %", *summary.goal * 100) : number(*summary.goal);
  return fmt::format("<h3>Speed: time to {} validation {}</h3>", goal, metric.title) +
         html_table("Speed", html_columns({"optimizer", "reached it", "epochs", "training time", "whole run", speed}),
                    rows) +
         fmt::format(
             "<p class=\"note\">Medians over seeds; a run that never got there counts as longer than any that did. "
             "Evaluation is "
             "not counted as training time.{}</p>",
             summary.goal_given
                 ? std::string()
                 : fmt::format(
                       " The goal is what the weakest optimizer within {} of the best ends at (median), rounded to the "
                       "worse {}.",
                       metric.is_share ? "5 points" : "5 %", metric.is_share ? "whole percent" : "two digits"));
}

std::string learning_rate_part(const Summary& summary, Charts& charts) {
  const std::string figure = charts.learning_rates(summary.competitors);
  if (figure.empty()) return {};
  return "<h3>Learning rate</h3><div class=\"charts\">" + figure + "</div>";
}

std::string failures_part(const Summary& summary) {
  std::string html;
  if (!summary.failed.empty()) {
    std::string rows;
    for (const TrialData* trial : summary.failed) {
      rows += fmt::format(
          "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td "
          "class=\"error\"><bdi>{}</bdi></td></tr>",
          trial->id, name_html(trial->optimizer), learning_rate(trial->lr), trial->config.seed, to_string(trial->role),
          escape_html(trial->error));
    }
    html += "<h3>Failed trials</h3>" +
            html_table("Failed trials", html_columns({"trial", "optimizer", "learning rate", "seed", "role", "error"}),
                       rows);
  }
  std::string rows;
  for (const Competitor& competitor : summary.competitors) {
    for (const TrialData* trial : competitor.runs) {
      if (trial->result->outcome == Outcome::diverged) {
        rows += fmt::format(
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td class=\"error\"><bdi>{}</bdi></td></tr>",
            trial->id, name_html(competitor.name), trial->config.seed, trial->result->steps,
            escape_html(trial->result->reason));
      }
    }
  }
  if (!rows.empty()) {
    html += "<h3>Diverged runs</h3>" +
            html_table("Diverged runs", html_columns({"trial", "optimizer", "seed", "at step", "reason"}), rows);
  }
  return html;
}

std::string notes_part(const Summary& summary) {
  std::string html;
  for (const std::string& warning : summary.warnings)
    html += fmt::format("<p class=\"warning\"><bdi>{}</bdi></p>", escape_html(warning));
  if (summary.unfinished > 0) {
    html += fmt::format("<p class=\"warning\">{} not finished: these numbers will change.</p>",
                        count(summary.unfinished, "trial"));
  }
  for (const Apart& apart : summary.apart) {
    html += fmt::format("<p class=\"warning\">Not taken together with the study {}, which has the same task: {}.</p>",
                        name_html(apart.study), differing(apart));
  }
  return html;
}

std::string run_part(const Summary& summary, Charts& charts) {
  const TrialData& trial = *summary.competitors[0].runs[0];
  const std::vector<const Metric*> metrics = metrics_of(trial, *summary.task);
  std::vector<std::string> heads{"epoch"};
  for (const Metric* metric : metrics)
    heads.insert(heads.end(), {"training " + metric->title, "validation " + metric->title});
  heads.insert(heads.end(), {"learning rate", "training time", speed_title(summary)});
  std::string rows, figures;
  for (const EpochRecord& record : trial.epochs) {
    rows += fmt::format("<tr><th scope=\"row\">{}</th>", record.epoch);
    for (const Metric* metric : metrics) {
      for (const Part part : {Part::train, Part::validation}) {
        const auto value = value_of(record, {part, metric});
        rows += value ? html_cell(value_text(*metric, *value)) : kNothing;
      }
    }
    rows += html_cell(number(record.lr)) + html_cell(duration(record.seconds)) +
            html_cell(fixed(record.examples_per_second, 0)) + "</tr>";
  }
  for (const Metric* metric : metrics) figures += charts.run(trial, *metric);
  figures += charts.steps(trial);
  return "<h3>Learning curves</h3>" + (figures.empty() ? "<p>No epoch was finished.</p>" : charts.legend()) +
         "<div class=\"charts\">" + figures + "</div><h3>Epochs</h3>" + html_table("Epochs", html_columns(heads), rows);
}

std::string comparison_part(const Summary& summary, Charts& charts) {
  std::string figures;
  const Metric &metric = summary.metric(), &loss = find_metric("loss");
  for (const Measure measure :
       {Measure{Part::validation, &metric}, Measure{Part::validation, &loss}, Measure{Part::train, &loss}})
    figures += charts.curves(summary.competitors, measure);
  const std::string curves =
      "<h3>Learning curves</h3>" + (figures.empty() ? "<p>No epoch was finished.</p>"
                                                    : charts.legend() + "<div class=\"charts\">" + figures + "</div>");
  return result_part(summary) + pairs_part(summary) + curves + speed_part(summary) +
         learning_rate_part(summary, charts);
}

}  // namespace

std::string name_html(std::string_view name) {
  constexpr std::size_t kOneLine = 32;
  return fmt::format("<bdi class=\"name{}\">{}</bdi>", name.size() > kOneLine ? " long" : "", escape_html(name));
}

std::string task_html(const TrainingConfig& training) {
  std::string widths;
  const std::vector<std::string>& options = find_model(training.model).options;
  if (std::ranges::find(options, "dense") != options.end())
    for (const auto width : training.network.dense) widths += fmt::format("{}{}", widths.empty() ? " (" : ", ", width);
  if (!widths.empty()) widths += ")";
  return fmt::format("<bdi>{}</bdi>{} on <bdi>{}</bdi>", escape_html(training.model), widths,
                     escape_html(training.data));
}

std::vector<std::string> groups_of(const Summary& summary) {
  if (summary.single_run()) return {"training", "validation"};
  std::vector<std::string> names;
  for (const Competitor& competitor : summary.competitors) names.push_back(competitor.name);
  return names;
}

std::string section_html(const Summary& summary, Charts& charts, nlohmann::json& pages) {
  const Headline answer = headline(summary, name_html);
  std::size_t most = 0;
  for (const Competitor& competitor : summary.competitors) most = std::max(most, competitor.runs.size());
  std::string html = fmt::format(
      "<section><h2 class=\"answer\">{}</h2><p class=\"detail\">{}</p>{}{}<ul class=\"facts\"><li>{}</li><li>batch "
      "{}</li><li>{}</li><li>{}</li></ul>{}",
      answer.sentence, answer.detail, paragraph("warning", answer.reserve), paragraph("limits", answer.limits),
      task_html(summary.training), summary.training.batch,
      count(static_cast<std::size_t>(std::max<std::int64_t>(summary.training.stop.epochs, 0)), "epoch"),
      summary.competitors.size() > 1
          ? fmt::format("{}, up to {} each", count(summary.competitors.size(), "optimizer"), count(most, "run"))
          : count(most, "run"),
      notes_part(summary));
  html += summary.single_run() ? run_part(summary, charts) : comparison_part(summary, charts);
  return html + predictions_html(summary) + inside_html(summary, pages) + failures_part(summary) + "</section>";
}

}  // namespace thalweg::lab

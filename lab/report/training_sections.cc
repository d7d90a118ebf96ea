// Writes the sections of how training went.
#include "report/training_sections.h"

#include "duration.h"
#include "page/text.h"
#include "report/html_table.h"
#include "report/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace thalweg::lab {
namespace {

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

}  // namespace

std::string run_html(const Summary& summary, Charts& charts) {
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

std::string curves_html(const Summary& summary, Charts& charts) {
  std::string figures;
  const Metric &metric = summary.metric(), &loss = find_metric("loss");
  for (const Measure measure :
       {Measure{Part::validation, &metric}, Measure{Part::validation, &loss}, Measure{Part::train, &loss}})
    figures += charts.curves(summary.competitors, measure);
  return "<h3>Learning curves</h3>" + (figures.empty()
                                           ? "<p>No epoch was finished.</p>"
                                           : charts.legend() + "<div class=\"charts\">" + figures + "</div>");
}

std::string speed_html(const Summary& summary, Charts&) {
  std::string rows;
  for (std::size_t i = 0; i < summary.competitors.size(); ++i) {
    const Competitor& competitor = summary.competitors[i];
    rows += "<tr>" + row_head(competitor, i);
    if (summary.goal) {
      rows += html_cell(fmt::format("{} of {}", competitor.reached, competitor.runs.size())) +
              until_goal(competitor.goal_epochs, false) + until_goal(competitor.goal_seconds, true);
    }
    rows += (competitor.run_seconds ? html_cell(duration(*competitor.run_seconds)) : kNothing) +
            (summary.program                  ? ""
             : competitor.examples_per_second ? html_cell(fixed(*competitor.examples_per_second, 0))
                                              : kNothing) +
            "</tr>";
  }
  // How many examples a program takes, and how long it evaluates, only it knows.
  std::vector<std::string> heads{"optimizer"}, last{"whole run"};
  if (!summary.program) last.push_back(speed_title(summary));
  if (summary.goal) heads.insert(heads.end(), {"reached it", "epochs", summary.program ? "time" : "training time"});
  heads.insert(heads.end(), last.begin(), last.end());
  const std::string table = html_table("Speed", html_columns(heads), rows);
  if (!summary.goal) return "<h3>Speed</h3>" + table;
  const Metric& metric = summary.metric();
  const std::string goal = metric.is_share ? fmt::format("{:g} %", *summary.goal * 100) : number(*summary.goal);
  return fmt::format("<h3>Speed: time to {} {}</h3>", goal, summary.watched()) + table +
         fmt::format(
             "<p class=\"note\">Medians over seeds; a run that never got there counts as longer than any that "
             "did.{}{}</p>",
             summary.program ? "" : " Evaluation is not counted as training time.",
             summary.goal_given
                 ? std::string()
                 : fmt::format(
                       " The goal is what the weakest optimizer within {} of the best ends at (median), rounded to the "
                       "worse {}.",
                       metric.is_share ? "5 points" : "5 %", metric.is_share ? "whole percent" : "two digits"));
}

}  // namespace thalweg::lab

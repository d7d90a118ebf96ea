// Writes the section over several tasks.
#include "report/tasks_section.h"

#include "page/figures.h"
#include "page/text.h"
#include "report/html_table.h"
#include "report/names.h"
#include "study/performance_profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

namespace thalweg::lab {
namespace {

using nlohmann::json;

// What it costs to get to a goal. Steps are not one: on a task all optimizers take the same number in an epoch, so that
// their profile is that of epochs.
struct Cost {
  const char* title;
  const char* unit;
  std::optional<double> Competitor::*median;
  std::string (*text)(double cost);
};

constexpr Cost kCosts[] = {
    {"Epochs to the goal", "epochs", &Competitor::goal_epochs, [](double cost) { return fmt::format("{:g}", cost); }},
    {"Seconds to the goal", "seconds of training", &Competitor::goal_seconds,
     [](double cost) { return fmt::format("{:.3g}", cost); }},
};

// A comparison of trainings with a goal (what an epoch of a program is, only it knows); of several summaries of one
// task, which were tuned otherwise, the first.
bool counts(const Summary& summary) {
  return !summary.program && summary.apart.empty() && summary.goal && !summary.has_folds() &&
         summary.competitors.size() > 1;
}

const Competitor* find(const Summary& summary, const std::string& name) {
  const auto found =
      std::ranges::find_if(summary.competitors, [&](const Competitor& competitor) { return competitor.name == name; });
  // Without any run there is no cost, not even an infinite one.
  return found == summary.competitors.end() || !found->goal_epochs ? nullptr : &*found;
}

std::vector<std::string> common_names(std::span<const Summary* const> tasks) {
  std::vector<std::string> names;
  for (const Competitor& competitor : tasks[0]->competitors) {
    if (std::ranges::all_of(tasks, [&](const Summary* task) { return find(*task, competitor.name) != nullptr; }))
      names.push_back(competitor.name);
  }
  return names;
}

double share_at(const std::vector<ProfileStep>& profile, double ratio) {
  double share = 0;
  for (const ProfileStep& step : profile)
    if (step.ratio <= ratio) share = step.share;
  return share;
}

std::string costs_table(const Cost& cost, std::span<const Summary* const> tasks,
                        const std::vector<std::string>& names) {
  std::string rows;
  for (const Summary* task : tasks) {
    const Metric& metric = task->metric();
    rows += fmt::format("<tr><th scope=\"row\">{}</th>{}", task_html(task->training),
                        html_cell(fmt::format("{} of {}", metric.title, value_text(metric, *task->goal))));
    for (const std::string& name : names) {
      const double value = *(find(*task, name)->*cost.median);
      rows += html_cell(std::isfinite(value) ? cost.text(value) : "not reached");
    }
    rows += "</tr>";
  }
  std::vector<std::string> heads{"task", "goal on the validation part"};
  for (const std::string& name : names) heads.push_back("<bdi>" + escape_html(name) + "</bdi>");
  return html_table(cost.title, html_columns(heads), rows);
}

std::string profile_figure(const Cost& cost, const std::vector<std::vector<ProfileStep>>& profiles,
                           const std::vector<std::string>& names, json& pages) {
  std::set<double> ratios{1};
  for (const std::vector<ProfileStep>& profile : profiles)
    for (const ProfileStep& step : profile) ratios.insert(step.ratio);
  ratios.insert(1.1 * *ratios.rbegin());  // so that the last step is seen too
  json lines = json::array(), ticks = json::array();
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    json points = json::array();
    for (const double ratio : ratios) {
      const double share = 100 * share_at(profiles[i], ratio);
      points.push_back(point(std::log10(ratio), share, share, share));
    }
    lines.push_back(series(i, std::move(points)));
  }
  std::string rows;
  for (const double ratio : ratios) {
    const std::string text = fmt::format("{:.3g}", ratio);
    ticks.push_back({{"v", std::log10(ratio)}, {"label", text}});
    rows += fmt::format("<tr><th scope=\"row\">{}</th>", text);
    for (const std::vector<ProfileStep>& profile : profiles) rows += html_cell(percent(share_at(profile, ratio)));
    rows += "</tr>";
  }
  Figures figures(pages.size(), names);
  const std::string html = figures.figure(
      {.title = fmt::format("Performance profile by {}", cost.unit),
       .note = fmt::format("Share of tasks on which an optimizer’s {} to the goal (median over seeds) are at most τ "
                           "times the least of all (Dolan and Moré 2002). At τ = 1: where it is the fastest; at the "
                           "right end: where it gets there at all.",
                           cost.unit),
       .x_label = "τ (logarithmic)",
       .y_label = "tasks (%)",
       .table = "<caption>Tasks (%) by τ</caption><thead>" + table_header("τ", names) + "</thead><tbody>" + rows +
                "</tbody>"},
      std::move(lines), {{"xTicks", std::move(ticks)}, {"steps", true}});
  pages.push_back(figures.data());
  return figures.legend() + "<div class=\"charts\">" + html + "</div>";
}

}  // namespace

std::string tasks_html(std::span<const Summary> summaries, json& pages) {
  std::vector<const Summary*> tasks;
  for (const Summary& summary : summaries)
    if (counts(summary)) tasks.push_back(&summary);
  if (tasks.size() < 2) return {};
  const std::vector<std::string> names = common_names(tasks);
  if (names.size() < 2) return {};
  std::string html = fmt::format("<section id=\"tasks\"><h2>Over {}</h2>", count(tasks.size(), "task"));
  for (const Cost& cost : kCosts) {
    std::vector<std::vector<double>> costs;
    for (const Summary* task : tasks) {
      std::vector<double>& own = costs.emplace_back();
      for (const std::string& name : names) own.push_back(*(find(*task, name)->*cost.median));
    }
    html += fmt::format("<h3>{}</h3>", cost.title) + costs_table(cost, tasks, names) +
            profile_figure(cost, performance_profiles(costs), names, pages);
  }
  return html +
         "<p class=\"note\">Few tasks are a small sample of all: a profile orders optimizers on these, with no "
         "confidence "
         "about others. Optimizers that are not in all of these comparisons are left out. On a task all optimizers "
         "take "
         "as many steps in an epoch, so that the profile by steps is that by epochs; seconds are of this machine, with "
         "as "
         "many workers at once as the study had.</p></section>";
}

}  // namespace thalweg::lab

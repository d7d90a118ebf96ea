// Words the reservations.
#include "report/reservations.h"

#include "page/text.h"

#include <fmt/format.h>

#include <algorithm>

namespace thalweg::lab {
namespace {

using NameOf = std::function<std::string(std::string_view)>;

std::string not_tuned(const Summary& summary) {
  const std::vector<double>& grid = summary.standing.grid;
  const std::string tuned = "The learning rates were not tuned: ";
  if (grid.size() == 1) return tuned + fmt::format("the grid had a single one, {}.", learning_rate(grid[0]));
  if (summary.program) return tuned + "{lr} is in no word of the command.";
  return tuned + "each optimizer ran with the one that was given.";
}

std::string at_edge(const Summary& summary, const NameOf& name) {
  std::vector<std::string> lowest, highest;
  for (const Competitor& competitor : summary.competitors) {
    if (!competitor.at_edge || competitor.test.empty()) continue;
    const bool is_lowest = competitor.lr == competitor.learning_rates.front().lr;
    (is_lowest ? lowest : highest)
        .push_back(fmt::format("{} ({})", name(competitor.name), learning_rate(*competitor.lr)));
  }
  const auto of = [](const std::vector<std::string>& names, std::string_view where) {
    return names.empty()
               ? std::string()
               : fmt::format("For {} the {} learning rate of the grid was the best. ", enumerate(names), where);
  };
  const std::string found = of(lowest, "lowest") + of(highest, "highest");
  return found.empty() ? found : found + "A better one may lie beyond; --tune-lr takes a wider grid.";
}

}  // namespace

std::string differing(const Apart& apart) { return "they differ in the " + enumerate(apart.because); }

std::string progress_of(const Summary& summary) {
  if (summary.final_trials == 0)
    return fmt::format("{} of {} tuning trials are done", summary.tuning_ended, summary.tuning_trials);
  return fmt::format("{} of {} final trials are done", summary.final_ended, summary.final_trials);
}

std::vector<std::string> reservations(const Summary& summary, const NameOf& name) {
  std::vector<std::string> reasons;
  const auto add = [&](std::string reason) {
    if (!reason.empty()) reasons.push_back(std::move(reason));
  };
  const Standing& standing = summary.standing;
  if (!summary.is_finished()) {
    const auto failed = static_cast<std::size_t>(
        std::ranges::count(summary.failed, TrialRole::final, [](const TrialData* trial) { return trial->role; }));
    add(fmt::format("Not finished: {}{}, and those to come may change this.", progress_of(summary),
                    failed == 0 ? "" : fmt::format(" ({} failed; the study's command tries again)", failed)));
  }
  if (!standing.tuned) add(not_tuned(summary));
  add(at_edge(summary, name));
  const std::string too_often = "looking again until a difference shows finds false ones in more than 5 % of studies";
  if (standing.enlarged) {
    add(fmt::format(
        "Enlarged after a verdict: seeds or optimizers were added to a study that had one, which --looks had "
        "not planned; {}.",
        too_often));
  } else if (!standing.as_planned()) {
    add(fmt::format("This is look {} of {} planned: {}.", standing.looks_taken, standing.looks_planned, too_often));
  }
  if (summary.had_verdict) {
    add(fmt::format("Taken together after a verdict: at least one of the {} studies had one of its own; {}.",
                    summary.studies.size(), too_often));
  }
  if (const auto leader = summary.leader(); leader && summary.competitors[*leader].diverged > 0) {
    const Competitor& best = summary.competitors[*leader];
    add(fmt::format("{} of {} of {} diverged, and only the others are compared.", best.diverged,
                    count(best.runs.size(), "run"), name(best.name)));
  }
  return reasons;
}

}  // namespace thalweg::lab

// Words the verdicts.
#include "report/headline.h"

#include "duration.h"
#include "page/text.h"
#include "report/reservations.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace thalweg::lab {
namespace {

using NameOf = std::function<std::string(std::string_view)>;

// A comparison as the leader sees it: positive where the leader is better.
struct Lead {
  std::size_t rival = 0;
  std::size_t seeds = 0;
  double difference = 0;
  Interval interval;
  Verdict verdict = Verdict::too_few_seeds;  // first_better: the leader
  const Comparison* pair = nullptr;
};

std::vector<Lead> leads_of(const Summary& summary, std::size_t leader) {
  std::vector<Lead> leads;
  for (const Comparison& comparison : summary.comparisons) {
    if (comparison.first != leader && comparison.second != leader) continue;
    Lead lead{comparison.second,   comparison.seeds,   comparison.difference,
              comparison.interval, comparison.verdict, &comparison};
    const bool is_second = comparison.second == leader;
    if (is_second != (summary.metric().better == Better::lower)) {
      lead.difference = -lead.difference;
      lead.interval = {-comparison.interval.high, -comparison.interval.low};
    }
    if (is_second) {
      lead.rival = comparison.first;
      if (comparison.verdict == Verdict::second_better) lead.verdict = Verdict::first_better;
      if (comparison.verdict == Verdict::first_better) lead.verdict = Verdict::second_better;
    }
    leads.push_back(lead);
  }
  std::sort(leads.begin(), leads.end(), [](const Lead& a, const Lead& b) { return a.difference < b.difference; });
  return leads;
}

Headline saying(std::string sentence, std::string detail) {
  Headline result;
  result.sentence = std::move(sentence);
  result.detail = std::move(detail);
  return result;
}

Headline for_single_run(const Summary& summary, const NameOf& name) {
  const Competitor& competitor = summary.competitors[0];
  const TrialData& run = *competitor.runs[0];
  const std::string after = fmt::format("{} in {}", count(static_cast<std::size_t>(run.result->epochs), "epoch"),
                                        duration(run.result->seconds));
  if (run.result->outcome == Outcome::diverged) {
    return saying(fmt::format("{} diverged.", name(competitor.name)),
                  fmt::format("After {}: {}.", after, name(run.result->reason)));
  }
  const std::string one = "One run says nothing about other seeds.";
  const Metric& metric = summary.metric();
  const std::optional<double> value = value_of(run.result->test, metric.name);
  if (!value)
    return saying(fmt::format("{} ran {}.", name(competitor.name), after), "The test part was not used. " + one);
  return saying(fmt::format("{} reached {} test {}.", name(competitor.name), value_text(metric, *value), metric.title),
                fmt::format("After {}. {}", after, one));
}

Headline for_one_competitor(const Summary& summary, const NameOf& name) {
  const Competitor& competitor = summary.competitors[0];
  const Metric& metric = summary.metric();
  const std::string seeds = count(competitor.test.size(), summary.unit());
  const std::string unfinished = summary.is_finished() ? "" : fmt::format(" Not finished: {}.", progress_of(summary));
  if (competitor.mean) {
    const std::string reached = fmt::format("{} reached {} mean {}.", name(competitor.name),
                                            value_text(metric, *competitor.mean), summary.compared());
    if (!competitor.interval) {
      return saying(reached, fmt::format("Over {}; standard deviation {}.{}", seeds,
                                         difference_text(metric, *competitor.sd), unfinished));
    }
    return saying(reached, fmt::format("Over {}; {} interval of the mean: {} to {}.{}", seeds,
                                       confidence(summary.level()), value_text(metric, competitor.interval->low),
                                       value_text(metric, competitor.interval->high), unfinished));
  }
  const auto by_value = [](const auto& a, const auto& b) { return a.second < b.second; };
  const auto [least, greatest] = std::minmax_element(competitor.test.begin(), competitor.test.end(), by_value);
  const std::string low = value_text(metric, least->second), high = value_text(metric, greatest->second);
  const std::string values = competitor.test.size() == 1 ? low : fmt::format("between {} and {}", low, high);
  return saying(fmt::format("{} reached {} {}.", name(competitor.name), values, summary.compared()),
                fmt::format("{}, too few for an interval ({} are needed).{}", seeds, kSeedsForVerdict, unfinished));
}

std::string names_of(const Summary& summary, const std::vector<Lead>& leads, const NameOf& name) {
  std::vector<std::string> names;
  names.reserve(leads.size());
  for (const Lead& lead : leads) names.push_back(name(summary.competitors[lead.rival].name));
  return enumerate(names);
}

// `0.26 points (26 of 10,000 test examples)`.
std::string lead_text(const Summary& summary, double difference) {
  std::string text = difference_text(summary.metric(), difference);
  if (!summary.test_examples) return text;
  const double examples = std::round(std::abs(difference) * static_cast<double>(*summary.test_examples));
  const std::string all = thousands(*summary.test_examples) + " test examples";
  return text + (examples < 1 ? fmt::format(" (less than 1 of {})", all)
                              : fmt::format(" ({} of {})", thousands(static_cast<std::int64_t>(examples)), all));
}

// How far all intervals of a verdict can be trusted.
std::string trust_of(const Summary& summary) {
  if (!summary.standing.as_planned()) return "95 % confidence if this look had been planned, all pairs together";
  const int looks = summary.standing.looks_planned;
  return "95 % confidence, all pairs" + (looks > 1 ? fmt::format(" and all {} planned looks", looks) : std::string()) +
         " together";
}

std::string limits_of(const Summary& summary) {
  std::string chosen = "each with one learning rate that was given";
  if (summary.standing.tuned) {
    chosen = "with learning rates that were chosen once" +
             (summary.tuning_seeds > 0 ? ", on " + count(summary.tuning_seeds, "tuning seed") : std::string());
  }
  const std::string examples =
      summary.test_examples ? fmt::format(" of {} examples", thousands(*summary.test_examples)) : std::string();
  if (summary.program) {
    return fmt::format(
        "The confidence is about other seeds, as far as the command uses them, and nothing else: {}. Other data or "
        "another tuning may order the optimizers otherwise.",
        summary.standing.tuned ? "all ran " + chosen : "all else is as the command has it");
  }
  return fmt::format(
      "The confidence is about other seeds (first weights, order of examples) and nothing else: all runs share one "
      "split "
      "of the data and one test part{}, {}. Other data, another split or another tuning may order the optimizers "
      "otherwise.",
      examples, chosen);
}

struct Standings {
  std::vector<Lead> beaten, open, too_few;
};

Standings standings_of(const Summary& summary, std::size_t leader) {
  Standings standings;
  for (const Lead& lead : leads_of(summary, leader)) {
    (lead.verdict == Verdict::first_better    ? standings.beaten
     : lead.verdict == Verdict::too_few_seeds ? standings.too_few
                                              : standings.open)
        .push_back(lead);
  }
  return standings;
}

std::string sentence_for(const Summary& summary, const Competitor& best, const Standings& standings, bool reserved,
                         const NameOf& name) {
  const auto& [beaten, open, too_few] = standings;
  const std::string rates = reserved ? "at these rates " : "";
  if (open.empty() && too_few.empty()) {
    const std::string lead = lead_text(summary, beaten.front().difference),
                      rival = name(summary.competitors[beaten.front().rival].name);
    if (!reserved) return fmt::format("{} won, {} ahead of {}.", name(best.name), lead, rival);
    return fmt::format("{}: at these rates {} is {} ahead of {}.",
                       summary.is_finished() ? "No winner is named" : "Not finished", name(best.name), lead, rival);
  }
  if (open.empty())
    return fmt::format("No full verdict: too few finished seeds of {}.", names_of(summary, too_few, name));
  if (beaten.empty() && too_few.empty())
    return fmt::format("No winner is shown: {}the optimizers are too close to call.", rates);
  return fmt::format("No single winner: {}{} is too close to {} to call.", rates, name(best.name),
                     names_of(summary, open, name));
}

Headline for_leader(const Summary& summary, std::size_t leader, const NameOf& name) {
  const Metric& metric = summary.metric();
  const Competitor& best = summary.competitors[leader];
  const Standings standings = standings_of(summary, leader);
  const auto& [beaten, open, too_few] = standings;
  const std::vector<std::string> reasons = reservations(summary, name);

  Headline result;
  result.sentence = sentence_for(summary, best, standings, !reasons.empty(), name);
  result.limits = limits_of(summary);
  for (const std::string& reason : reasons) result.reserve += (result.reserve.empty() ? "" : " ") + reason;
  result.detail = fmt::format("{} mean {}{}: {}, {} over {}.", metric.better == Better::higher ? "Highest" : "Lowest",
                              summary.compared(), too_few.empty() ? "" : " of those with enough seeds", name(best.name),
                              value_text(metric, *best.mean), count(best.test.size(), "seed"));
  if (open.empty() && too_few.empty()) {
    if (reasons.empty()) result.winner = leader;
    const Lead& next = beaten.front();
    result.detail += fmt::format(" The lead over {}, the next best, is between {} and {}{} ({}).",
                                 name(summary.competitors[next.rival].name), signed_text(metric, next.interval.low),
                                 signed_text(metric, next.interval.high), difference_unit(metric), trust_of(summary));
    return result;
  }
  if (!open.empty()) {
    result.detail += fmt::format(" No difference from {} is shown (smallest lead: {}{}, interval {} to {}).",
                                 names_of(summary, open, name), signed_text(metric, open.front().difference),
                                 metric.is_share ? " points" : "", signed_text(metric, open.front().interval.low),
                                 signed_text(metric, open.front().interval.high));
    result.detail +=
        fmt::format(" From {} it cannot be told at {}; {}.", name(summary.competitors[open.front().rival].name),
                    count(open.front().seeds, "seed"), seeds_text(*open.front().pair));
  }
  if (!beaten.empty()) {
    const Lead& least = *std::min_element(beaten.begin(), beaten.end(),
                                          [](const Lead& a, const Lead& b) { return a.interval.low < b.interval.low; });
    result.detail +=
        fmt::format(" {} {}, by at least {} ({}).", reasons.empty() ? "Better than" : "Ahead of",
                    names_of(summary, beaten, name), difference_text(metric, least.interval.low), trust_of(summary));
  }
  if (!too_few.empty()) {
    result.detail += fmt::format(" Not compared with {}: fewer than {} seeds that both finished.",
                                 names_of(summary, too_few, name), kSeedsForVerdict);
  }
  return result;
}

Headline without_runs(const Summary& summary) {
  const std::string failed =
      summary.failed.empty() ? "" : fmt::format(" {} failed.", count(summary.failed.size(), "trial"));
  if (summary.is_finished())
    return saying("No finished runs yet.", failed.empty() ? "There are no trials." : failed.substr(1));
  if (std::ranges::all_of(summary.studies, [](const StudyData* study) { return study->kind == "train"; }))
    return saying("Not finished: the training has not ended.", "It is running, or was interrupted and can be resumed.");
  if (summary.final_trials > 0)
    return saying("Not finished: " + progress_of(summary) + ".", "There is nothing to compare yet." + failed);
  return saying(
      "Not finished: no final run yet.",
      fmt::format("{}; the final runs, which alone are compared, begin after them.{}", progress_of(summary), failed));
}

Headline without_verdict(const Summary& summary, const NameOf& name) {
  std::size_t seeds = 0;
  std::vector<std::string> diverged;
  for (const Competitor& competitor : summary.competitors) {
    seeds = std::max(seeds, competitor.test.size());
    if (competitor.diverged > 0) {
      diverged.push_back(fmt::format("{} diverged in {} of {}", name(competitor.name), competitor.diverged,
                                     count(competitor.runs.size(), "run")));
    }
  }
  if (summary.has_folds()) {
    return saying("No verdict: folds tell how good each optimizer is, not with what confidence one is ahead.",
                  "Any two folds train on many of the same examples, so that no interval over them holds its level. "
                  "thalweg compare tells who is ahead.");
  }
  if (summary.is_finished() && seeds >= kSeedsForVerdict && !diverged.empty()) {
    return saying("No verdict: too few runs that did not diverge.",
                  fmt::format("{}; diverged runs have no {}. A verdict needs {} seeds that both of a pair have "
                              "finished; a smaller learning rate may help.",
                              enumerate(diverged), summary.compared(), kSeedsForVerdict));
  }
  return saying(
      summary.is_finished() ? "No verdict: too few seeds."
                            : fmt::format("Not finished, no verdict yet: {}.", progress_of(summary)),
      fmt::format("There are at most {} for an optimizer; a verdict needs {} that both of a pair have finished. "
                  "The runs themselves are shown below: other seeds may order them otherwise.",
                  count(seeds, "seed"), kSeedsForVerdict));
}

}  // namespace

std::string seeds_text(const Comparison& comparison) {
  if (!(comparison.sd > 0)) return "no seed showed any difference";
  const std::optional<std::size_t> seeds = seeds_to_tell(comparison);
  return fmt::format("were the difference as observed, {} seeds would tell",
                     seeds ? fmt::format("about {}", *seeds) : fmt::format("more than {}", kMostSeedsToTell));
}

Headline headline(const Summary& summary, const NameOf& name) {
  const auto has_runs = [](const Competitor& competitor) { return !competitor.runs.empty(); };
  const auto has_test = [](const Competitor& competitor) { return !competitor.test.empty(); };
  const auto& competitors = summary.competitors;
  if (std::none_of(competitors.begin(), competitors.end(), has_runs)) return without_runs(summary);
  if (summary.single_run() && summary.is_finished()) return for_single_run(summary, name);
  if (std::none_of(competitors.begin(), competitors.end(), has_test))
    return saying(fmt::format("No {} was measured.", summary.compared()),
                  summary.program ? "The runs diverged." : "The runs diverged, or did not use the test part.");
  if (competitors.size() == 1) return for_one_competitor(summary, name);
  const auto decided = [](const Comparison& comparison) { return comparison.verdict != Verdict::too_few_seeds; };
  const auto leader = summary.leader();
  if (!leader || std::none_of(summary.comparisons.begin(), summary.comparisons.end(), decided))
    return without_verdict(summary, name);
  return for_leader(summary, *leader, name);
}

}  // namespace thalweg::lab

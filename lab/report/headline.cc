// Words the verdicts.
#include "report/headline.h"

#include "report/text.h"

#include <fmt/format.h>

#include <algorithm>

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
};

std::vector<Lead> leads_of(const Summary& summary, std::size_t leader) {
  std::vector<Lead> leads;
  for (const Comparison& comparison : summary.comparisons) {
    if (comparison.first != leader && comparison.second != leader) continue;
    Lead lead{comparison.second, comparison.seeds, comparison.difference, comparison.interval, comparison.verdict};
    if (comparison.second == leader) {
      lead.rival = comparison.first;
      lead.difference = -lead.difference;
      lead.interval = {-comparison.interval.high, -comparison.interval.low};
      if (comparison.verdict == Verdict::second_better) lead.verdict = Verdict::first_better;
      if (comparison.verdict == Verdict::first_better) lead.verdict = Verdict::second_better;
    }
    leads.push_back(lead);
  }
  std::sort(leads.begin(), leads.end(), [](const Lead& a, const Lead& b) { return a.difference < b.difference; });
  return leads;
}

Headline for_single_run(const Summary& summary, const NameOf& name) {
  const Competitor& competitor = summary.competitors[0];
  const TrialData& run = *competitor.runs[0];
  const std::string after = fmt::format("{} in {}", count(static_cast<std::size_t>(run.result->epochs), "epoch"),
                                        duration(run.result->seconds));
  if (run.result->outcome == Outcome::diverged) {
    return {fmt::format("{} diverged.", name(competitor.name)),
            fmt::format("After {}: {}.", after, name(run.result->reason))};
  }
  const std::string one = "One run says nothing about other seeds.";
  if (!run.result->test_accuracy)
    return {fmt::format("{} ran {}.", name(competitor.name), after), "The test set was not used. " + one};
  return {fmt::format("{} reached {} test accuracy.", name(competitor.name), percent(*run.result->test_accuracy)),
          fmt::format("After {}. {}", after, one)};
}

Headline for_one_competitor(const Competitor& competitor, const NameOf& name) {
  if (competitor.mean) {
    return {fmt::format("{} reached {} mean test accuracy.", name(competitor.name), percent(*competitor.mean)),
            fmt::format("Over {}; 95 % interval of the mean {} to {}.", count(competitor.test_accuracy.size(), "seed"),
                        percent(competitor.interval->low), percent(competitor.interval->high))};
  }
  const auto by_value = [](const auto& a, const auto& b) { return a.second < b.second; };
  const auto [least, greatest] =
      std::minmax_element(competitor.test_accuracy.begin(), competitor.test_accuracy.end(), by_value);
  return {fmt::format("{} reached between {} and {} test accuracy.", name(competitor.name), percent(least->second),
                      percent(greatest->second)),
          fmt::format("{}, too few for an interval ({} are needed).", count(competitor.test_accuracy.size(), "seed"),
                      kSeedsForVerdict)};
}

std::string names_of(const Summary& summary, const std::vector<Lead>& leads, const NameOf& name) {
  std::vector<std::string> names;
  names.reserve(leads.size());
  for (const Lead& lead : leads) names.push_back(name(summary.competitors[lead.rival].name));
  return enumerate(names);
}

Headline for_leader(const Summary& summary, std::size_t leader, const NameOf& name) {
  const Competitor& best = summary.competitors[leader];
  std::vector<Lead> beaten, open, too_few;
  for (const Lead& lead : leads_of(summary, leader)) {
    (lead.verdict == Verdict::first_better    ? beaten
     : lead.verdict == Verdict::too_few_seeds ? too_few
                                              : open)
        .push_back(lead);
  }

  Headline result;
  result.detail =
      fmt::format("Highest mean test accuracy{}: {}, {} over {}.", too_few.empty() ? "" : " of those with enough seeds",
                  name(best.name), percent(*best.mean), count(best.test_accuracy.size(), "seed"));
  if (open.empty() && too_few.empty()) {
    const Lead& next = beaten.front();
    const std::string rival = name(summary.competitors[next.rival].name);
    result.sentence =
        fmt::format("{} won, {} points ahead of {}.", name(best.name), unsigned_points(next.difference), rival);
    result.detail += fmt::format(
        " The lead over {}, the next best, is between {} and {} percentage points: certain at 95 %, "
        "with all pairs taken together.",
        rival, points(next.interval.low), points(next.interval.high));
    return result;
  }
  if (open.empty()) {
    result.sentence = fmt::format("No full verdict: too few finished seeds of {}.", names_of(summary, too_few, name));
  } else if (beaten.empty() && too_few.empty()) {
    result.sentence = "No winner is shown: the optimizers are too close to call.";
  } else {
    result.sentence =
        fmt::format("No single winner: {} is too close to {} to call.", name(best.name), names_of(summary, open, name));
  }
  if (!open.empty()) {
    result.detail += fmt::format(" No difference from {} is shown (smallest lead: {} points, interval {} to {}).",
                                 names_of(summary, open, name), points(open.front().difference),
                                 points(open.front().interval.low), points(open.front().interval.high));
  }
  if (!beaten.empty()) {
    result.detail +=
        fmt::format(" Better than {} for certain, by at least {} points at 95 %.", names_of(summary, beaten, name),
                    unsigned_points(std::min_element(beaten.begin(), beaten.end(), [](const Lead& a, const Lead& b) {
                                      return a.interval.low < b.interval.low;
                                    })->interval.low));
  }
  if (!too_few.empty()) {
    result.detail += fmt::format(" Not compared with {}: fewer than {} seeds that both finished.",
                                 names_of(summary, too_few, name), kSeedsForVerdict);
  }
  return result;
}

}  // namespace

Headline headline(const Summary& summary, const NameOf& name) {
  const auto has_runs = [](const Competitor& competitor) { return !competitor.runs.empty(); };
  const auto has_accuracy = [](const Competitor& competitor) { return !competitor.test_accuracy.empty(); };
  const auto& competitors = summary.competitors;
  if (std::none_of(competitors.begin(), competitors.end(), has_runs)) {
    return {"No finished runs yet.",
            fmt::format("{} failed, {} not finished.", count(summary.failed.size(), "trial"), summary.unfinished)};
  }
  if (summary.single_run()) return for_single_run(summary, name);
  if (std::none_of(competitors.begin(), competitors.end(), has_accuracy))
    return {"No test accuracy was measured.", "The runs diverged, or did not use the test set."};
  if (competitors.size() == 1) return for_one_competitor(competitors[0], name);
  const auto decided = [](const Comparison& comparison) { return comparison.verdict != Verdict::too_few_seeds; };
  const auto leader = summary.leader();
  if (!leader || std::none_of(summary.comparisons.begin(), summary.comparisons.end(), decided)) {
    std::size_t seeds = 0;
    for (const Competitor& competitor : competitors) seeds = std::max(seeds, competitor.test_accuracy.size());
    return {"No verdict: too few seeds.",
            fmt::format("There are at most {} for an optimizer; a verdict needs {} that both of a pair have finished. "
                        "The runs themselves are shown below: other seeds may order them otherwise.",
                        count(seeds, "seed"), kSeedsForVerdict)};
  }
  return for_leader(summary, *leader, name);
}

}  // namespace thalweg::lab

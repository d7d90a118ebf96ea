// Hints: which experiment would tell candidates apart, and what may be wrong where nothing fits.
#include "identify/hints.h"

#include "identify/experiments.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace thalweg::lab::identify {
namespace {

/// What the other candidates would do, and the first with its open options elsewhere.
std::vector<Outcome> alternatives(const std::vector<Candidate>& candidates,
                                  const std::vector<Experiment>& experiments) {
  std::vector<Outcome> result;
  for (const Candidate& candidate : candidates) {
    for (const StepCount count : candidate.step_counts) {
      result.push_back(outcome(experiments, candidate.options, count));
    }
  }
  const Candidate& first = candidates.front();
  const RuleInfo& rule = first.options.rule();
  for (const OpenOption& open : first.open) {
    for (const double value : {open.low, open.high}) {
      Options options = first.options;
      if (!rule.options[static_cast<std::size_t>(rule.find_option(open.option))].range.contains(value)) continue;
      options.set(open.option, value);
      result.push_back(outcome(experiments, options, first.step_counts.front()));
    }
  }
  return result;
}

/// Digits of the shortest decimal that is this number.
std::size_t digits(double value) {
  std::string text = fmt::format("{}", std::abs(value));
  text.erase(std::min(text.find('e'), text.size()));
  std::erase(text, '.');
  text.erase(0, text.find_first_not_of('0'));
  return text.find_last_not_of('0') + 1;
}

/// Most digits that any of the expected numbers has.
std::size_t most_digits(const Recording& recording) {
  std::size_t most = 1;
  for (const auto& [step, theta] : recording.expected) {
    for (const double x : theta) most = std::max(most, digits(x));
  }
  return most;
}

}  // namespace

std::vector<std::string> what_would_tell(const std::vector<Candidate>& candidates, const Recording& recording) {
  std::vector<std::string> hints;
  const std::vector<Experiment> made = experiments(recording);
  const Outcome first = outcome(made, candidates.front().options, candidates.front().step_counts.front());
  std::vector<Outcome> left = alternatives(candidates, made);
  for (std::size_t i = 0; i < made.size(); ++i) {
    const std::size_t before = left.size();
    std::erase_if(left, [&](const Outcome& other) { return is_clear(made[i], first[i], other[i]); });
    if (left.size() < before) hints.emplace_back(made[i].what);
  }
  return hints;
}

std::vector<std::string> what_may_be_wrong(const std::vector<NearMiss>& near, const Recording& recording) {
  std::vector<std::string> hints;
  const std::size_t most = most_digits(recording);
  if (recording.is_float64 && most > 1 && most <= 10) {
    hints.push_back(fmt::format("theta has no more than {} digits; --rtol 1e-{} allows for that", most, most - 1));
  }
  if (!near.empty() && near.front().first_step > 1) {
    hints.push_back(fmt::format("the beginning fits: what is new in step {}?", near.front().first_step));
  }
  if (recording.lrs.empty()) hints.emplace_back("a learning rate that changes must be told in lr_schedule");
  hints.emplace_back("clipping, averages, and options that differ from parameter to parameter are not looked for");
  return hints;
}

}  // namespace thalweg::lab::identify

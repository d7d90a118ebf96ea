// Claim: larger learning rates and larger decays converge faster.
#include "page/text.h"
#include "report/sensitivity.h"
#include "suites/evidence.h"
#include "suites/experiments.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <map>

namespace thalweg::lab {
namespace {

constexpr const char* kPart = "rates-mlp";
constexpr const char* kOptimizers[] = {"rmsprop:alpha=0.5", "rmsprop:alpha=0.9", "rmsprop:alpha=0.99",
                                       "rmsprop:alpha=0.999"};
constexpr const char* kAlphas[] = {"0.5", "0.9", "0.99", "0.999"};

/// Validation values at the end by rate, of rates at which no trial diverged or failed.
std::map<double, double> values_by_rate(const Competitor& competitor) {
  std::map<double, double> result;
  for (const LearningRatePoint& point : competitor.learning_rates)
    if (point.value && point.diverged == 0 && point.failed == 0) result[point.lr] = *point.value;
  return result;
}

struct RateAnswer {
  Holds larger_is_faster = Holds::cannot_tell;
  std::string text;  ///< of the fastest and the largest rate
};

RateAnswer ask_rates(const Competitor* competitor, const Metric& metric) {
  if (competitor == nullptr) return {.text = "no trials"};
  const std::map<double, double> by_rate = values_by_rate(*competitor);
  if (by_rate.size() < 3) return {.text = "fewer than three rates were trained without divergence"};
  const auto fastest = std::ranges::min_element(
      by_rate, [&](const auto& a, const auto& b) { return metric.is_better(a.second, b.second); });
  const auto& [largest, at_largest] = *by_rate.rbegin();
  const double lost = loss_of(metric, at_largest, fastest->second);
  const auto is_worse = [&](const auto& a, const auto& b) { return metric.is_better(b.second, a.second); };
  const bool rises = fastest != by_rate.begin() && std::is_sorted(by_rate.begin(), std::next(fastest), is_worse);
  RateAnswer answer{
      .larger_is_faster = lost <= tolerance_at(metric, fastest->second) ? Holds::yes : Holds::no,
      .text = fmt::format("fastest at η = {:g} ({}{}); at {:g}, the largest that did not diverge, {}", fastest->first,
                          value_text(metric, fastest->second), rises ? ", up to which each larger one was faster" : "",
                          largest, value_text(metric, at_largest))};
  return answer;
}

/// Is the largest α, each with its own best rate, faster than the others?
Holds ask_decays(const std::vector<SeedValues>& values, Better better, std::string& sentence) {
  const std::size_t last = values.size() - 1;
  std::size_t ahead = 0;
  std::vector<std::string> faster;
  for (const Comparison& pair : compare_pairs(values, 0.05, better)) {
    if (pair.second != last) continue;
    if (pair.verdict == Verdict::second_better) ++ahead;
    if (pair.verdict == Verdict::first_better) faster.emplace_back(kAlphas[pair.first]);
  }
  const auto least = std::ranges::min_element(values, {}, [](const SeedValues& v) { return v.size(); })->size();
  if (!faster.empty()) {
    sentence = fmt::format("ρ = {} got further than 0.999, the largest", enumerate(faster));
    return Holds::no;
  }
  if (ahead == last) {
    sentence = "ρ = 0.999, the largest, was shown to get furthest";
    return Holds::yes;
  }
  sentence = least < kSeedsForVerdict
                 ? fmt::format("of ρ nothing can be told with {} seeds, {} are needed", least, kSeedsForVerdict)
                 : "neither was ρ = 0.999, the largest, shown to get furthest nor another to get further than it";
  return Holds::cannot_tell;
}

Judgement judge(const PartStudies& studies) {
  Judgement judgement;
  const std::optional<Summary> summary = summary_of(studies, kPart);
  if (!summary) {
    judgement.sentence = "The trainings were not run.";
    return judgement;
  }
  const Metric& metric = summary->metric();
  std::vector<Holds> by_rates;
  std::vector<SeedValues> finals;
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < std::size(kOptimizers); ++i) {
    const Competitor* competitor = find_competitor(*summary, kOptimizers[i]);
    const RateAnswer answer = ask_rates(competitor, metric);
    by_rates.push_back(answer.larger_is_faster);
    texts.push_back(fmt::format("ρ = {}: {}", kAlphas[i], answer.text));
    finals.push_back(competitor != nullptr ? competitor->test : SeedValues());
    judgement.rows.push_back({fmt::format("ρ = {}, rates", kAlphas[i]), answer.text});
    const std::string rate = competitor != nullptr && competitor->lr ? fmt::format(", η = {:g}", *competitor->lr) : "";
    judgement.rows.push_back({fmt::format("ρ = {}, tuned{}", kAlphas[i], rate), test_text(competitor, metric)});
  }
  const Holds rates = together(by_rates);
  std::string of_decays;
  const Holds decays = ask_decays(finals, metric.better, of_decays);
  judgement.holds = together({rates, decays});
  const char* const of_rates =
      rates == Holds::yes      ? "The largest η that did not diverge was as fast as any, to within the tolerance"
      : rates == Holds::no     ? "The fastest η lay below the largest that did not diverge"
      : rates == Holds::partly ? "For some ρ the largest η was as fast as any, for others a smaller one was faster"
                               : "Of η nothing can be told";
  judgement.sentence = fmt::format("{}. Each with its best η, {}.", of_rates, of_decays);
  judgement.detail =
      fmt::format("By validation {} after {}: {}.", metric.title,
                  count(static_cast<std::size_t>(summary->training.stop.epochs), "epoch"), fmt::join(texts, "; "));
  return judgement;
}

}  // namespace

Claim rates_claim(bool quick) {
  CompareConfig config = base_config({std::begin(kOptimizers), std::end(kOptimizers)},
                                     {1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1, 1}, 4);
  config.tuning.seeds = {1001, 1002};
  return {
      .name = "rates",
      .text = "Larger η and ρ converge faster",
      .experiment =
          "an MLP by RMSprop with four decays ρ at each of nine rates η; who gets further in the same number of epochs",
      .parts = {part_of(kPart, "Is RMSprop the faster the larger its rate and its decay are?", std::move(config),
                        quick)},
      .judge = judge};
}

}  // namespace thalweg::lab

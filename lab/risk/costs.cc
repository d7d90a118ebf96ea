// Costs: their text, and decisions by threshold.
#include "risk/costs.h"

#include "data/value_text.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <string_view>

namespace thalweg::lab {
namespace {

constexpr double kMostCost = 1e9;

bool read_cost(std::string_view text, double& cost) {
  return read_number(text, cost) == NumberText::number && cost > 0 && cost <= kMostCost;
}

}  // namespace

Costs parse_costs(const std::string& text) {
  const std::size_t colon = text.find(':');
  Costs costs;
  if (colon == std::string::npos || !read_cost(std::string_view(text).substr(0, colon), costs.false_negative) ||
      !read_cost(std::string_view(text).substr(colon + 1), costs.false_positive)) {
    throw Error(fmt::format(
        "cost = {}: expected FN:FP, two numbers in (0, {}], as 5:1: what a positive taken for negative costs, and a "
        "negative taken for positive",
        shown(text), kMostCost));
  }
  return costs;
}

std::string to_string(const Costs& costs) { return fmt::format("{}:{}", costs.false_negative, costs.false_positive); }

double Decided::cost(const Costs& costs) const {
  if (size() == 0) return 0;
  return (static_cast<double>(false_negatives) * costs.false_negative +
          static_cast<double>(false_positives) * costs.false_positive) /
         static_cast<double>(size());
}

Decided decide(const Scored& scored, double threshold) {
  Decided decided{.threshold = threshold};
  for (std::size_t i = 0; i < scored.probabilities.size(); ++i) {
    const bool taken = scored.probabilities[i] >= threshold, is = scored.positive[i] != 0;
    ++(taken ? is ? decided.true_positives : decided.false_positives
       : is  ? decided.false_negatives
             : decided.true_negatives);
  }
  return decided;
}

std::vector<Decided> all_decisions(const Scored& scored) {
  std::vector<std::size_t> order(scored.probabilities.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return scored.probabilities[i]; });
  Decided decided = decide(scored, 0);
  std::vector<Decided> all{decided};
  for (std::size_t begin = 0; begin < order.size();) {
    const double probability = scored.probabilities[order[begin]];
    std::size_t end = begin;
    for (; end < order.size() && scored.probabilities[order[end]] == probability; ++end) {
      const bool is = scored.positive[order[end]] != 0;
      --(is ? decided.true_positives : decided.false_positives);
      ++(is ? decided.false_negatives : decided.true_negatives);
    }
    const double next = end < order.size() ? scored.probabilities[order[end]] : std::max(1.0, probability);
    // Half way may round down to the lower one.
    decided.threshold = std::max(probability + (next - probability) / 2,
                                 std::nextafter(probability, std::numeric_limits<double>::infinity()));
    all.push_back(decided);
    begin = end;
  }
  return all;
}

Decided cheapest(const Scored& scored, const Costs& costs) {
  if (scored.size() == 0) throw Error("a threshold is to be chosen on no examples");
  const double own = costs.threshold();
  const std::vector<Decided> all = all_decisions(scored);
  double least = std::numeric_limits<double>::infinity();
  for (const Decided& each : all) least = std::min(least, each.cost(costs));
  // Sums in another order differ by rounding alone.
  const double cheap = least + 1e-12 * (costs.false_negative + costs.false_positive);
  const Decided by_theory = decide(scored, own);
  if (by_theory.cost(costs) <= cheap) return by_theory;
  const Decided* best = nullptr;
  for (const Decided& each : all) {
    if (each.cost(costs) > cheap) continue;
    if (best == nullptr || std::abs(each.threshold - own) < std::abs(best->threshold - own)) best = &each;
  }
  return *best;
}

}  // namespace thalweg::lab

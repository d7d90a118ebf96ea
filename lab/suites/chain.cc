// Runs the chain of weights and counts who arrived.
#include "suites/chain.h"

#include <thalweg/description.h>
#include <thalweg/optimizer.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace thalweg::lab {
namespace {

constexpr int kSteps = 2000;
constexpr float kNear = 0.1F;

using Weights = std::array<float, kChainLength>;

struct Pass {
  float product;
  Weights gradient;
};

/// Forward, then backward: what is above a weight comes down multiplied by the weights passed.
Pass pass(const Weights& weights) {
  Weights before{};
  float product = 1;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    before[i] = product;
    product *= weights[i];
  }
  Pass result{.product = product, .gradient = {}};
  float from_above = product - 1;
  for (std::size_t i = weights.size(); i-- > 0;) {
    result.gradient[i] = from_above * before[i];
    from_above *= weights[i];
  }
  return result;
}

Weights begun_at(float start) {
  Weights weights;
  weights.fill(start);
  return weights;
}

struct Rule {
  const char *label, *optimizer;
  bool is_adaptive;
};

constexpr Rule kRules[] = {{"SGD", "sgd", false},
                           {"SGD clipped to norm 1", "sgd clip=global_norm:1", false},
                           {"RMSprop", "rmsprop:alpha=0.9", true},
                           {"Adam", "adam", true}};
constexpr float kStarts[] = {0.01F, 0.1F, 0.3F, 0.5F, 0.7F, 1.5F, 2, 3, 10, 20};

bool arrives(const Rule& rule, float start) {
  for (int exponent = -12; exponent <= 12; exponent += 2)
    if (std::abs(run_chain(rule.optimizer, std::pow(10.0, exponent), start) - 1) <= kNear) return true;
  return false;
}

}  // namespace

bool ChainStart::has_gradient() const { return std::isfinite(first_gradient) && first_gradient != 0; }

float run_chain(const std::string& optimizer_text, double lr, float start) {
  Weights weights = begun_at(start);
  Optimizer optimizer{parse_description(optimizer_text), Execution{.threads = 1}};
  const Handle handle = optimizer.add("weights", weights);
  for (int step = 0; step < kSteps; ++step) {
    const Pass now = pass(weights);
    if (!std::isfinite(now.product) || !std::ranges::all_of(now.gradient, [](float g) { return std::isfinite(g); }))
      return std::numeric_limits<float>::quiet_NaN();
    optimizer.set("lr", lr * (kSteps - step) / kSteps);
    optimizer.step({{handle, now.gradient}});
  }
  return pass(weights).product;
}

std::vector<ChainRun> chain_runs() {
  std::vector<ChainRun> runs;
  for (const Rule& rule : kRules) {
    for (const float start : kStarts) {
      const ChainStart from{.start = start, .first_gradient = pass(begun_at(start)).gradient[0]};
      runs.push_back({rule.label, rule.is_adaptive, from, arrives(rule, start)});
    }
  }
  return runs;
}

Judgement judge_chain(std::span<const ChainRun> runs, bool vanishing) {
  struct Count {
    std::string label;
    bool is_adaptive;
    int arrived = 0, all = 0;           // from starts with a gradient
    std::vector<std::string> starts{};  // of all that arrived
  };
  std::vector<Count> counts;
  int lost = 0, found_anyway = 0;  // runs without a gradient
  for (const ChainRun& run : runs) {
    if ((run.from.start < 1) != vanishing) continue;
    auto count = std::ranges::find(counts, run.label, &Count::label);
    if (count == counts.end()) count = counts.insert(counts.end(), {run.label, run.is_adaptive});
    if (run.arrived) count->starts.push_back(fmt::format("{:g}", run.from.start));
    if (run.from.has_gradient()) {
      ++count->all;
      if (run.arrived) ++count->arrived;
    } else {
      ++lost;
      if (run.arrived) ++found_anyway;
    }
  }
  Judgement judgement;
  std::vector<std::string> texts;
  int best = 0, all = 0;
  for (const Count& count : counts) {
    texts.push_back(fmt::format("{} from {}", count.label, count.arrived));
    judgement.rows.push_back(
        {fmt::format("Chain, {} gradients: {}", vanishing ? "vanishing" : "exploding", count.label),
         count.starts.empty() ? "arrived from no start"
                              : fmt::format("arrived from weights of {}", fmt::join(count.starts, ", "))});
    if (count.is_adaptive) best = std::max(best, count.arrived);
    all = std::max(all, count.all);
  }
  if (all == 0) return judgement;
  judgement.holds = best == all ? Holds::yes : Holds::no;
  judgement.sentence = fmt::format(
      "Of {} starts of a chain of {} weights whose gradients {} but are not yet {}, the "
      "minimum was reached by {}",
      all, kChainLength, vanishing ? "vanish" : "explode", vanishing ? "0" : "infinite", fmt::join(texts, ", "));
  if (lost > 0) judgement.sentence += fmt::format("; where they are, {} of {} runs reached it", found_anyway, lost);
  return judgement;
}

}  // namespace thalweg::lab

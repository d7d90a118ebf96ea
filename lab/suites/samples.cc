// Claim: RMSprop is unstable on small samples.
#include "study/paired_spread.h"
#include "suites/evidence.h"
#include "suites/experiments.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace thalweg::lab {
namespace {

constexpr std::size_t kSeeds = 20;  // a spread is told less exactly than a mean
constexpr const char* kRivals[] = {kAdam, kSgd};

/// A way in which a sample is small, and its opposite.
struct Setting {
  const char *part, *title;
  std::int64_t train_limit, batch, epochs;
  bool is_small;
};
constexpr Setting kSettings[] = {
    {"samples-few", "300 examples", 300, 16, 20, true},
    {"samples-many", "all 60,000 examples", 0, 64, 3, false},
    {"samples-batch-2", "batches of 2", 2000, 2, 5, true},
    {"samples-batch-64", "batches of 64, same examples", 2000, 64, 5, false},
};

SuitePart part_for(const Setting& setting, bool quick) {
  CompareConfig config =
      base_config({kRmsprop, kAdam, kSgd}, {1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1}, setting.epochs, kSeeds);
  config.training.train_limit = setting.train_limit;
  config.training.batch = setting.batch;
  // A tenth of few examples is too few to choose a rate by.
  if (setting.train_limit > 0) config.training.validation_fraction = 0.3;
  if (setting.is_small) config.tuning.seeds = {1001, 1002, 1003};
  return part_of(setting.part, fmt::format("How far do seeds spread with {}?", setting.title), std::move(config),
                 quick);
}

enum class Spread { more, less, unclear };

struct SpreadAnswer {
  Spread spread = Spread::unclear;
  std::string text = "unknown";
};

/// Does RMSprop's test accuracy vary more from seed to seed than the rival's?
SpreadAnswer ask(const Competitor* rmsprop, const Competitor* rival, double level) {
  if (rmsprop == nullptr || rival == nullptr) return {};
  std::vector<double> first, second;
  for (const auto& [seed, value] : rmsprop->test) {
    const auto other = rival->test.find(seed);
    if (other == rival->test.end()) continue;
    first.push_back(value);
    second.push_back(other->second);
  }
  if (first.size() < kSeedsForVerdict) return {.text = fmt::format("{} seeds in common, too few", first.size())};
  const std::optional<SpreadComparison> spreads = compare_spreads(first, second, level);
  if (!spreads) return {.text = "none, since one of them does not vary"};
  SpreadAnswer answer{.text = fmt::format("{:.2f} (between {:.2f} and {:.2f})", spreads->first_sd / spreads->second_sd,
                                          spreads->ratio.low, spreads->ratio.high)};
  if (spreads->ratio.low > 1) answer.spread = Spread::more;
  if (spreads->ratio.high < 1) answer.spread = Spread::less;
  return answer;
}

Judgement judge(const PartStudies& studies) {
  Judgement judgement;
  std::vector<Spread> small;
  std::vector<std::string> texts;
  std::size_t diverged = 0, runs = 0;
  const auto pairs = static_cast<double>(std::size(kRivals) * std::ranges::count_if(kSettings, &Setting::is_small));
  for (const Setting& setting : kSettings) {
    const std::optional<Summary> summary = summary_of(studies, setting.part);
    const Competitor* rmsprop = summary ? find_competitor(*summary, kRmsprop) : nullptr;
    if (summary) {
      for (const char* optimizer : {kRmsprop, kAdam, kSgd}) {
        judgement.rows.push_back({fmt::format("{}: {}", setting.title, optimizer),
                                  test_text(find_competitor(*summary, optimizer), summary->metric())});
      }
    }
    if (setting.is_small && rmsprop != nullptr) {
      diverged += rmsprop->diverged;
      runs += rmsprop->runs.size();
    }
    for (const char* rival : kRivals) {
      const SpreadAnswer answer = ask(rmsprop, summary ? find_competitor(*summary, rival) : nullptr, 1 - 0.05 / pairs);
      judgement.rows.push_back({fmt::format("{}: spread of rmsprop over {}'s", setting.title, rival), answer.text});
      if (!setting.is_small) continue;
      small.push_back(answer.spread);
      texts.push_back(fmt::format("with {}, {}: {}", setting.title, rival, answer.text));
    }
  }
  const auto count = [&](Spread spread) { return std::ranges::count(small, spread); };
  std::string what;
  if (count(Spread::more) > 0) {
    judgement.holds = count(Spread::more) == std::ssize(small) ? Holds::yes : Holds::partly;
    what = fmt::format(
        "On small samples RMSprop's accuracy varied more from seed to seed than a rival's in {} of {} comparisons",
        count(Spread::more), small.size());
  } else if (count(Spread::less) == std::ssize(small)) {
    judgement.holds = Holds::no;
    what = "On small samples RMSprop's accuracy varied less from seed to seed than its rivals'";
  } else {
    what = "It cannot be told that RMSprop's accuracy varies more from seed to seed on small samples than its rivals'";
  }
  judgement.sentence = what + '.';
  judgement.detail = fmt::format("Its standard deviation over the rival's: {}.", fmt::join(texts, "; "));
  if (diverged > 0) judgement.detail += fmt::format(" {} of its {} runs on small samples diverged.", diverged, runs);
  return judgement;
}

}  // namespace

Claim samples_claim(bool quick) {
  Claim claim{.name = "samples",
              .text = "RMSprop is unstable on small samples",
              .experiment =
                  "the spread over twenty seeds of an MLP's test accuracy, with few examples and with many, in "
                  "small batches and in usual ones, beside Adam and SGD with momentum; equal spreads are "
                  "tested by Pitman and Morgan's test",
              .parts = {},
              .judge = judge};
  for (const Setting& setting : kSettings) claim.parts.push_back(part_for(setting, quick));
  return claim;
}

}  // namespace thalweg::lab

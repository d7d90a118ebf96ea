// Claim: RMSprop needs no tuning.
#include "report/sensitivity.h"
#include "suites/evidence.h"
#include "suites/experiments.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

namespace thalweg::lab {
namespace {

struct Default {
  const char *label, *optimizer;
};
constexpr Default kDefaults[] = {{"PyTorch's default (lr 0.01)", "rmsprop:lr=0.01,alpha=0.99,eps=1e-8"},
                                 {"Keras' default (lr 0.001)", "rmsprop:lr=0.001,alpha=0.9,eps=1e-7,eps_inside=true"}};

/// A task: its training but for the optimizer, and how long.
struct Setting {
  const char *name, *title;
  std::int64_t epochs;
  std::size_t tuning_seeds;
  void (*set)(TrainingConfig& training);
};

constexpr Setting kSettings[] = {
    {"mlp", "MLP on fashion-mnist", 4, 1, [](TrainingConfig& /*training*/) {}},
    {"cnn", "CNN on 2000 images of fashion-mnist", 4, 2,
     [](TrainingConfig& training) {
       training.model = "cnn";
       training.train_limit = 2000;
       training.test_limit = 2000;
       training.batch = 32;
     }},
    {"table", "tabular model on generated classes", 10, 3,
     [](TrainingConfig& training) {
       training.model = "tabular";
       training.data = "make:classification,rows=4000,classes=4";
       training.batch = 32;
     }},
};

std::string tuned_part(const Setting& setting) { return fmt::format("tuning-{}", setting.name); }
std::string default_part(const Setting& setting) { return fmt::format("tuning-{}-defaults", setting.name); }

void add_parts(const Setting& setting, bool quick, std::vector<SuitePart>& parts) {
  CompareConfig tuned =
      base_config({kRmsprop, kAdam, kSgd}, {1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1}, setting.epochs);
  setting.set(tuned.training);
  // By few validation examples one seed would decide by chance.
  tuned.tuning.seeds.resize(setting.tuning_seeds);
  std::iota(tuned.tuning.seeds.begin(), tuned.tuning.seeds.end(), std::uint64_t{1001});
  CompareConfig defaults = tuned;
  defaults.tune = false;
  defaults.optimizers.clear();
  for (const Default& rule : kDefaults) defaults.optimizers.emplace_back(rule.optimizer);
  parts.push_back(part_of(tuned_part(setting), fmt::format("What do tuned rates reach: {}?", setting.title),
                          std::move(tuned), quick));
  parts.push_back(part_of(default_part(setting), fmt::format("What do RMSprop's defaults reach: {}?", setting.title),
                          std::move(defaults), quick));
}

/// Of one default on one task: does it cost more than the tolerance?
Holds costs_nothing(const Competitor* tuned, const Competitor* untuned, const Metric& metric, double error,
                    std::string& text) {
  text = "unknown";
  if (tuned == nullptr || untuned == nullptr) return Holds::cannot_tell;
  if (untuned->diverged > 0 && untuned->diverged * 2 > untuned->runs.size()) {
    text = fmt::format("{} of {} runs diverge", untuned->diverged, untuned->runs.size());
    return tuned->diverged * 2 < tuned->runs.size() ? Holds::no : Holds::cannot_tell;
  }
  Comparison gap = compare_two(tuned->test, untuned->test, error);
  if (gap.verdict == Verdict::too_few_seeds) {
    text = fmt::format("{} seeds in common, too few", gap.seeds);
    return Holds::cannot_tell;
  }
  if (metric.better == Better::lower) {
    gap.difference = -gap.difference;
    gap.interval = {-gap.interval.high, -gap.interval.low};
  }
  const std::string unit = metric.is_share ? " points" : "";
  text = fmt::format("{}{} (between {} and {})", signed_text(metric, -gap.difference), unit,
                     signed_text(metric, -gap.interval.high), signed_text(metric, -gap.interval.low));
  const double tolerance = tolerance_at(metric, mean_of(tuned->test));
  if (gap.interval.low > tolerance) return Holds::no;
  return gap.interval.high <= tolerance ? Holds::yes : Holds::cannot_tell;
}

void add_widths(const Setting& setting, const Summary& summary, std::vector<ClaimRow>& rows) {
  const Metric& metric = summary.metric();
  for (const char* optimizer : {kRmsprop, kAdam, kSgd}) {
    const Competitor* competitor = find_competitor(summary, optimizer);
    const auto rates =
        competitor != nullptr ? good_rates(competitor->learning_rates, metric) : std::optional<GoodRates>();
    rows.push_back(
        {fmt::format("{}: {}, rates within {} of its best", setting.title, optimizer, tolerance_text(metric)),
         rates ? fmt::format("{:g} to {:g}, {:.1f} decades{}; best {:g}", rates->low, rates->high, rates->decades(),
                             rates->is_open ? " or more" : "", rates->best)
               : "unknown"});
  }
}

Judgement judge(const PartStudies& studies) {
  Judgement judgement;
  std::vector<std::vector<Holds>> by_default(std::size(kDefaults));
  std::vector<std::vector<std::string>> texts(std::size(kDefaults));
  const double error = 0.05 / static_cast<double>(std::size(kSettings) * std::size(kDefaults));
  for (const Setting& setting : kSettings) {
    const std::optional<Summary> tuned = summary_of(studies, tuned_part(setting)),
                                 untuned = summary_of(studies, default_part(setting));
    if (tuned) {
      const Competitor* best = find_competitor(*tuned, kRmsprop);
      judgement.rows.push_back({fmt::format("{}: rmsprop, tuned", setting.title), test_text(best, tuned->metric())});
    }
    for (std::size_t i = 0; i < std::size(kDefaults); ++i) {
      std::string text = "was not run";
      Holds holds = Holds::cannot_tell;
      if (tuned && untuned) {
        const Competitor* rule = find_competitor(*untuned, kDefaults[i].optimizer, false);
        holds = costs_nothing(find_competitor(*tuned, kRmsprop), rule, tuned->metric(), error, text);
        judgement.rows.push_back(
            {fmt::format("{}: {}", setting.title, kDefaults[i].label), test_text(rule, untuned->metric())});
      }
      by_default[i].push_back(holds);
      texts[i].push_back(fmt::format("{}: {}", setting.title, text));
    }
    if (tuned) add_widths(setting, *tuned, judgement.rows);
  }
  // One task on which a default costs more is enough against it; for it, all have to show that it does not.
  std::vector<Holds> defaults;
  for (const std::vector<Holds>& tasks : by_default) {
    const auto has = [&](Holds holds) { return std::ranges::find(tasks, holds) != tasks.end(); };
    defaults.push_back(has(Holds::no) ? Holds::no : has(Holds::cannot_tell) ? Holds::cannot_tell : Holds::yes);
  }
  judgement.holds =
      std::ranges::find(defaults, Holds::cannot_tell) != defaults.end() ? Holds::cannot_tell : together(defaults);
  for (std::size_t i = 0; i < std::size(kDefaults); ++i) {
    const char* const what = defaults[i] == Holds::yes  ? "was within 1 point (2 %) of the tuned rate on every task"
                             : defaults[i] == Holds::no ? "lost more than 1 point (2 %) on at least one task"
                                                        : "cannot be told to be within 1 point (2 %) on every task";
    const char* const space = i > 0 ? " " : "";
    judgement.sentence += fmt::format("{}{} {}.", space, kDefaults[i].label, what);
    judgement.detail +=
        fmt::format("{}{} against tuned RMSprop: {}.", space, kDefaults[i].label, fmt::join(texts[i], "; "));
  }
  return judgement;
}

}  // namespace

Claim tuning_claim(bool quick) {
  Claim claim{.name = "tuning",
              .text = "RMSprop needs no tuning",
              .experiment =
                  "three tasks; what RMSprop reaches with the default options of PyTorch and of Keras, and "
                  "with a tuned rate",
              .parts = {},
              .judge = judge};
  for (const Setting& setting : kSettings) add_parts(setting, quick, claim.parts);
  return claim;
}

}  // namespace thalweg::lab

// Claim: adaptive learning rates solve vanishing and exploding gradients.
#include "page/text.h"
#include "suites/chain.h"
#include "suites/evidence.h"
#include "suites/experiments.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

namespace thalweg::lab {
namespace {

constexpr const char *kDeep = "gradients-deep-sigmoid", *kShallow = "gradients-shallow-sigmoid",
                     *kNormed = "gradients-deep-batch-norm";
constexpr double kRoom = 0.02;  // so near to a network without the trouble is no trouble any more
constexpr std::int64_t kWidth = 64;
constexpr std::size_t kDepth = 8;

SuitePart network(const char* name, const char* question, std::size_t depth, const char* activation, bool batch_norm,
                  bool quick) {
  CompareConfig config = base_config({kRmsprop, kAdam, kSgd}, {3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1}, 6);
  config.training.network.dense.assign(depth, kWidth);
  config.training.network.activation = activation;
  config.training.network.batch_norm = batch_norm;
  return part_of(name, question, std::move(config), quick);
}

enum class Reach { there, short_of, unclear };

/// Does this optimizer bring the deep sigmoid network to where it brings one of the others?
Reach reach_of(const Competitor* deep, const std::vector<const Competitor*>& references, double error) {
  if (deep == nullptr) return Reach::unclear;
  bool all_short = true;
  for (const Competitor* reference : references) {
    if (reference == nullptr) return Reach::unclear;
    const Comparison gap = compare_two(deep->test, reference->test, error);
    if (gap.verdict == Verdict::too_few_seeds) return Reach::unclear;
    if (gap.interval.low > -kRoom) return Reach::there;
    if (gap.interval.high >= -kRoom) all_short = false;
  }
  return all_short ? Reach::short_of : Reach::unclear;
}

Judgement judge_vanishing(const PartStudies& studies) {
  Judgement judgement;
  const std::optional<Summary> deep = summary_of(studies, kDeep), shallow = summary_of(studies, kShallow),
                               normed = summary_of(studies, kNormed);
  if (!deep || !shallow || !normed) {
    judgement.sentence = "The trainings were not all run.";
    return judgement;
  }
  const Metric& metric = deep->metric();
  std::vector<Reach> reaches;
  std::vector<std::string> texts;
  for (const char* optimizer : {kRmsprop, kAdam, kSgd}) {
    const Competitor *of_deep = find_competitor(*deep, optimizer), *of_shallow = find_competitor(*shallow, optimizer),
                     *of_normed = find_competitor(*normed, optimizer);
    judgement.rows.push_back({fmt::format("{}, {} sigmoid layers", optimizer, kDepth), test_text(of_deep, metric)});
    judgement.rows.push_back({fmt::format("{}, 1 sigmoid layer", optimizer), test_text(of_shallow, metric)});
    judgement.rows.push_back(
        {fmt::format("{}, {} ReLU layers, batch norm", optimizer, kDepth), test_text(of_normed, metric)});
    const auto mean = [&](const Competitor* competitor) {
      return competitor != nullptr && competitor->mean ? value_text(metric, *competitor->mean) : "unknown";
    };
    texts.push_back(fmt::format("{} {} (with one layer {}, with ReLU and batch norm {})", optimizer, mean(of_deep),
                                mean(of_shallow), mean(of_normed)));
    // Two adaptive rules, two references.
    if (optimizer != kSgd) reaches.push_back(reach_of(of_deep, {of_shallow, of_normed}, 0.05 / 4));
  }
  const auto count = [&](Reach reach) { return std::ranges::count(reaches, reach); };
  std::string& sentence = judgement.sentence;
  if (count(Reach::there) > 0) {
    judgement.holds = Holds::yes;
    sentence = "An adaptive rule brought the deep sigmoid network to within 2 points of a network without its trouble.";
  } else if (count(Reach::short_of) == std::ssize(reaches)) {
    judgement.holds = Holds::no;
    sentence = "No adaptive rule brought the deep sigmoid network to within 2 points of a network without its trouble.";
  } else {
    sentence =
        "It cannot be told whether an adaptive rule brings the deep sigmoid network to within 2 points of a "
        "network without its trouble.";
  }
  judgement.detail = fmt::format("In {} {} sigmoid layers reached {}.",
                                 lab::count(static_cast<std::size_t>(deep->training.stop.epochs), "epoch"), kDepth,
                                 fmt::join(texts, ", "));
  const Competitor *rmsprop = find_competitor(*deep, kRmsprop), *sgd = find_competitor(*deep, kSgd);
  if (rmsprop != nullptr && sgd != nullptr && judgement.holds == Holds::no) {
    const Comparison help = compare_two(rmsprop->test, sgd->test, 0.05);
    if (help.verdict == Verdict::first_better)
      judgement.detail +=
          fmt::format(" RMSprop helps: it is {} ahead of SGD with momentum.", difference_text(metric, help.difference));
  }
  return judgement;
}

Judgement judge(const PartStudies& studies) {
  Judgement result = judge_vanishing(studies);
  const std::vector<ChainRun> runs = chain_runs();
  const Judgement vanishing = judge_chain(runs, true), exploding = judge_chain(runs, false);
  // The trainings decide on vanishing gradients; the chain says from where on nothing is left to rescale.
  if (result.holds != Holds::cannot_tell) result.holds = together({result.holds, exploding.holds});
  if (exploding.holds != Holds::cannot_tell) {
    result.sentence += fmt::format(" Where gradients explode, {} arrived from every start at which they are finite.",
                                   exploding.holds == Holds::yes ? "one" : "none");
  }
  result.detail += fmt::format("{}{}. {}.", result.detail.empty() ? "" : " ", vanishing.sentence, exploding.sentence);
  for (const Judgement* chain : {&vanishing, &exploding})
    result.rows.insert(result.rows.end(), chain->rows.begin(), chain->rows.end());
  return result;
}

}  // namespace

Claim gradients_claim(bool quick) {
  return {.name = "gradients",
          .text = "Adaptive learning rates solve vanishing and exploding gradients",
          .experiment =
              "a network of 8 sigmoid layers, beside one of a single such layer and one of 8 ReLU layers with "
              "batch norm, each optimizer tuned on each; and a chain of 30 weights in single precision from "
              "starts at which gradients vanish or explode",
          .parts = {network(kDeep, "Do adaptive rules train a deep sigmoid network?", kDepth, "sigmoid", false, quick),
                    network(kShallow, "What does one sigmoid layer reach?", 1, "sigmoid", false, quick),
                    network(kNormed, "What does the same depth reach with ReLU and batch norm?", kDepth, "relu", true,
                            quick)},
          .judge = judge};
}

}  // namespace thalweg::lab

// Effects of columns: shuffles one after the other.
#include "training/column_effects.h"

#include "data/table_plan.h"
#include "study/statistics.h"
#include "training/batch.h"

#include <thalweg/random.h>

#include <c10/core/InferenceMode.h>
#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace thalweg::lab {
namespace {

constexpr std::int64_t kBatch = 250;

/// A column of the table, and where it is in the inputs: number of the input, number of its column.
struct Place {
  std::string name;
  std::vector<std::pair<std::size_t, std::int64_t>> at;
};

std::vector<Place> places(const Dataset& dataset) {
  if (!dataset.schema.is_object() || !dataset.schema.contains("numeric") || dataset.in_order) return {};
  const TablePlan plan = table_plan_of(dataset.schema);
  std::vector<Place> all;
  for (std::size_t input = 0; input < dataset.inputs.size(); ++input) {
    const InputKind kind = dataset.inputs[input].kind;
    if (kind != InputKind::numbers && kind != InputKind::categories) return {};
    if (kind == InputKind::categories) {
      for (std::size_t i = 0; i < plan.categories.size(); ++i)
        all.push_back({plan.categories[i], {{input, static_cast<std::int64_t>(i)}}});
      continue;
    }
    for (std::size_t i = 0; i < plan.numeric.size(); ++i) {
      Place place{plan.numeric[i], {{input, static_cast<std::int64_t>(i)}}};
      const auto gap = std::ranges::find(plan.with_gaps, place.name);
      if (gap != plan.with_gaps.end())
        place.at.emplace_back(input, std::ssize(plan.numeric) + (gap - plan.with_gaps.begin()));
      all.push_back(std::move(place));
    }
  }
  return all;
}

/// The examples, in memory as a model takes them.
class Loaded {
 public:
  Loaded(Model& model, const Objective& objective, const Dataset& dataset, std::span<const std::int64_t> examples,
         const Scaling& scaling)
      : model_(model), objective_(objective), batch_(dataset, std::ssize(examples)) {
    batch_.load(dataset, examples, scaling);
  }

  MetricValues values() const {
    Tally tally;
    for (std::int64_t begin = 0; begin < batch_.size; begin += kBatch) {
      const std::int64_t size = std::min(kBatch, batch_.size - begin);
      std::vector<torch::Tensor> inputs;
      for (const torch::Tensor& input : batch_.inputs) inputs.push_back(input.narrow(0, begin, size));
      tally += objective_.score(model_.forward(inputs).contiguous(), batch_.target.narrow(0, begin, size), nullptr,
                                /*ranked=*/true);
    }
    return objective_.values(tally);
  }

  /// The metrics with the column in this order of rows; it is back in its own afterwards.
  MetricValues shuffled(const Place& place, const torch::Tensor& order) {
    std::vector<torch::Tensor> before;
    for (const auto& [input, column] : place.at) {
      torch::Tensor values = batch_.inputs[input].select(1, column);
      before.push_back(values.clone());
      values.copy_(before.back().index_select(0, order));
    }
    MetricValues result = values();
    for (std::size_t i = 0; i < place.at.size(); ++i)
      batch_.inputs[place.at[i].first].select(1, place.at[i].second).copy_(before[i]);
    return result;
  }

 private:
  Model& model_;
  const Objective& objective_;
  Batch batch_;
};

std::vector<std::int64_t> evenly(std::span<const std::int64_t> examples, std::int64_t most) {
  const auto size = std::ssize(examples), kept = std::min(size, most);
  std::vector<std::int64_t> chosen;
  for (std::int64_t i = 0; i < kept; ++i) chosen.push_back(examples[static_cast<std::size_t>(i * size / kept)]);
  return chosen;
}

torch::Tensor order_of(std::int64_t size, const Random& random) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(size));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  random.shuffle(order);
  return torch::tensor(order, torch::kInt64);
}

}  // namespace

std::optional<ColumnEffects> column_effects(Model& model, const Objective& objective, const Dataset& dataset,
                                            std::span<const std::int64_t> examples, const Scaling& scaling,
                                            std::uint64_t seed) {
  const std::vector<Place> columns = places(dataset);
  if (columns.empty() || std::ssize(columns) > kMostColumns || examples.size() < 2) return std::nullopt;
  const c10::InferenceMode without_autograd;
  const bool was_training = model.is_training();
  model.eval();
  const std::vector<std::int64_t> chosen =
      evenly(examples, std::max(kLeastShuffled, kMostShuffled / (std::ssize(columns) * kShuffles)));
  Loaded loaded(model, objective, dataset, chosen, scaling);
  const MetricValues before = loaded.values();
  ColumnEffects effects{
      .metric = before.contains("auc") ? "auc" : "loss", .examples = std::ssize(chosen), .shuffles = kShuffles};
  effects.unshuffled = before.at(effects.metric);
  const double sign = find_metric(effects.metric).better == Better::higher ? 1 : -1;
  for (const Place& place : columns) {
    std::vector<double> worse;
    for (std::int64_t k = 1; k <= kShuffles; ++k) {
      const Random random(seed, RandomPurpose::bootstrap, "effect of column " + place.name,
                          static_cast<std::uint32_t>(k));
      const MetricValues after = loaded.shuffled(place, order_of(std::ssize(chosen), random));
      worse.push_back(sign * (effects.unshuffled - after.at(effects.metric)));
    }
    if (!std::ranges::all_of(worse, [](double each) { return std::isfinite(each); })) continue;
    effects.columns.push_back({.column = place.name, .mean = mean(worse), .sd = sample_sd(worse)});
  }
  model.train(was_training);
  std::ranges::stable_sort(effects.columns, std::ranges::greater{}, &ColumnEffect::mean);
  return effects;
}

}  // namespace thalweg::lab

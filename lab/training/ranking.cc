// What a model recommends, judged: rankings of users' unseen items, and simple rivals beside it.
#include "training/ranking.h"

#include "training/each_rating.h"

#include "data/ratings_dataset.h"
#include "models/factorization.h"

#include <thalweg/error.h>
#include <thalweg/random.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>

namespace thalweg::lab {
namespace {

constexpr std::size_t kUsers = 256;  // whose scores are computed at once
constexpr double kDamping = 5;

const Factorization& ranking_model(const Model& model) {
  const auto* const found = dynamic_cast<const Factorization*>(&model);
  if (found == nullptr) throw Error("this model cannot rank items");
  return *found;
}

}  // namespace

bool can_rank(const Model& model) { return dynamic_cast<const Factorization*>(&model) != nullptr; }

Ranker::Ranker(const Dataset& dataset, const Scaling& scaling, std::span<const std::int64_t> seen,
               std::span<const std::int64_t> asked, std::size_t most, std::uint64_t split_seed)
    : seen_(dataset, seen, scaling),
      candidates_(scaling.known.at(1).begin(), scaling.known.at(1).end()),
      counts_(static_cast<std::size_t>(dataset.inputs.front().sizes.at(1))),
      of_ratings_(!is_ranking(dataset.target)) {
  each_rating(dataset, seen, scaling,
              [&](std::int64_t, std::int64_t item, double) { ++counts_[static_cast<std::size_t>(item)]; });
  std::vector<std::int64_t> liked;
  if (of_ratings_) {
    std::size_t i = 0;
    each_rating(dataset, asked, scaling, [&](std::int64_t, std::int64_t, double target) {
      if (target > 0) liked.push_back(asked[i]);
      ++i;
    });
  }
  const Histories chosen(dataset, of_ratings_ ? std::span<const std::int64_t>(liked) : asked, scaling);
  std::vector<std::int64_t> users;
  for (const std::int64_t user : chosen.users()) {
    std::vector<std::int32_t> relevant;
    std::ranges::set_difference(chosen.of(user), seen_.of(user), std::back_inserter(relevant));
    if (!relevant.empty()) users.push_back(user);
  }
  all_users_ = users.size();
  if (users.size() > most) {
    Random(split_seed, RandomPurpose::split, "ranked users").shuffle(users);
    users.resize(most);
    std::ranges::sort(users);
  }
  users_ = std::move(users);
  for (const std::int64_t user : users_)
    std::ranges::set_difference(chosen.of(user), seen_.of(user), std::back_inserter(relevant_.emplace_back()));
}

MetricValues Ranker::values(const Model& model) const {
  const Factorization& ranks = ranking_model(model);
  RankingSums sums;
  for (std::size_t begin = 0; begin < users_.size(); begin += kUsers) {
    const std::size_t count = std::min(kUsers, users_.size() - begin);
    const std::vector<std::int64_t> some(users_.begin() + static_cast<std::ptrdiff_t>(begin),
                                         users_.begin() + static_cast<std::ptrdiff_t>(begin + count));
    const torch::Tensor scores = ranks.all_scores(torch::tensor(some, torch::kInt64)).contiguous();
    const auto items = static_cast<std::size_t>(scores.size(1));
    for (std::size_t i = 0; i < count; ++i) {
      const std::span own(scores.data_ptr<float>() + i * items, items);
      sums.add(best_items(own, candidates_, seen_.of(some[i])), relevant_[begin + i]);
    }
  }
  return sums.values();
}

MetricValues Ranker::popularity() const {
  RankingSums sums;
  for (std::size_t i = 0; i < users_.size(); ++i)
    sums.add(best_items(counts_, candidates_, seen_.of(users_[i])), relevant_[i]);
  return sums.values();
}

std::string Ranker::description() const {
  const std::string who = users_.size() < all_users_
                              ? fmt::format("{} of {} users, drawn by the split's seed", users_.size(), all_users_)
                              : fmt::format("{} users", users_.size());
  return fmt::format(
      "recall@10 and nDCG@10 are means over {}, each with those of {} items that they have not in the training "
      "part; relevant is {}",
      who, candidates_.size(), of_ratings_ ? "what they rated above the training part's mean" : "what they chose");
}

std::vector<std::int32_t> Ranker::recommend(const Model& model, std::int64_t user,
                                            std::span<const std::int32_t> candidates,
                                            std::span<const std::int32_t> without, std::vector<float>& scores) {
  const torch::Tensor all =
      ranking_model(model).all_scores(torch::tensor(std::vector{user}, torch::kInt64)).contiguous();
  scores.assign(all.data_ptr<float>(), all.data_ptr<float>() + all.numel());
  std::vector<std::int32_t> order;
  std::ranges::set_difference(candidates, without, std::back_inserter(order));
  std::ranges::stable_sort(order, std::ranges::greater{},
                           [&](std::int32_t item) { return scores[static_cast<std::size_t>(item)]; });
  return order;
}

std::vector<Baseline> rating_baselines(const Dataset& dataset, const Scaling& scaling,
                                       std::span<const std::int64_t> training, std::span<const std::int64_t> asked) {
  std::vector<double> sums(static_cast<std::size_t>(dataset.inputs.front().sizes.at(1))), counts(sums.size());
  each_rating(dataset, training, scaling, [&](std::int64_t, std::int64_t item, double target) {
    sums[static_cast<std::size_t>(item)] += target;
    ++counts[static_cast<std::size_t>(item)];
  });
  double of_mean = 0, of_items = 0;
  each_rating(dataset, asked, scaling, [&](std::int64_t, std::int64_t item, double target) {
    const auto i = static_cast<std::size_t>(item);
    of_mean += target * target;
    of_items += std::pow(target - (item == 0 ? 0 : sums[i] / (counts[i] + kDamping)), 2);
  });
  const auto rmse = [&](double squares) {
    return MetricValues{{"rmse", std::sqrt(squares / static_cast<double>(asked.size())) * scaling.target_deviation}};
  };
  return {{.name = "mean of all ratings", .values = rmse(of_mean)},
          {.name = "item mean, damped by 5 ratings", .values = rmse(of_items)}};
}

void add_recommendations(const Model& model, const Dataset& dataset, const Scaling& scaling,
                         std::span<const std::int64_t> training, std::span<const std::int64_t> seen,
                         std::span<const std::int64_t> asked, std::uint64_t split_seed, MetricValues& values,
                         Review& review) {
  if (!has_ratings(dataset)) return;
  if (!is_ranking(dataset.target)) review.baselines = rating_baselines(dataset, scaling, training, asked);
  if (!can_rank(model)) return;
  const Ranker ranker(dataset, scaling, seen, asked, kMostTested, split_seed);
  MetricValues ranked = ranker.values(model);
  if (ranked.empty()) {
    review.notes.emplace_back(
        "no recall@10 and nDCG@10: of the training part's users none has relevant items that are "
        "new to them and in the training part");
    return;
  }
  values.merge(ranked);
  review.baselines.push_back({.name = "popularity", .values = ranker.popularity()});
  review.notes.push_back(ranker.description());
}

}  // namespace thalweg::lab

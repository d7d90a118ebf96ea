// What a model recommends, judged: rankings of users' unseen items, and simple rivals beside it.
#pragma once

#include "data/dataset.h"
#include "models/model.h"
#include "training/negatives.h"
#include "training/ranking_sums.h"
#include "training/review.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace thalweg::lab {

/// Can it score all items for a user?
bool can_rank(const Model& model);

/// Rankings for users by what they chose or liked in some examples.
///
/// Candidates are all items of the training part (`scaling.known`) that the user does not have in `seen`. Relevant are
/// the candidates of the user's among the `asked` examples, and of ratings only those above the training part's mean: a
/// mean needs no scale, and of MovieLens' (3.5) leaves four stars and five. Users without any are left out, and who is
/// not in the training part. Of more than `most` users so many are drawn by the seed.
class Ranker {
 public:
  Ranker(const Dataset& dataset, const Scaling& scaling, std::span<const std::int64_t> seen,
         std::span<const std::int64_t> asked, std::size_t most, std::uint64_t split_seed);

  /// `recall@10` and `ndcg@10` of the model, which must be able to rank; empty where there is no user.
  MetricValues values(const Model& model) const;
  /// Of items by how often they are in `seen`, alike for all users.
  MetricValues popularity() const;
  /// What they are of, for people.
  std::string description() const;

  /// The candidates that the model scores highest for a user (as codes), best first, and all items' scores.
  static std::vector<std::int32_t> recommend(const Model& model, std::int64_t user,
                                             std::span<const std::int32_t> candidates,
                                             std::span<const std::int32_t> without, std::vector<float>& scores);

 private:
  Histories seen_;
  std::vector<std::int32_t> candidates_;
  std::vector<float> counts_;  // of each item in `seen`
  std::vector<std::int64_t> users_;
  std::vector<std::vector<std::int32_t>> relevant_;  // of these users
  std::size_t all_users_ = 0;
  bool of_ratings_ = false;
};

constexpr std::size_t kMostValidated = 1000;  ///< users whose rankings are made each epoch
constexpr std::size_t kMostTested = 10000;    ///< and at the end

/// Items alike for all users: the mean of the training part, and each item's mean, drawn towards it as if 5 ratings
/// more were equal to it (damping, Funk 2006). RMSE on the asked examples, in the ratings' units.
std::vector<Baseline> rating_baselines(const Dataset& dataset, const Scaling& scaling,
                                       std::span<const std::int64_t> training, std::span<const std::int64_t> asked);

/// Adds what is told of recommendations beside the task's own metrics: to `values`, and baselines and notes to
/// `review`. Nothing for what are no ratings, and no rankings where the model cannot make them. `training` and what it
/// is measured beside (`seen`) are left out of the rankings.
void add_recommendations(const Model& model, const Dataset& dataset, const Scaling& scaling,
                         std::span<const std::int64_t> training, std::span<const std::int64_t> seen,
                         std::span<const std::int64_t> asked, std::uint64_t split_seed, MetricValues& values,
                         Review& review);

}  // namespace thalweg::lab

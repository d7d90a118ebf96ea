// Generated ratings: of a matrix of known rank, with known noise, given to items that users like to choose.
#pragma once

#include "data/generators.h"
#include "data/table.h"

#include <cstdint>
#include <vector>

namespace thalweg::lab {

/// The ratings without their noise: 3.5 + b_u + b_i + p_u · q_i. Biases are normal with deviation 0.3; the entries of p
/// and q are normal, so that p · q has deviation 0.8, whatever the rank.
class RatingsTruth {
 public:
  explicit RatingsTruth(const GeneratorOptions& options);
  /// Of user and item, from 0.
  double operator()(std::int64_t user, std::int64_t item) const;
  /// p_u · q_i alone.
  double affinity(std::int64_t user, std::int64_t item) const;

 private:
  std::size_t rank_;
  std::vector<double> user_bias_, item_bias_, p_, q_;
};

/// Columns user, item (ids from 1), rating and time (the row's number). Rows come in time: a user is drawn, more
/// often those with small ids; then items, more often those with small ids, until one is taken, which has the
/// probability 1 / (1 + exp(−2 p · q)) and was not rated by the user before: choices say what users like. Noise is
/// normal. Nobody rates more than half of all items. Throws thalweg::Error for more rows than a quarter of users ×
/// items, and for more than 4e9 of these.
DataTable make_ratings(const GeneratorOptions& options);

}  // namespace thalweg::lab

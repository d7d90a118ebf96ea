// Reviewer: watches an evaluation and makes a review of it.
#pragma once

#include "data/dataset.h"
#include "models/model.h"
#include "tasks/objective.h"
#include "training/negatives.h"
#include "training/review.h"

#include <torch/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace thalweg::lab {

/// Sees the outputs of an evaluation in the order of its examples; all it is given must outlive it.
class Reviewer {
 public:
  /// `examples`: how many there will be.
  Reviewer(const Dataset& dataset, const Scaling& scaling, const Objective& objective, std::size_t examples);

  /// A batch of them: an OutputSink.
  void see(std::span<const std::int64_t> examples, const torch::Tensor& outputs, const torch::Tensor& target);

  /// When all were seen; without what a model of characters writes behind the prompt.
  Review review();

 private:
  struct Seen {  // a miss, and how bad it is
    double badness;
    std::int64_t example;
    Miss miss;
  };

  void see_labels(std::span<const std::int64_t> examples, const torch::Tensor& target, const Predictions& predictions);
  void see_numbers(std::span<const std::int64_t> examples, const torch::Tensor& target, const Predictions& predictions);
  void keep(Seen seen);

  const Dataset& dataset_;
  const Scaling& scaling_;
  const Objective& objective_;
  std::int64_t every_;  // that becomes a pair
  Review review_;
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> counts_;  // by truth and prediction
  std::vector<Seen> worst_;
  std::optional<Detector> detector_;  // or none
};

/// Loss, metrics and review of a model on these examples.
struct Evaluation {
  Tally tally;
  Review review;
};
Evaluation evaluate_and_review(Model& model, const Objective& objective, const Dataset& dataset,
                               std::span<const std::int64_t> examples, const Scaling& scaling,
                               const Negatives* negatives = nullptr);

}  // namespace thalweg::lab

// Made-up studies of two classes of a table.
#include "report/credit_samples.h"

#include "report/samples.h"
#include "risk/risk.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace thalweg::lab::samples {
namespace {

/// Probabilities that are about right; every `k`-th number of a sequence that fills (0, 1) evenly.
Scored scored(std::size_t examples, double start) {
  Scored result;
  for (std::size_t i = 0; i < examples; ++i) {
    const auto at = static_cast<double>(i) + start;
    const double p = std::pow(std::fmod(at * 0.6180339887, 1), 2);
    result.probabilities.push_back(p);
    result.positive.push_back(std::fmod(at * 0.7548776662, 1) < p ? 1 : 0);
  }
  return result;
}

Review review_of(double start) {
  const char* const hostile = "b<script>document.documentElement.dataset.owned=1</script>\"'&ad";
  Review review{.examples = 400, .classes = {"good", hostile}};
  const Scored examples = scored(400, start);
  review.risk = review_risk(examples, hostile);
  const Costs costs{5, 1};
  review.risk->cost = review_costs(examples, costs, cheapest(scored(300, start + 0.5), costs));
  const Decided half = review.risk->cost->half;
  review.confusions = {{0, 0, half.true_negatives},
                       {0, 1, half.false_positives},
                       {1, 0, half.false_negatives},
                       {1, 1, half.true_positives}};
  review.effects = ColumnEffects{.metric = "auc", .unshuffled = 0.81, .examples = 400, .shuffles = 5};
  review.effects->columns = {{hostile, 0.08, 0.01},
                             {"checking_status", 0.03 + start / 1000, 0.004},
                             {"a_column_with_a_very_long_name_that_no_phone_has_room_for", 0.004, 0.002},
                             {"age", -0.001, 0.002}};
  review.drift = Drift{.training = 800, .test = 400};
  review.drift->columns = {{.column = hostile, .test = "ks", .statistic = 0.3, .p = 1e-9, .index = 0.31},
                           {.column = "checking_status",
                            .test = "chi_square",
                            .statistic = 2.5,
                            .p = 0.4,
                            .index = 0.01,
                            .missing_training = 0.1,
                            .missing_test = 0.3,
                            .missing_p = 1e-4,
                            .unknown_test = 0.02,
                            .unknown = {hostile, "new"}},
                           {.column = "class", .is_target = true, .test = "chi_square", .p = 0.9}};
  return review;
}

}  // namespace

StudyData credit_study(std::size_t folds) {
  StudyData study = train_study();
  const TrialData one = study.trials.back();
  study.trials.clear();
  for (std::size_t fold = 1; fold <= std::max<std::size_t>(folds, 1); ++fold) {
    TrialData trial = one;
    trial.id = static_cast<std::int64_t>(fold);
    trial.config.model = "tabular";
    trial.config.data = "german-credit:german.data";
    trial.config.cost = "5:1";
    trial.config.seed = fold;
    trial.config.folds = static_cast<std::int64_t>(folds);
    trial.config.fold = folds > 0 ? static_cast<std::int64_t>(fold) : 0;
    trial.result->review = review_of(static_cast<double>(fold));
    study.trials.push_back(trial);
  }
  return study;
}

}  // namespace thalweg::lab::samples

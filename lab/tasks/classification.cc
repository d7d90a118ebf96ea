// classification: one label out of several classes, by the cross-entropy of their logits.
#include "tasks/auc.h"
#include "tasks/cross_entropy.h"
#include "tasks/entries.h"
#include "tasks/objective.h"

#include <utility>

namespace thalweg::lab {
namespace {

/// Its sums: hits, and the weights that the loss is the mean by.
class Classification : public Objective {
 public:
  Classification(std::int64_t classes, std::vector<float> weights) : classes_(classes), weights_(std::move(weights)) {}

  std::int64_t outputs() const override { return classes_; }

  Tally score(const torch::Tensor& outputs, const torch::Tensor& target, torch::Tensor* gradient,
              bool ranked) const override {
    const CrossEntropy sums = cross_entropy(outputs, target, gradient, weights_);
    const std::int64_t rows = target.numel();
    // A mean over rows as over weights, so that batches add up.
    const double per_weight = sums.weight > 0 ? static_cast<double>(rows) / sums.weight : 0;
    Tally tally{.loss = sums.loss * per_weight, .examples = rows, .sums = {static_cast<double>(sums.correct)}};
    if (ranked && classes_ == 2) rank(outputs, target, tally);
    return tally;
  }

  MetricValues values(const Tally& tally) const override {
    MetricValues values{{"loss", tally.mean_loss()}};
    if (tally.examples > 0) values["accuracy"] = tally.sums.front() / static_cast<double>(tally.examples);
    if (const std::optional<double> auc = area_under_curve(tally.scores, tally.positive)) values["auc"] = *auc;
    return values;
  }

  void predict(const torch::Tensor& outputs, Predictions& predictions) const override {
    add_predictions(outputs, classes_, predictions);
  }

 private:
  static void rank(const torch::Tensor& outputs, const torch::Tensor& target, Tally& tally) {
    const float* logits = outputs.data_ptr<float>();
    const std::int64_t* label = target.data_ptr<std::int64_t>();
    for (std::int64_t i = 0; i < target.numel(); ++i, logits += 2) {
      tally.scores.push_back(logits[1] - logits[0]);
      tally.positive.push_back(label[i] == 1 ? 1 : 0);
    }
  }

  std::int64_t classes_;
  std::vector<float> weights_;
};

}  // namespace

Task classification_task() {
  return {.name = "classification",
          .loss = "cross-entropy (nats)",
          .metrics = {"accuracy", "auc"},
          .example = "example",
          .target = TargetKind::label,
          .objective = [](const Target& target, const ObjectiveOptions& options) -> std::unique_ptr<Objective> {
            return std::make_unique<Classification>(target.classes, options.class_weights);
          }};
}

}  // namespace thalweg::lab

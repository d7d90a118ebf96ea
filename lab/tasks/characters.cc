// characters: at each position of a text the character that follows, by cross-entropy.
#include "tasks/cross_entropy.h"
#include "tasks/entries.h"
#include "tasks/objective.h"

#include <numbers>

namespace thalweg::lab {
namespace {

/// Its sums: hits.
class Characters : public Objective {
 public:
  explicit Characters(std::int64_t classes) : classes_(classes) {}

  std::int64_t outputs() const override { return classes_; }

  Tally score(const torch::Tensor& outputs, const torch::Tensor& target, torch::Tensor* gradient,
              bool /*ranked*/) const override {
    const CrossEntropy sums = cross_entropy(outputs, target, gradient);
    return {.loss = sums.loss, .examples = target.numel(), .sums = {static_cast<double>(sums.correct)}};
  }

  MetricValues values(const Tally& tally) const override {
    MetricValues values{{"loss", tally.mean_loss()}, {"bits_per_character", tally.mean_loss() / std::numbers::ln2}};
    if (tally.examples > 0) values["accuracy"] = tally.sums.front() / static_cast<double>(tally.examples);
    return values;
  }

  void predict(const torch::Tensor& outputs, Predictions& predictions) const override {
    add_predictions(outputs, classes_, predictions);
  }

 private:
  std::int64_t classes_;
};

}  // namespace

Task characters_task() {
  return {.name = "characters",
          .loss = "cross-entropy (nats)",
          .metrics = {"bits_per_character", "accuracy"},
          .example = "character",
          .target = TargetKind::characters,
          .objective = [](const Target& target, const ObjectiveOptions&) -> std::unique_ptr<Objective> {
            return std::make_unique<Characters>(target.classes);
          }};
}

}  // namespace thalweg::lab

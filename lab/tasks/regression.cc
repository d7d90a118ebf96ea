// regression: a real number, by the squared error of the scaled target.
#include "tasks/entries.h"
#include "tasks/objective.h"

#include <cmath>

namespace thalweg::lab {
namespace {

/// Its sums, of scaled targets y and errors e: e², |e|, y, y². Metrics are in the target's own units.
class Regression : public Objective {
 public:
  Regression(double mean, double deviation) : mean_(mean), deviation_(deviation) {}

  std::int64_t outputs() const override { return 1; }

  Tally score(const torch::Tensor& outputs, const torch::Tensor& target, torch::Tensor* gradient,
              bool /*ranked*/) const override {
    const std::int64_t rows = target.numel();
    const float* prediction = outputs.data_ptr<float>();
    const float* truth = target.data_ptr<float>();
    float* g = gradient != nullptr ? gradient->data_ptr<float>() : nullptr;
    const float per_row = 2 / static_cast<float>(rows);
    double squares = 0, distances = 0, sum = 0, sum_of_squares = 0;
    for (std::int64_t i = 0; i < rows; ++i) {
      const float error = prediction[i] - truth[i];
      if (g != nullptr) g[i] = error * per_row;
      const double e = error, y = truth[i];
      squares += e * e;
      distances += std::abs(e);
      sum += y;
      sum_of_squares += y * y;
    }
    return {.loss = squares, .examples = rows, .sums = {squares, distances, sum, sum_of_squares}};
  }

  MetricValues values(const Tally& tally) const override {
    MetricValues values{{"loss", tally.mean_loss()}};
    if (tally.examples == 0) return values;
    const auto count = static_cast<double>(tally.examples);
    const double squares = tally.sums[0], spread = tally.sums[3] - tally.sums[2] * tally.sums[2] / count;
    values["rmse"] = std::sqrt(squares / count) * deviation_;
    values["mae"] = tally.sums[1] / count * deviation_;
    // Rounding leaves some of it where all targets are equal.
    if (spread > 1e-9 * tally.sums[3]) values["r2"] = 1 - squares / spread;
    return values;
  }

  void predict(const torch::Tensor& outputs, Predictions& predictions) const override {
    const float* output = outputs.data_ptr<float>();
    for (std::int64_t i = 0; i < outputs.numel(); ++i)
      predictions.numbers.push_back(mean_ + static_cast<double>(output[i]) * deviation_);
  }

 private:
  double mean_, deviation_;
};

}  // namespace

Task regression_task() {
  return {.name = "regression",
          .loss = "mean squared error (scaled)",
          .metrics = {"rmse", "mae", "r2"},
          .example = "example",
          .target = TargetKind::number,
          .objective = [](const Target&, const ObjectiveOptions& options) -> std::unique_ptr<Objective> {
            return std::make_unique<Regression>(options.target_mean, options.target_deviation);
          }};
}

Task rating_task() {
  Task task = regression_task();
  task.name = "rating";
  task.metrics = {"rmse", "mae", "recall@10", "ndcg@10"};  // the last two of the test part, by training/ranking.h
  task.example = "rating";
  return task;
}

}  // namespace thalweg::lab

// Tasks: losses with their gradients, metrics against plain loops, and values for people.
#include "tasks/auc.h"
#include "tasks/objective.h"
#include "tasks/task.h"

#include "error_of.h"

#include <thalweg/error.h>

#include <gmock/gmock.h>
#include <torch/nn/functional/loss.h>
#include <torch/utils.h>

#include <cmath>
#include <limits>

namespace thalweg::lab {
namespace {

using ::testing::HasSubstr;

std::unique_ptr<Objective> objective_of(const Target& target, const ObjectiveOptions& options = {}) {
  return task_of(target).objective(target, options);
}

/// Scores in batches of 7 as all at once: sums add up.
Tally in_batches(const Objective& objective, const torch::Tensor& outputs, const torch::Tensor& target) {
  Tally tally;
  for (std::int64_t begin = 0; begin < outputs.size(0); begin += 7) {
    const std::int64_t end = std::min(begin + 7, outputs.size(0));
    tally += objective.score(outputs.slice(0, begin, end).contiguous(), target.slice(0, begin, end).contiguous(),
                             nullptr, true);
  }
  return tally;
}

TEST(Tasks, AreFoundByNameAndByTarget) {
  EXPECT_EQ(find_task("regression").primary().name, "rmse");
  EXPECT_EQ(task_of({.kind = TargetKind::label}).name, "classification");
  EXPECT_EQ(task_of({.kind = TargetKind::characters}).primary().name, "bits_per_character");
  EXPECT_THAT(tests::error_of([] { find_task("regresion"); }), HasSubstr("regression"));
  EXPECT_THAT(tests::error_of([] { find_metric("acuracy"); }), HasSubstr("accuracy"));
  for (const Task& task : tasks())
    for (const std::string& metric : task.metrics) EXPECT_EQ(find_metric(metric).name, metric);
}

TEST(Regression, LossGradientAndMetricsAreThoseOfPlainLoops) {
  torch::manual_seed(4);
  const auto objective = objective_of({.kind = TargetKind::number}, {.target_mean = 50, .target_deviation = 8});
  torch::Tensor outputs = torch::randn({31, 1}).set_requires_grad(true);
  const torch::Tensor target = torch::randn({31});
  torch::Tensor gradient = torch::empty({31, 1});
  const Tally tally = objective->score(outputs.detach(), target, &gradient);
  const torch::Tensor loss = torch::mse_loss(outputs.flatten(), target);
  loss.backward();
  EXPECT_NEAR(tally.mean_loss(), loss.item().toDouble(), 1e-6);
  EXPECT_TRUE(torch::allclose(gradient, outputs.grad(), 1e-5, 1e-7));

  const auto p = outputs.detach().flatten().to(torch::kFloat64), y = target.to(torch::kFloat64);
  const double rmse = 8 * std::sqrt((p - y).square().mean().item().toDouble());
  const double r2 = 1 - (p - y).square().sum().item().toDouble() / (y - y.mean()).square().sum().item().toDouble();
  for (const Tally& each : {tally, in_batches(*objective, outputs.detach(), target)}) {
    const MetricValues values = objective->values(each);
    EXPECT_NEAR(values.at("rmse"), rmse, 1e-5);
    EXPECT_NEAR(values.at("mae"), 8 * (p - y).abs().mean().item().toDouble(), 1e-5);
    EXPECT_NEAR(values.at("r2"), r2, 1e-6);
  }
  Predictions predictions;
  objective->predict(outputs.detach(), predictions);
  EXPECT_NEAR(predictions.numbers.at(3), 50 + 8 * p[3].item().toDouble(), 1e-5);
}

TEST(Regression, EqualTargetsHaveNoShareExplained) {
  const auto objective = objective_of({.kind = TargetKind::number});
  const MetricValues values =
      objective->values(objective->score(torch::randn({5, 1}), torch::full({5}, 0.3f), nullptr));
  EXPECT_FALSE(values.contains("r2"));
  EXPECT_TRUE(values.contains("rmse"));
}

TEST(Classification, AucIsTheShareOfPairsInOrder) {
  torch::manual_seed(5);
  const auto objective = objective_of({.kind = TargetKind::label, .classes = 2});
  const torch::Tensor outputs = (torch::randn({60, 2}) * 2).round();  // with ties
  const torch::Tensor target = torch::randint(0, 2, {60}, torch::kInt64);
  double right = 0, pairs = 0;
  for (std::int64_t i = 0; i < 60; ++i) {
    for (std::int64_t j = 0; j < 60; ++j) {
      if (target[i].item().toLong() != 1 || target[j].item().toLong() != 0) continue;
      const double a = (outputs[i][1] - outputs[i][0]).item().toDouble();
      const double b = (outputs[j][1] - outputs[j][0]).item().toDouble();
      right += a > b ? 1 : a == b ? 0.5 : 0;
      ++pairs;
    }
  }
  const MetricValues values = objective->values(in_batches(*objective, outputs, target));
  EXPECT_NEAR(values.at("auc"), right / pairs, 1e-12);
  EXPECT_FALSE(objective->values(objective->score(outputs, target, nullptr)).contains("auc")) << "was not asked for";
}

TEST(Auc, HasNoValueWithoutBothKindsOrWithNaN) {
  const std::vector<float> scores{0.1f, 0.4f};
  EXPECT_EQ(area_under_curve(scores, std::vector<char>{0, 1}), 1.0);
  EXPECT_EQ(area_under_curve(scores, std::vector<char>{1, 0}), 0.0);
  EXPECT_FALSE(area_under_curve(scores, std::vector<char>{1, 1}));
  EXPECT_FALSE(area_under_curve({}, {}));
  EXPECT_FALSE(area_under_curve(std::vector<float>{std::nanf(""), 1}, std::vector<char>{0, 1}));
}

TEST(Classification, WeightsAreLibTorchs) {
  torch::manual_seed(6);
  const auto objective = objective_of({.kind = TargetKind::label, .classes = 3}, {.class_weights = {1, 4, 0.5f}});
  torch::Tensor outputs = torch::randn({20, 3}).set_requires_grad(true);
  const torch::Tensor target = torch::randint(0, 3, {20}, torch::kInt64);
  torch::Tensor gradient = torch::empty({20, 3});
  const Tally tally = objective->score(outputs.detach(), target, &gradient);
  const torch::Tensor loss = torch::nn::functional::cross_entropy(
      outputs, target, torch::nn::functional::CrossEntropyFuncOptions().weight(torch::tensor({1.0f, 4.0f, 0.5f})));
  loss.backward();
  EXPECT_NEAR(tally.mean_loss(), loss.item().toDouble(), 1e-5);
  EXPECT_TRUE(torch::allclose(gradient, outputs.grad(), 1e-4, 1e-7));
}

TEST(Characters, CountEveryPosition) {
  const auto objective = objective_of({.kind = TargetKind::characters, .classes = 4, .length = 5});
  torch::Tensor outputs = torch::zeros({2, 5, 4}), gradient = torch::empty({2, 5, 4});
  const torch::Tensor target = torch::zeros({2, 5}, torch::kInt64);
  const Tally tally = objective->score(outputs, target, &gradient);
  EXPECT_EQ(tally.examples, 10);
  EXPECT_NEAR(objective->values(tally).at("bits_per_character"), 2, 1e-6) << "four characters, equally likely";
  EXPECT_NEAR(gradient.sum().item().toDouble(), 0, 1e-6);
}

TEST(Metrics, AreWrittenInTheirUnits) {
  const Metric &accuracy = find_metric("accuracy"), &rmse = find_metric("rmse");
  EXPECT_EQ(value_text(accuracy, 0.89234), "89.23\u00A0%");
  EXPECT_EQ(difference_text(accuracy, -0.0026), "0.26 points");
  EXPECT_EQ(signed_text(accuracy, -0.013), "−1.30");
  EXPECT_EQ(value_text(rmse, 53.4812), "53.48");
  EXPECT_EQ(signed_text(rmse, 0.0123456), "+0.01235");
  EXPECT_EQ(value_text(rmse, std::numeric_limits<double>::infinity()), "∞");
  EXPECT_TRUE(rmse.is_better(1, 2));
  EXPECT_TRUE(accuracy.is_better(2, 1));
  EXPECT_TRUE(rmse.reaches(1, 1));
  EXPECT_FALSE(rmse.reaches(1.5, 1));
  EXPECT_FALSE(rmse.is_better(rmse.worst(), 1e300));
}

}  // namespace
}  // namespace thalweg::lab

// Tests of reviews: what is counted, kept and written, against the predictions themselves.
#include "training/review.h"

#include "data/dataset.h"
#include "models/model.h"
#include "tasks/objective.h"
#include "tasks/task.h"
#include "training/reviewer.h"
#include "training/write_text.h"

#include "error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

namespace thalweg::lab {
namespace {

using ::testing::HasSubstr;
using tests::error_of;

/// All test examples in batches, with outputs that are made up.
template <class Outputs>
Review review_of(const Dataset& dataset, std::size_t batch, const Outputs& outputs_of) {
  const Scaling scaling = dataset.examples->measure(dataset.train);
  const auto objective = task_of(dataset.target)
                             .objective(dataset.target, {.target_mean = scaling.target_mean,
                                                         .target_deviation = scaling.target_deviation});
  Reviewer reviewer(dataset, scaling, *objective, dataset.test.size());
  for (std::size_t begin = 0; begin < dataset.test.size(); begin += batch) {
    const auto part = std::span(dataset.test).subspan(begin, std::min(batch, dataset.test.size() - begin));
    const auto [outputs, target] = outputs_of(part, scaling);
    reviewer.see(part, outputs, target);
  }
  return reviewer.review();
}

TEST(Review, CountsAndWorstOfClasses) {
  const Dataset dataset = open_dataset("make:spirals,classes=3,rows=600");
  std::vector<std::int64_t> truths, predictions;
  std::vector<double> shares;
  torch::manual_seed(5);
  const Review review = review_of(dataset, 7, [&](auto part, const Scaling&) {
    const torch::Tensor outputs = torch::randn({std::ssize(part), 3}),
                        target = torch::empty({std::ssize(part)}, torch::kInt64);
    const torch::Tensor probabilities = torch::softmax(outputs, 1);
    for (std::int64_t i = 0; i < std::ssize(part); ++i) {
      const std::int64_t label = dataset.examples->label(part[static_cast<std::size_t>(i)]);
      target[i] = label;
      truths.push_back(label);
      predictions.push_back(outputs[i].argmax().template item<std::int64_t>());
      shares.push_back(probabilities[i][label].template item<float>());
    }
    return std::pair(outputs, target);
  });
  ASSERT_EQ(review.examples, std::ssize(truths));
  ASSERT_EQ(review.classes.size(), 3u);
  for (std::int64_t truth = 0; truth < 3; ++truth) {
    for (std::int64_t prediction = 0; prediction < 3; ++prediction) {
      std::int64_t expected = 0, found = 0;
      for (std::size_t i = 0; i < truths.size(); ++i)
        expected += truths[i] == truth && predictions[i] == prediction ? 1 : 0;
      for (const Confusion& each : review.confusions)
        if (each.truth == truth && each.prediction == prediction) found += each.count;
      EXPECT_EQ(found, expected) << truth << ' ' << prediction;
    }
  }
  std::vector<double> wrong;
  for (std::size_t i = 0; i < truths.size(); ++i)
    if (truths[i] != predictions[i]) wrong.push_back(shares[i]);
  std::ranges::sort(wrong);
  ASSERT_EQ(review.misses.size(), std::min(wrong.size(), kMostMisses));
  for (std::size_t i = 0; i < review.misses.size(); ++i) {
    const Miss& miss = review.misses[i];
    EXPECT_NEAR(miss.probability, wrong[i], 1e-6);
    EXPECT_NEAR(miss.probability, shares[static_cast<std::size_t>(miss.row - 1)], 1e-6);
    EXPECT_EQ(miss.truth, static_cast<double>(truths[static_cast<std::size_t>(miss.row - 1)]));
    EXPECT_EQ(miss.prediction, static_cast<double>(predictions[static_cast<std::size_t>(miss.row - 1)]));
  }
  EXPECT_EQ(nlohmann::json(review).get<Review>(), review);
}

TEST(Review, ScoresOfClasses) {
  // Two of three a are found; of the four that were taken for a, two are.
  const Review review{
      .examples = 6, .classes = {"a", "b", "never"}, .confusions = {{0, 0, 2}, {0, 1, 1}, {1, 0, 2}, {1, 1, 1}}};
  const std::vector<ClassScore> scores = class_scores(review);
  EXPECT_DOUBLE_EQ(scores[0].precision(), 0.5);
  EXPECT_DOUBLE_EQ(scores[0].recall(), 2.0 / 3);
  EXPECT_DOUBLE_EQ(scores[0].f1(), 2 * 0.5 * (2.0 / 3) / (0.5 + 2.0 / 3));
  EXPECT_EQ(scores[1].examples, 3);
  EXPECT_TRUE(std::isnan(scores[2].precision()));
  EXPECT_TRUE(std::isnan(scores[2].recall()));
  EXPECT_TRUE(std::isnan(scores[2].f1()));
}

TEST(Review, PairsAndWorstOfNumbers) {
  for (const char* const data : {"make:line,rows=300", "make:line,rows=4100"}) {
    const Dataset dataset = open_dataset(data);
    std::vector<double> errors;
    std::size_t row = 0;
    const Review review = review_of(dataset, 64, [&](auto part, const Scaling& scaling) {
      const torch::Tensor target = torch::randn({std::ssize(part)});
      const torch::Tensor outputs = torch::zeros({std::ssize(part), 1});
      for (std::int64_t i = 0; i < std::ssize(part); ++i, ++row) {
        outputs[i][0] = target[i] + std::sin(static_cast<double>(row));
        errors.push_back(std::abs(std::sin(static_cast<double>(row))) * scaling.target_deviation);
      }
      return std::pair(outputs, target);
    });
    EXPECT_LE(std::ssize(review.pairs), kMostPairs);
    EXPECT_GT(std::ssize(review.pairs), std::min<std::int64_t>(std::ssize(dataset.test), kMostPairs) / 2);
    std::ranges::sort(errors, std::greater{});
    ASSERT_EQ(review.misses.size(), kMostMisses);
    for (std::size_t i = 0; i < kMostMisses; ++i)
      EXPECT_NEAR(std::abs(review.misses[i].prediction - review.misses[i].truth), errors[i], 1e-4) << i;
    EXPECT_EQ(nlohmann::json(review).get<Review>(), review);
  }
}

TEST(Review, RefusesClassesThatAreNone) {
  const nlohmann::json json{{"examples", 1}, {"classes", {"a"}}, {"confusions", {{0, 1, 1}}}};
  EXPECT_THAT(error_of([&] { json.get<Review>(); }), HasSubstr("class 1 of 1"));
}

/// Says that the character behind code c is c + 1, and that in front of the last is 1.
class Successor : public Model {
 public:
  explicit Successor(std::int64_t classes) : Model(1), classes_(classes) {}
  torch::Tensor forward(const std::vector<torch::Tensor>& inputs) override {
    longest = std::max(longest, inputs.front().size(1));
    return 5 * torch::one_hot(inputs.front() % (classes_ - 1) + 1, classes_).to(torch::kFloat32);
  }
  std::string script() const override { return {}; }
  std::int64_t longest = 0;

 private:
  std::int64_t classes_;
};

TEST(WriteText, FollowsTheModel) {
  const Input input{.kind = InputKind::characters, .shape = {4}, .sizes = {5}};
  const Target target{
      .kind = TargetKind::characters, .classes = 5, .class_names = {"�", "a", "é", "c", "日"}, .length = 4};
  Successor model(5);
  EXPECT_EQ(write_text(model, input, target, "a", {.characters = 6, .temperature = 0}), "éc日aéc");
  EXPECT_EQ(write_text(model, input, target, "cc日", {.characters = 1, .temperature = 0}), "a");
  EXPECT_EQ(model.longest, 4) << "no more than a window";

  const std::string mild = write_text(model, input, target, "a", {.characters = 500, .temperature = 1, .seed = 2});
  const std::string same = write_text(model, input, target, "a", {.characters = 500, .temperature = 1, .seed = 2});
  EXPECT_EQ(mild, same);
  EXPECT_NE(mild, write_text(model, input, target, "a", {.characters = 500, .temperature = 1, .seed = 3}));
  EXPECT_EQ(mild.find("�"), std::string::npos);
  EXPECT_THAT(error_of([&] { write_text(model, input, target, "", {}); }), HasSubstr("prompt is empty"));
  EXPECT_THAT(error_of([&] { write_text(model, input, target, "a\xff", {}); }), HasSubstr("byte 1 (0xff)"));
  EXPECT_THAT(error_of([&] { write_text(model, input, target, "\xe6\x97", {}); }), HasSubstr("is cut"));
  EXPECT_THAT(error_of([&] { write_text(model, input, target, "a", {.temperature = -1}); }),
              HasSubstr("temperature = -1 must be in [0, 10]"));
  EXPECT_THAT(error_of([&] { write_text(model, input, target, "a", {.characters = 0}); }), HasSubstr("at least 1"));
}

TEST(WriteText, DrawsByTheModelsShares) {
  const Input input{.kind = InputKind::characters, .shape = {4}, .sizes = {5}};
  const Target target{
      .kind = TargetKind::characters, .classes = 5, .class_names = {"�", "a", "b", "c", "d"}, .length = 4};
  Successor model(5);
  const std::string text = write_text(model, input, target, "a", {.characters = 4000, .temperature = 5, .seed = 9});
  int followed = 0;
  char before = 'a';
  for (const char c : text) {
    followed += c == (before == 'd' ? 'a' : before + 1) ? 1 : 0;
    before = c;
  }
  // e / (e + 3) = .475, of 4000 draws within 4.5 standard deviations.
  EXPECT_NEAR(followed / 4000.0, std::exp(1.0) / (std::exp(1.0) + 3), 4.5 * std::sqrt(.25 / 4000));
}

}  // namespace
}  // namespace thalweg::lab

// Tests of effects of columns: against what shuffling does to models whose effects are known.
#include "training/column_effects.h"

#include "data/table_dataset.h"
#include "models/model.h"
#include "study/statistics.h"
#include "tasks/objective.h"
#include "tasks/task.h"

#include <thalweg/random.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <functional>
#include <limits>

namespace thalweg::lab {
namespace {

/// A model that is a formula.
class Formula : public Model {
 public:
  using Function = std::function<torch::Tensor(const std::vector<torch::Tensor>&)>;
  explicit Formula(Function function) : Model(1), function_(std::move(function)) {}
  torch::Tensor forward(const std::vector<torch::Tensor>& inputs) override { return function_(inputs); }
  std::string script() const override { return {}; }

 private:
  Function function_;
};

/// Numbers a, b (one with gaps), a category of three values, and y = 3 a + noise, or is it above 0?
DataTable table(std::int64_t rows) {
  const Random random(1, RandomPurpose::test, "effects");
  std::uint64_t next = 0;
  DataTable result{.file = "x", .rows = rows};
  TableColumn a{.name = "a"}, b{.name = "b"}, y{.name = "y"};
  TableColumn kind{.name = "kind", .kind = ColumnKind::category, .categories = {"u", "v", "w"}};
  TableColumn big{.name = "big", .kind = ColumnKind::category, .categories = {"no", "yes"}};
  for (std::int64_t row = 0; row < rows; ++row) {
    a.numbers.push_back(random.normal(next++));
    b.numbers.push_back(row % 5 == 0 ? std::numeric_limits<double>::quiet_NaN() : random.normal(next++));
    kind.codes.push_back(static_cast<std::int32_t>(row % 3));
    y.numbers.push_back(3 * a.numbers.back() + 0.5 * random.normal(next++));
    big.codes.push_back(y.numbers.back() > 0 ? 1 : 0);
    result.lines.add(row, row + 1);
  }
  result.columns = {a, b, kind, y, big};
  return result;
}

ColumnEffects effects(const Dataset& dataset, const Formula::Function& function, std::uint64_t seed = 1) {
  const Scaling scaling = dataset.examples->measure(dataset.train);
  const auto objective = task_of(dataset.target)
                             .objective(dataset.target, {.target_mean = scaling.target_mean,
                                                         .target_deviation = scaling.target_deviation});
  Formula model(function);
  return column_effects(model, *objective, dataset, dataset.test, scaling, seed).value();
}

const ColumnEffect& of(const ColumnEffects& effects, const std::string& name) {
  return *std::ranges::find(effects.columns, name, &ColumnEffect::column);
}

TEST(ColumnEffects, OfALinearModelIsTheShuffledLoss) {
  DataTable rows = table(1000);
  rows.columns.pop_back();
  const Dataset dataset = table_dataset(rows, {.target = "y"});
  // ŷ = .9 a, b unused. Over all permutations the mean loss is that of every pair of rows: mean of (y_i − .9 a_k)².
  const ColumnEffects found = effects(dataset, [](const auto& inputs) { return 0.9 * inputs[0].narrow(1, 0, 1); });
  EXPECT_EQ(found.metric, "loss");
  EXPECT_EQ(found.examples, 200);
  EXPECT_EQ(found.shuffles, kShuffles);
  const Scaling scaling = dataset.examples->measure(dataset.train);
  double own = 0, pairs = 0;
  for (const std::int64_t i : dataset.test) {
    const auto scaled_a = [&](std::int64_t row) {
      return (rows.columns[0].numbers[static_cast<std::size_t>(row)] - scaling.mean[0]) / scaling.deviation[0];
    };
    const double y =
        (rows.columns[3].numbers[static_cast<std::size_t>(i)] - scaling.target_mean) / scaling.target_deviation;
    own += std::pow(y - 0.9 * scaled_a(i), 2) / 200;
    for (const std::int64_t k : dataset.test) pairs += std::pow(y - 0.9 * scaled_a(k), 2) / (200.0 * 200);
  }
  EXPECT_NEAR(found.unshuffled, own, 1e-5);
  const ColumnEffect& a = of(found, "a");
  EXPECT_GT(a.mean, 1);
  EXPECT_NEAR(a.mean, pairs - own, 4.5 * a.sd / std::sqrt(static_cast<double>(kShuffles)));
  for (const char* const unused : {"b", "kind"}) {
    EXPECT_EQ(of(found, unused).mean, 0) << "the model does not read it";
    EXPECT_EQ(of(found, unused).sd, 0);
  }
  EXPECT_EQ(found.columns.front().column, "a");
}

TEST(ColumnEffects, OfTwoClassesIsTheAucThatIsLost) {
  DataTable rows = table(1000);
  rows.columns.erase(rows.columns.begin() + 3);
  const Dataset dataset = table_dataset(rows, {.target = "big"});
  const ColumnEffects found = effects(dataset, [](const auto& inputs) {
    const torch::Tensor score = inputs[0].narrow(1, 0, 1);
    return torch::cat({-score, score}, 1);
  });
  EXPECT_EQ(found.metric, "auc");
  EXPECT_GT(found.unshuffled, 0.95);
  // Shuffled it knows nothing: .5 up to its standard error √((200 + 1) / (12 · 100 · 100)) = .041.
  EXPECT_NEAR(of(found, "a").mean, found.unshuffled - 0.5, 4.5 * 0.041 / std::sqrt(static_cast<double>(kShuffles)));
}

TEST(ColumnEffects, WhereItIsMissingGoesWithTheColumn) {
  DataTable rows = table(500);
  rows.columns.pop_back();
  const Dataset dataset = table_dataset(rows, {.target = "y"});
  ASSERT_EQ(dataset.inputs[0].columns, (std::vector<std::string>{"a", "b", "b is missing"}));
  // A model that reads nothing but where b is missing.
  const ColumnEffects found = effects(dataset, [](const auto& inputs) { return inputs[0].narrow(1, 2, 1) * 5; });
  EXPECT_EQ(found.columns.size(), 3u);
  EXPECT_NE(of(found, "b").sd, 0);
  EXPECT_EQ(of(found, "a").sd, 0);
  // And one that would be caught if b and its gaps were shuffled apart: it explodes where both are there.
  const ColumnEffects together = effects(dataset, [](const auto& inputs) {
    const torch::Tensor b = inputs[0].narrow(1, 1, 1), missing = inputs[0].narrow(1, 2, 1);
    return 1e3 * (missing > 0).to(torch::kFloat32) * (b != 0).to(torch::kFloat32);
  });
  EXPECT_EQ(of(together, "b").mean, 0);
}

TEST(ColumnEffects, AreDrawnByTheSeedAlone) {
  const Dataset dataset = open_dataset("make:classification,rows=300");
  const auto model = [](const auto& inputs) {
    return torch::cat({inputs[0].sum(1, true), inputs[0].narrow(1, 0, 1)}, 1);
  };
  EXPECT_EQ(effects(dataset, model, 3), effects(dataset, model, 3));
  EXPECT_NE(effects(dataset, model, 3), effects(dataset, model, 4));
  const ColumnEffects found = effects(dataset, model);
  EXPECT_EQ(nlohmann::json::parse(nlohmann::json(found).dump()).get<ColumnEffects>(), found);
  EXPECT_TRUE(std::ranges::is_sorted(found.columns, std::ranges::greater{}, &ColumnEffect::mean));
  EXPECT_FALSE(effects_line(found).empty());
}

TEST(ColumnEffects, OfTablesAlone) {
  Formula model([](const auto& inputs) { return inputs[0]; });
  for (const char* const data : {"make:sines,rows=60"}) {
    const Dataset dataset = open_dataset(data);
    const Scaling scaling = dataset.examples->measure(dataset.train);
    const auto objective = task_of(dataset.target).objective(dataset.target, {});
    EXPECT_FALSE(column_effects(model, *objective, dataset, dataset.test, scaling, 1)) << data;
  }
}

}  // namespace
}  // namespace thalweg::lab

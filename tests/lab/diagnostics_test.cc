// Tests of what is looked into during a training: which steps, what is said of them, and that it is what happened.
#include "training/diagnostics.h"

#include "data/dataset.h"
#include "idx_files.h"
#include "models/unit_watch.h"
#include "training/findings.h"
#include "training/trainer.h"

#include <thalweg/schedule.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace thalweg::lab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::int64_t looks_between(std::int64_t after, std::int64_t last) {
  std::int64_t count = 0;
  for (std::int64_t step = after + 1; step <= last; ++step) count += is_looked_into(step) ? 1 : 0;
  return count;
}

TEST(Diagnostics, StepsThatAreLookedIntoAreFewAndLieCloserAtTheBeginning) {
  std::vector<std::int64_t> first;
  for (std::int64_t step = 1; step <= 40; ++step) {
    if (is_looked_into(step)) first.push_back(step);
  }
  EXPECT_THAT(first, ElementsAre(1, 2, 5, 10, 20, 30, 40));
  EXPECT_LE(looks_between(0, 1'000), 100);
  EXPECT_LE(looks_between(0, 10'000), 150);
  EXPECT_LE(looks_between(0, 1'000'000), 300);
  for (std::int64_t step = 400; step <= 1'000'000; step = step * 3 / 2) {
    const std::int64_t looks = looks_between(step, 2 * step);
    EXPECT_GE(looks, 15) << step;
    EXPECT_LE(looks, 50) << step;
  }
}

class DiagnosticsTest : public testing::Test {
 protected:
  DiagnosticsTest() {
    test::write_learnable_dataset(folder_.path(), 500, 100);
    config.data = "idx:" + folder_.path().string();
    config.network.dense = {16};
    config.optimizer = "sgd:lr=0.1";
    config.schedule = schedule::Constant{};
    config.stop.epochs = 3;
    config.batch = 32;
    config.threads = 1;
  }

  TrainingResult run() {
    records.clear();
    TrainingHooks hooks;
    hooks.on_diagnostics = [this](const DiagnosticRecord& record) { records.push_back(record); };
    return train(config, open_dataset(config.data, config.data_options), hooks, {});
  }

  test::TemporaryFolder folder_;
  TrainingConfig config;
  std::vector<DiagnosticRecord> records;
};

TEST_F(DiagnosticsTest, StepsOfPlainSgdAreTheRateTimesTheGradient) {
  for (const double limit : {0.0, 0.05}) {
    if (limit > 0) config.optimizer = "sgd:lr=0.1 clip=global_norm:0.05";
    run();
    std::vector<std::int64_t> steps;
    for (const DiagnosticRecord& record : records) steps.push_back(record.step);
    EXPECT_THAT(steps, ElementsAre(1, 2, 5, 10, 20, 30, 40));
    for (const DiagnosticRecord& record : records) {
      ASSERT_EQ(record.layers.size(), 4U);
      EXPECT_EQ(record.layers[0].parameter, "dense1.weight");
      EXPECT_EQ(record.layers[0].elements % 16, 0);
      EXPECT_EQ(record.layers[2].parameter, "output.weight");
      EXPECT_EQ(record.layers[3].elements * 16, record.layers[2].elements);
      double squares = 0;
      const double factor = limit > 0 ? std::min(1.0, limit / record.gradient_norm) : 1;
      for (const LayerRecord& layer : record.layers) {
        squares += layer.gradient_norm * layer.gradient_norm;
        // As far as the parameter's own rounding lets a difference be told.
        EXPECT_NEAR(layer.update_norm, 0.1 * factor * layer.gradient_norm,
                    1e-7 * layer.parameter_norm + 1e-5 * layer.update_norm)
            << layer.parameter << ' ' << record.step;
        EXPECT_GT(layer.parameter_norm, 0);
        EXPECT_EQ(layer.non_finite, 0);
      }
      EXPECT_NEAR(std::sqrt(squares), record.gradient_norm, 1e-9 * record.gradient_norm);
      EXPECT_NEAR(record.clipped_norm, factor * record.gradient_norm, 1e-6 * record.gradient_norm);
      EXPECT_GE(record.greatest_norm, record.clipped_norm * (1 - 1e-6));
      if (limit > 0) {
        EXPECT_LE(record.greatest_norm, limit * (1 + 1e-6));
      }
    }
    EXPECT_THAT(findings(records), IsEmpty());
  }
}

TEST_F(DiagnosticsTest, DeepSigmoidsVanishAndOtherActivationsAndNormalisationDoNot) {
  config.network.dense.assign(12, 32);
  config.stop.epochs = 6;
  config.network.activation = "sigmoid";
  run();
  std::vector<Finding> found = findings(records);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].kind, FindingKind::vanishing);
  EXPECT_EQ(found[0].parameter, "dense1.weight");
  // Normalised gradients do not vanish. On their way through so many layers they may explode, by the last bits.
  config.network.batch_norm = true;
  run();
  for (const Finding& finding : findings(records)) EXPECT_NE(finding.kind, FindingKind::vanishing) << finding.text;
  config.network.batch_norm = false;
  config.network.activation = "relu";
  run();
  EXPECT_THAT(findings(records), IsEmpty());
}

TEST_F(DiagnosticsTest, ARecurrentNetExplodesUnlessItsGradientsAreClipped) {
  config.data = "make:sines";
  config.model = "lstm";
  config.network.hidden = 32;
  config.stop.epochs = 1;
  config.optimizer = "sgd:lr=3";
  EXPECT_EQ(run().outcome, Outcome::diverged);
  std::vector<Finding> found = findings(records);
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found[0].kind, FindingKind::exploding);
  EXPECT_THAT(found[0].advice, HasSubstr("clip=global_norm:1"));
  config.optimizer = "sgd:lr=1 clip=global_norm:1";
  EXPECT_EQ(run().outcome, Outcome::completed);
  EXPECT_THAT(findings(records), IsEmpty());
}

TEST(UnitWatchTest, CountsUnitsThatAreNeverOtherThanZero) {
  UnitWatch watch;
  EXPECT_THAT(watch.counts(), IsEmpty());
  watch.see("b", torch::tensor({{0.0F, 1.0F, 0.0F, 0.0F}, {0.0F, 0.0F, 0.0F, 0.0F}}));
  watch.see("a", torch::tensor({{2.0F}}));
  watch.see("b", torch::tensor({{0.0F, 0.0F, 0.5F, 0.0F}}));
  EXPECT_THAT(watch.counts(), ElementsAre(UnitCounts{"b", 4, 2}, UnitCounts{"a", 1, 0}));
}

TEST(UnitWatchTest, SeesWhatIsBehindReluOfEachHiddenLayer) {
  const ModelShape shape{
      .inputs = {{.kind = InputKind::numbers, .shape = {6}}}, .target = TargetKind::label, .outputs = 3};
  const auto model = make_model("mlp", shape, {.dense = {16, 8}}, /*seed=*/1);
  torch::NoGradGuard no_grad;
  model->named_parameters()["dense1.bias"].slice(0, 0, 5).fill_(-1e6);
  model->named_parameters()["dense1.bias"].slice(0, 5, 16).fill_(1e3);
  model->named_parameters()["dense2.bias"].fill_(-1e9);
  UnitWatch watch;
  model->set_watch(&watch);
  model->forward({torch::randn({20, 6})});
  model->set_watch(nullptr);
  model->forward({torch::zeros({20, 6})});
  EXPECT_THAT(watch.counts(), ElementsAre(UnitCounts{"dense1", 16, 5}, UnitCounts{"dense2", 8, 8}));
}

TEST_F(DiagnosticsTest, DeadUnitsAreCountedEachEpochWhereThereIsAValidationPart) {
  std::vector<EpochRecord> epochs;
  TrainingHooks hooks;
  hooks.on_epoch = [&](const EpochRecord& record) { epochs.push_back(record); };
  const auto units = [&] {
    epochs.clear();
    train(config, open_dataset(config.data), hooks, {});
    return epochs.back().units;
  };
  const std::vector<UnitCounts> counted = units();
  ASSERT_EQ(counted.size(), 1U);
  EXPECT_EQ(counted[0].layer, "dense1");
  EXPECT_EQ(counted[0].units, 16);
  EXPECT_EQ(nlohmann::json(epochs.back()).get<EpochRecord>().units, counted);
  config.network.activation = "tanh";
  EXPECT_THAT(units(), IsEmpty());
  config.network.activation = "relu";
  config.validation_fraction = 0;
  EXPECT_THAT(units(), IsEmpty());
}

}  // namespace
}  // namespace thalweg::lab

// Training: configuration, schedules, scores, the loop and its ends.
#include "error_of.h"
#include "training/trainer.h"

#include "idx_files.h"
#include "tasks/cross_entropy.h"
#include "training/divergence.h"
#include "training/optimizer.h"
#include "training/split.h"

#include <thalweg/error.h>
#include <thalweg/random.h>

#include <gmock/gmock.h>
#include <torch/nn/functional/loss.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>

namespace thalweg::lab {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using tests::error_of;

// Configuration ------------------------------------------------------------------------------------------------------

TrainingConfig unusual_config() {
  TrainingConfig config;
  config.model = "cnn";
  config.network = {
      .dense = {64, 32}, .activation = "tanh", .dropout = 0.5, .batch_norm = true, .hidden = 32, .layers = 2};
  config.data = "idx:/some/where";
  config.data_options = {.target = "y",
                         .positive = "yes",
                         .columns = {"a=numeric"},
                         .window = 7,
                         .horizon = 2,
                         .test_fraction = 0.3,
                         .test_data = "csv:b.csv",
                         .split_seed = 5,
                         .split = "random",
                         .scale = "1,5",
                         .duplicates = "last",
                         .implicit = "bpr",
                         .words = "yes,no",
                         .clip_seconds = 2};
  config.optimizer = "sgd:lr=0.5,momentum=0.25";
  config.schedule = parse_schedule("step:every=3,gamma=0.5,warmup=17,interval=epoch");
  config.stop = {.epochs = 4, .steps = 99, .seconds = 1.5, .goal = 0.75, .patience = 2, .tolerance = 0.01};
  config.negatives = 3;
  config.network.factors = 7;
  config.batch = 31;
  config.seed = std::numeric_limits<std::uint64_t>::max();
  config.threads = 2;
  config.validation_fraction = 0.2;
  config.validation_by_class = false;
  config.validation_folds = 5;
  config.validation_fold = 2;
  config.restore_best = true;
  config.folds = 3;
  config.class_weights = "balanced";
  config.cost = "5:1";
  config.augment = "flip,shift=2";
  config.fold = 2;
  config.train_limit = 1000;
  config.test_limit = 500;
  config.test_at_end = false;
  return config;
}

TEST(TrainingConfig, SurvivesJson) {
  for (const TrainingConfig& config : {TrainingConfig{}, unusual_config()}) {
    const nlohmann::json json = config;
    const auto read = nlohmann::json::parse(json.dump()).get<TrainingConfig>();
    EXPECT_EQ(nlohmann::json(read), json);
  }
  // Every key of the unusual one differs from the default, so that none can be forgotten unnoticed.
  const TrainingConfig default_config;
  const nlohmann::json usual = default_config, unusual = unusual_config();
  for (const auto& [key, value] : usual.items()) EXPECT_NE(unusual.at(key), value) << key;
}

TEST(TrainingConfig, RefusesWhatIsWrongByName) {
  const auto read = [](const char* text) {
    return error_of([&] { nlohmann::json::parse(text).get<TrainingConfig>(); });
  };
  EXPECT_THAT(read(R"({"bach": 3})"), AllOf(HasSubstr("bach"), HasSubstr("batch")));
  EXPECT_THAT(read(R"({"schedule": {"kin": "step"}})"), AllOf(HasSubstr("schedule"), HasSubstr("kin")));
  EXPECT_THAT(read(R"({"batch": "many"})"), AllOf(HasSubstr("batch"), HasSubstr("whole number")));
  EXPECT_THAT(read(R"({"batch": 1.5})"), HasSubstr("batch"));
  EXPECT_THAT(read(R"({"seed": -1})"), HasSubstr("seed"));
  EXPECT_THAT(read(R"({"threads": 4294967297})"), HasSubstr("threads")) << "2^32 + 1";
  EXPECT_THAT(read(R"({"threads": 1025})"), HasSubstr("[0, 1024]"));
  EXPECT_THAT(read(R"({"batch": -1})"), AllOf(HasSubstr("batch = -1"), HasSubstr("[0, ∞)")));
  EXPECT_THAT(read(R"({"validation_fraction": 0.6})"), HasSubstr("[0, 0.5]"));
  EXPECT_THAT(read(R"({"schedule": {"kind": "cosin"}})"), HasSubstr("cosine"));
  EXPECT_THAT(read(R"({"schedule": {"kind": "step", "every": 0}})"), HasSubstr("every = 0"));
  EXPECT_THAT(read(R"({"schedule": "cosin"})"), HasSubstr("cosine"));
  EXPECT_THAT(read(R"({"schedule": 3})"), HasSubstr("training schedule: expected an object, found number"));
  EXPECT_THAT(read(R"({"column": "a=numeric"})"), AllOf(HasSubstr("column"), HasSubstr("list of texts")));
  EXPECT_THAT(read(R"({"validation_fraction": 0, "stop": {"patience": 2}})"), HasSubstr("patience"));
  EXPECT_THAT(read(R"({"validation_folds": 1, "validation_fold": 1})"), HasSubstr("leaves nothing to train on"));
  EXPECT_THAT(read(R"({"validation_folds": 3})"), HasSubstr("validation fold = 0 is outside [1, 3]"));
  EXPECT_THAT(read(R"({"validation_folds": 3, "validation_fold": 4})"), HasSubstr("outside [1, 3]"));
  EXPECT_THAT(read("[]"), HasSubstr("object"));
  EXPECT_EQ(nlohmann::json::parse("{}").get<TrainingConfig>().batch, TrainingConfig{}.batch);
}

// Parts --------------------------------------------------------------------------------------------------------------

class SplitOfATable : public ::testing::Test {
 protected:
  // 200 rows, every tenth of a rare class.
  SplitOfATable() {
    std::ofstream table(folder.path() / "table.csv");
    table << "x,y\n";
    for (int i = 0; i < 200; ++i) table << i << ',' << (i % 10 == 0 ? "rare" : "common") << '\n';
    table.close();
    config.data = "csv:" + (folder.path() / "table.csv").string();
    config.data_options.target = "y";
    config.validation_fraction = 0.25;
  }
  static std::vector<std::int64_t> sorted(std::vector<std::int64_t> examples, std::ptrdiff_t begin,
                                          std::ptrdiff_t end) {
    std::vector<std::int64_t> part(examples.begin() + begin, examples.begin() + end);
    std::ranges::sort(part);
    return part;
  }

  test::TemporaryFolder folder;
  TrainingConfig config;
};

TEST_F(SplitOfATable, ValidationHasOfEachClassTheSameShare) {
  const Dataset dataset = open_training_data(config);
  for (const std::uint64_t seed : {0, 1, 2, 3}) {
    config.data_options.split_seed = seed;
    const Split parts = split(dataset, config);
    const auto rare = [&](const std::vector<std::int64_t>& part) {
      return std::ranges::count_if(part, [](std::int64_t example) { return example % 10 == 0; });
    };
    EXPECT_EQ(parts.training.size(), 120u);
    EXPECT_EQ(parts.validation.size(), 40u);
    EXPECT_EQ(rare(parts.training), 12) << seed;
    EXPECT_EQ(rare(parts.validation), 4) << seed;
    std::vector<std::int64_t> all = parts.training;
    all.insert(all.end(), parts.validation.begin(), parts.validation.end());
    EXPECT_EQ(sorted(all, 0, 160), dataset.train);
  }
}

TEST_F(SplitOfATable, ValidationFoldsShareOutTheTrainingPart) {
  const Dataset dataset = open_training_data(config);
  config.validation_folds = 4;
  std::vector<std::int64_t> all;
  for (config.validation_fold = 1; config.validation_fold <= 4; ++config.validation_fold) {
    const Split parts = split(dataset, config);
    EXPECT_EQ(parts.validation.size(), 40u);
    EXPECT_EQ(parts.training.size(), 120u);
    EXPECT_EQ(parts.test, dataset.test) << "the test part is not touched";
    EXPECT_EQ(std::ranges::count_if(parts.validation, [](std::int64_t example) { return example % 10 == 0; }), 4);
    all.insert(all.end(), parts.validation.begin(), parts.validation.end());
  }
  EXPECT_EQ(sorted(all, 0, 160), dataset.train);
  config.validation_fold = 1;
  config.validation_folds = 161;
  EXPECT_THAT(error_of([&] { split(dataset, config); }), HasSubstr("161 validation folds: there are 160"));
}

TEST_F(SplitOfATable, AsBeforeItIsTheFirstOfAllInARandomOrder) {
  EXPECT_TRUE(TrainingConfig{}.validation_by_class);
  EXPECT_FALSE(nlohmann::json::parse("{}").get<TrainingConfig>().validation_by_class);
  Dataset dataset = open_training_data(config);
  const auto expect = [&] {
    std::vector<std::int64_t> all = dataset.train;
    Random(config.data_options.split_seed, RandomPurpose::split).shuffle(all);
    const Split parts = split(dataset, config);
    EXPECT_EQ(parts.validation, sorted(all, 0, 40));
    EXPECT_EQ(parts.training, sorted(all, 40, 160));
  };
  config.validation_by_class = false;
  expect();
  config.validation_by_class = true;
  dataset.are_parts_drawn = false;  // as of data with a test part of their own
  expect();
}

TEST(Records, SurviveJson) {
  const EpochRecord epoch{.epoch = 3,
                          .step = 40,
                          .lr = 1e-3,
                          .train = {{"loss", 0.1}, {"accuracy", 0.7}},
                          .validation = MetricValues{{"loss", 0.3}},
                          .seconds = 4.5,
                          .examples_per_second = 100};
  EXPECT_EQ(nlohmann::json(nlohmann::json(epoch).get<EpochRecord>()), nlohmann::json(epoch));
  TrainingResult result;
  result.outcome = Outcome::diverged;
  result.reason = "loss";
  result.steps = 2;
  result.test = {{"loss", 0.25}, {"accuracy", 0.5}};
  EXPECT_EQ(nlohmann::json(nlohmann::json(result).get<TrainingResult>()), nlohmann::json(result));
  const StepRecord not_finite{.step = 1, .loss = std::nan(""), .lr = 1};
  EXPECT_TRUE(std::isnan(nlohmann::json::parse(nlohmann::json(not_finite).dump()).get<StepRecord>().loss));
}

TEST(Records, RefuseStepsThatAreNone) {
  for (const char* step : {"1e300", "-1", "1.5", "null", "18446744073709551615"}) {
    const nlohmann::json json{{"step", nlohmann::json::parse(step)}, {"loss", 1}, {"lr", 1}};
    EXPECT_THAT(error_of([&] { json.get<StepRecord>(); }), HasSubstr("step")) << step;
  }
}

TEST(Records, LossesAreShort) {
  EXPECT_EQ(loss_text(0.43217), "0.4322");
  EXPECT_EQ(loss_text(2302.5), "2302.5000");
  EXPECT_EQ(loss_text(172598772136761796591616.0), "1.726e+23");
  EXPECT_EQ(loss_text(std::numeric_limits<double>::infinity()), "inf");
  for (const double sign : {1.0, -1.0}) EXPECT_EQ(loss_text(std::copysign(std::nan(""), sign)), "nan");
}

// Divergence ---------------------------------------------------------------------------------------------------------

// Feeds losses from step 1 on; the step at which the run has diverged, 0 if it has not.
std::int64_t diverges_at(LossWatch watch, const std::vector<double>& losses) {
  for (std::size_t i = 0; i < losses.size(); ++i) {
    const auto step = static_cast<std::int64_t>(i) + 1;
    if (watch.add(step, losses[i])) return step;
  }
  return 0;
}

std::vector<double> losses_of(std::initializer_list<std::pair<int, double>> runs) {
  std::vector<double> losses;
  for (const auto& [count, loss] : runs) losses.insert(losses.end(), static_cast<std::size_t>(count), loss);
  return losses;
}

TEST(LossWatch, TellsLossesThatStayFarAboveTheFirst) {
  EXPECT_EQ(diverges_at({}, losses_of({{20, 2.0}, {1000, 20.0}})), 0) << "10 times is not above";
  EXPECT_EQ(diverges_at({}, losses_of({{20, 2.0}, {19, 20.5}})), 0);
  EXPECT_EQ(diverges_at({}, losses_of({{20, 2.0}, {20, 20.5}})), 40);
  EXPECT_EQ(diverges_at({}, losses_of({{10, 1.0}, {10, 3.0}, {30, 20.5}})), 40) << "of the mean";
  EXPECT_EQ(diverges_at({}, losses_of({{20, 2.0}, {19, 1e9}, {1, 3.0}, {19, 1e9}, {1, 3.0}, {30, 1e9}})), 80)
      << "in a row";
  EXPECT_EQ(diverges_at({}, losses_of({{5, 2.0}, {1, std::nan("")}})), 6);
  EXPECT_EQ(diverges_at({}, losses_of({{50, 2.0}, {1, std::numeric_limits<double>::infinity()}})), 51);
}

TEST(LossWatch, SaysWhyInALine) {
  LossWatch watch;
  std::string why;
  for (std::int64_t step = 1; step <= 40; ++step) why = watch.add(step, step <= 20 ? 2.5 : 1.726e23).value_or("");
  EXPECT_EQ(why, "loss at step 40 is 1.726e+23, for 20 steps above 10 times the mean of the first 20 (2.5000)");
  EXPECT_EQ(watch.add(41, -std::nan("")).value(), "loss at step 41 is nan");
}

// Optimizers ---------------------------------------------------------------------------------------------------------

TEST(OptimizerOfTraining, IsWhatItsTextSays) {
  TrainingConfig config;
  config.schedule = parse_schedule("step:every=3,gamma=0.5,interval=epoch");
  config.optimizer = "adam:lr=0.01 clip=norm:2";
  Description description = optimizer_of(config);
  EXPECT_EQ(description.schedule->text(), "step:every=3,gamma=0.5,interval=epoch");
  EXPECT_EQ(description.settings.clip, (Clip{ClipBy::norm, 2}));
  EXPECT_EQ(description.settings.check, Check::guard);
  EXPECT_EQ(without_lr(read_optimizer(config.optimizer)), "adam clip=norm:2");
  config.optimizer = "adam schedule=cosine:warmup=5";
  EXPECT_EQ(optimizer_of(config).schedule->text(), "cosine:warmup=5");
}

TEST(OptimizerOfTraining, WhatATrainingDoesNotDoIsRefused) {
  const auto refused = [](const char* text) { return error_of([&] { read_optimizer(text); }); };
  EXPECT_THAT(refused("adam accumulation=4"), HasSubstr("--batch says how many"));
  EXPECT_THAT(refused("adam loss_scale=8"), HasSubstr("loss_scale means nothing here"));
  EXPECT_THAT(refused("adam check=guard loss_scale=dynamic"), HasSubstr("loss_scale means nothing here"));
  EXPECT_THAT(refused("adam step_count=per_row"), HasSubstr("no rows come and go"));
  EXPECT_THAT(refused("adam schedule=cosin"), HasSubstr("at 15: unknown schedule 'cosin'; did you mean cosine"));
  TrainingConfig config;
  config.optimizer = "sgd schedule=plateau";
  config.validation_fraction = 0;
  EXPECT_THAT(error_of([&] { check(config); }), HasSubstr("leaves nothing for the schedule's metric"));
}

// Schedules ----------------------------------------------------------------------------------------------------------

TEST(TrainingConfig, StopConditionsOfOldFilesAreRead) {
  const auto read = nlohmann::json::parse(R"({"epochs": 1, "batch": 3})").get<TrainingConfig>();
  EXPECT_EQ(read.stop.epochs, 1);
  const auto old = nlohmann::json::parse(R"({"batch": 3, "stop": {"epochs": 7, "steps": null, "patience": 2}})");
  EXPECT_EQ(old.get<TrainingConfig>().stop.epochs, 7);
  EXPECT_EQ(old.get<TrainingConfig>().stop.patience, 2);
  const auto refused = [](const char* text) {
    return error_of([&] { nlohmann::json::parse(text).get<TrainingConfig>(); });
  };
  EXPECT_THAT(refused(R"({"epochs": 1, "stop": {"epochs": 7}})"), HasSubstr("epochs stands twice"));
  EXPECT_THAT(refused(R"({"stop": 3})"), HasSubstr("stop = 3 is no object"));
  EXPECT_THAT(refused(R"({"stop": {"epoch": 7}})"), HasSubstr("did you mean epochs"));
}

// Runs that began when a schedule was an object of numbers go on with the same rates.
TEST(Schedules, OfOldFilesAreRead) {
  const auto text_of = [](const char* schedule) {
    return nlohmann::json{{"schedule", nlohmann::json::parse(schedule)}}.get<TrainingConfig>().schedule.text();
  };
  EXPECT_EQ(text_of(R"({"kind": "cosine", "gamma": 0.1, "every": 10, "floor": 0.0, "warmup_steps": 0})"), "cosine");
  EXPECT_EQ(text_of(R"({"kind": "cosine", "gamma": 0.1, "every": 10, "floor": 0.25, "warmup_steps": 7})"),
            "cosine:floor=0.25,warmup=7");
  EXPECT_EQ(text_of(R"({"kind": "constant", "gamma": 0.1, "every": 10, "floor": 0, "warmup_steps": 3})"),
            "constant:warmup=3");
  EXPECT_EQ(text_of(R"({"kind": "step", "gamma": 0.5, "every": 3, "floor": 0, "warmup_steps": 0})"),
            "step:every=3,gamma=0.5,interval=epoch");
  EXPECT_EQ(text_of(R"({"kind": "exponential", "gamma": 0.9, "every": 10, "floor": 0.5, "warmup_steps": 2})"),
            "exponential:gamma=0.9,warmup=2,interval=epoch");
  EXPECT_EQ(text_of("{}"), "cosine");
}

// Score --------------------------------------------------------------------------------------------------------------

TEST(CrossEntropy, IsLibTorchs) {
  torch::manual_seed(3);
  for (const std::int64_t classes : {2, 10, 62}) {
    torch::Tensor logits = (5 * torch::randn({37, classes})).set_requires_grad(true);
    const torch::Tensor labels = torch::randint(0, classes, {37}, torch::kInt64);
    torch::Tensor gradient = torch::full({37, classes}, std::nanf(""));
    const CrossEntropy score = cross_entropy(logits.detach(), labels, &gradient);
    const torch::Tensor loss = torch::nn::functional::cross_entropy(logits, labels);
    loss.backward();
    EXPECT_NEAR(score.loss / score.weight, loss.item().toDouble(), 1e-5);
    EXPECT_TRUE(torch::allclose(gradient, logits.grad(), 1e-4, 1e-7)) << classes;
    EXPECT_EQ(score.correct, logits.argmax(1).eq(labels).sum().item().toLong());
    EXPECT_EQ(score.weight, 37);
  }
}

TEST(CrossEntropy, IsFiniteForLargeLogitsAndNotForNonFiniteOnes) {
  const torch::Tensor label = torch::zeros({1}, torch::kInt64);
  const auto loss = [&](float first, float second) {
    return cross_entropy(torch::tensor({first, second}).view({1, 2}), label).loss;
  };
  EXPECT_NEAR(loss(1e30f, -1e30f), 0, 0);
  EXPECT_NEAR(loss(-1000, 1000), 2000, 0);
  constexpr float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  for (const float bad : {inf, nan}) {
    EXPECT_FALSE(std::isfinite(loss(bad, 0)));
    EXPECT_FALSE(std::isfinite(loss(0, bad)));
  }
  EXPECT_FALSE(std::isfinite(loss(-inf, 0)));
}

// The loop -----------------------------------------------------------------------------------------------------------

class Training : public ::testing::Test {
 protected:
  Training() {
    test::write_learnable_dataset(folder.path(), 500, 100);
    config.data = "idx:" + folder.path().string();
    config.network.dense = {16};
    config.optimizer = "rmsprop:lr=0.003";
    config.stop.epochs = 3;
    config.batch = 32;
    config.threads = 1;
  }

  TrainingResult run() {
    epochs.clear();
    steps.clear();
    TrainingHooks hooks;
    hooks.step_every = 1;
    hooks.on_epoch = [this](const EpochRecord& record) { epochs.push_back(record); };
    hooks.on_step = [this](const StepRecord& record) { steps.push_back(record); };
    return train(config, open_dataset(config.data), hooks, {});
  }
  std::vector<double> losses() const {
    std::vector<double> result;
    for (const StepRecord& step : steps) result.push_back(step.loss);
    return result;
  }

  test::TemporaryFolder folder;
  TrainingConfig config;
  std::vector<EpochRecord> epochs;
  std::vector<StepRecord> steps;
};

TEST_F(Training, LearnsWithEveryModel) {
  for (const char* model : {"softmax", "mlp", "cnn"}) {
    config.model = model;
    config.stop.epochs = 8;
    const TrainingResult result = run();
    EXPECT_EQ(result.outcome, Outcome::completed);
    EXPECT_EQ(result.epochs, 8);
    EXPECT_EQ(result.steps, 8 * 15) << "450 images in batches of 32";
    EXPECT_GT(value_of(result.test, "accuracy").value(), 0.9) << model;
    EXPECT_LT(epochs.back().train.at("loss"), 0.5 * epochs.front().train.at("loss")) << model;
    ASSERT_EQ(epochs.size(), 8u);
    EXPECT_TRUE(epochs.back().validation.has_value());
  }
}

TEST_F(Training, SameSeedSameBitsOtherSeedOthers) {
  for (const char* model : {"mlp", "cnn"}) {
    config.model = model;
    config.stop.epochs = 1;
    for (const int threads : {1, 2}) {
      config.threads = threads;
      run();
      const std::vector<double> first = losses();
      torch::manual_seed(99);  // LibTorch's generator has no part in it
      run();
      EXPECT_EQ(losses(), first) << model << ' ' << threads;
    }
    const std::vector<double> before = losses();
    config.seed = 2;
    run();
    EXPECT_NE(losses(), before) << model;
    config.seed = 1;
  }
}

TEST_F(Training, ValidationPartDependsOnItsOwnSeed) {
  config.stop.epochs = 1;
  config.optimizer = "rmsprop:lr=0";
  // Nothing is learned, so the loss tells which images are in the part (and which normalise it).
  run();
  const double first = epochs.front().validation->at("loss");
  config.data_options.split_seed = 1;
  run();
  EXPECT_NE(epochs.front().validation->at("loss"), first);
}

TEST_F(Training, WithoutValidationPartAllImagesTrain) {
  config.validation_fraction = 0;
  config.stop.epochs = 1;
  EXPECT_EQ(run().steps, 16);
  EXPECT_FALSE(epochs.front().validation.has_value());
}

TEST_F(Training, LimitsTakeTheFirstExamples) {
  config.train_limit = 100;
  config.validation_fraction = 0.1;
  config.stop.epochs = 1;
  EXPECT_EQ(run().steps, 3);
  config.train_limit = 3;
  EXPECT_THAT(error_of([&] { run(); }), HasSubstr("not one example"));
  config.train_limit = 1;
  config.validation_fraction = 0.5;
  EXPECT_THAT(error_of([&] { run(); }), HasSubstr("none to train on"));
}

TEST_F(Training, ABatchMayBeLargerThanTheTrainingSet) {
  config.batch = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(run().steps, 3);
}

TEST_F(Training, LearningRateFollowsTheSchedule) {
  config.schedule = parse_schedule("exponential:gamma=0.5,warmup=5,interval=epoch");
  run();
  for (const StepRecord& record : steps) {
    EXPECT_DOUBLE_EQ(record.lr, 0.003 * config.schedule.factor(record.step, 15));
  }
  EXPECT_DOUBLE_EQ(epochs.back().lr, 0.003 * 0.25);
}

TEST_F(Training, AnLrOfZeroChangesNothing) {
  config.optimizer = "sgd:lr=0";
  run();
  EXPECT_EQ(epochs[0].validation->at("loss"), epochs[2].validation->at("loss"));
}

TEST_F(Training, AugmentationVariesTrainingImagesAlone) {
  config.optimizer = "rmsprop:lr=0";
  const auto test = run().test;
  const std::vector<EpochRecord> plain = epochs;
  config.augment = "flip,shift=2";
  EXPECT_EQ(run().test, test);
  ASSERT_EQ(epochs.size(), plain.size());
  for (std::size_t i = 0; i < epochs.size(); ++i) {
    EXPECT_EQ(epochs[i].validation, plain[i].validation);
    EXPECT_NE(epochs[i].train, plain[i].train);
  }
  const auto loss = [](const EpochRecord& record) { return record.train.at("loss"); };
  EXPECT_NEAR(loss(plain[0]), loss(plain[1]), 1e-6) << "the same images in another order";
  EXPECT_GT(std::abs(loss(epochs[0]) - loss(epochs[1])), 1e-4) << "each epoch has variations of its own";
}

TEST_F(Training, StopsAtSteps) {
  config.stop.steps = 20;
  const TrainingResult result = run();
  EXPECT_EQ(result.outcome, Outcome::completed);
  EXPECT_EQ(result.steps, 20);
  EXPECT_EQ(result.epochs, 1);
  ASSERT_EQ(epochs.size(), 2u) << "the epoch that was cut short is reported";
  EXPECT_EQ(epochs.back().step, 20);
  EXPECT_TRUE(result.test.has_value());
}

TEST_F(Training, StopsAtTheTargetAccuracy) {
  config.stop.epochs = 100;
  config.stop.goal = 0.8;
  const TrainingResult result = run();
  EXPECT_EQ(result.outcome, Outcome::stopped);
  EXPECT_THAT(result.reason, HasSubstr("validation accuracy"));
  for (std::size_t i = 0; i < epochs.size(); ++i) {
    EXPECT_EQ(epochs[i].validation->at("accuracy") >= 0.8, i + 1 == epochs.size());
  }
}

TEST_F(Training, StopsWithoutImprovement) {
  config.stop.epochs = 100;
  config.stop.patience = 4;
  config.optimizer = "sgd:lr=0";
  const TrainingResult result = run();
  EXPECT_EQ(result.outcome, Outcome::stopped);
  EXPECT_EQ(result.epochs, 5) << "the first epoch improves on nothing, four do not improve on it";
  config.optimizer = "rmsprop:lr=0.003";
  config.stop.tolerance = 1000;
  EXPECT_EQ(run().epochs, 5) << "no later epoch improves by so much";
}

TEST_F(Training, StopsWhenTheTimeIsOver) {
  config.stop.epochs = 1000000;
  config.stop.seconds = 0.05;
  const TrainingResult result = run();
  EXPECT_EQ(result.outcome, Outcome::stopped);
  EXPECT_THAT(result.reason, HasSubstr("0.05 s"));
}

TEST_F(Training, DivergenceIsAnOutcomeThatNamesTheTensor) {
  config.optimizer = "sgd:lr=1e30";
  const TrainingResult result = run();
  EXPECT_EQ(result.outcome, Outcome::diverged);
  EXPECT_THAT(result.reason, ::testing::AnyOf(HasSubstr("loss at step"), HasSubstr("gradient of")));
  EXPECT_LT(result.steps, 15);
  EXPECT_FALSE(result.test.has_value());
}

// Uphill, the loss rises by about as much at every step, for ever, and stays finite.
TEST_F(Training, LossesThatRiseForEverAreDivergence) {
  config.model = "softmax";
  config.optimizer = "sgd:lr=10,maximize=true";
  config.schedule = schedule::Constant{};
  config.stop.epochs = 60;
  const TrainingResult result = run();
  EXPECT_EQ(result.outcome, Outcome::diverged);
  EXPECT_THAT(result.reason, HasSubstr("for 20 steps above 10 times"));
  EXPECT_EQ(result.steps, steps.back().step) << "the step that ends it is not done";
  EXPECT_FALSE(result.test.has_value());
}

// A loss that is not finite on other images than those of the last step.
TEST_F(Training, ValidationAndTestLossesCountToo) {
  config.model = "softmax";
  config.stop.epochs = 1;
  config.stop.steps = 1;
  config.optimizer = "sgd:lr=1e38";
  EXPECT_EQ(run().outcome, Outcome::diverged);
  EXPECT_TRUE(epochs.empty());
  config.validation_fraction = 0;
  const TrainingResult result = run();
  EXPECT_EQ(result.outcome, Outcome::diverged);
  EXPECT_THAT(result.reason, HasSubstr("test loss"));
  EXPECT_FALSE(result.test.has_value());
}

TEST_F(Training, AnyNumberOfEpochsIsAllowed) {
  config.stop.epochs = std::numeric_limits<std::int64_t>::max();
  config.stop.steps = 2;
  EXPECT_EQ(run().steps, 2);
}

TEST_F(Training, RefusesNumbersThatCheckpointsCannotHold) {
  config.stop.tolerance = std::numeric_limits<double>::infinity();
  EXPECT_THAT(error_of([&] { check(config); }), HasSubstr("tolerance"));
}

TEST_F(Training, WrongNamesAreErrors) {
  config.model = "mpl";
  EXPECT_THAT(error_of([&] { run(); }), HasSubstr("mlp"));
  config.model = "mlp";
  config.optimizer = "rmsprob";
  EXPECT_THAT(error_of([&] { run(); }), HasSubstr("rmsprop"));
  config.optimizer = "rmsprop:alpha=2";
  EXPECT_THAT(error_of([&] { run(); }), HasSubstr("[0, 1)"));
}

}  // namespace
}  // namespace thalweg::lab

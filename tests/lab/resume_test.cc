// Resume: a run that was interrupted and continued gives the very bits of one that never was.
#include "error_of.h"
#include "idx_files.h"
#include "training/trained_model.h"
#include "training/trainer.h"
#include "training/weights.h"

#include <thalweg/error.h>
#include <thalweg/files.h>

#include <gmock/gmock.h>

#include <atomic>

namespace thalweg::lab {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using tests::error_of;

class Resume : public ::testing::Test {
 protected:
  Resume() {
    test::write_learnable_dataset(folder.path(), 300, 60);
    config.data = "idx:" + folder.path().string();
    config.network.dense = {16};
    config.optimizer = "rmsprop:lr=0.003,momentum=0.5,centered=true";
    config.schedule = schedule::Constant{};
    config.stop.epochs = 3;
    config.batch = 32;
    config.threads = 2;
  }

  std::filesystem::path file(const std::string& name) const { return folder.path() / (name + ".safetensors"); }

  /// Trains until `stop_after` steps have been done in all (0: to the end).
  TrainingResult run(const std::string& name, bool resume, std::int64_t stop_after = 0, std::int64_t every = 0) {
    std::atomic<bool> stop = false;
    TrainingHooks hooks;
    hooks.step_every = 4;
    hooks.stop_requested = &stop;
    std::int64_t batch = 0;
    hooks.on_progress = [&](const Progress& progress) {
      batch = (progress.epoch - 1) * progress.batches + progress.batch;
      if (stop_after > 0 && batch >= stop_after) stop = true;
    };
    hooks.on_step = [&](const StepRecord& record) { steps[record.step] = record.loss; };
    hooks.on_diagnostics = [&](const DiagnosticRecord& record) {
      diagnostics[record.step] = nlohmann::json(record).dump();
    };
    return train(config, open_dataset(config.data), hooks,
                 {.file = file(name), .every_steps = every, .resume = resume});
  }

  // All that a run leaves behind but its times: parameters and optimizer state byte for byte, positions and sums.
  void expect_same_end(const std::string& a, const std::string& b) {
    Checkpoint one = read_checkpoint(file(a)), other = read_checkpoint(file(b));
    EXPECT_EQ(weights(one), weights(other));
    EXPECT_EQ(one.run.epochs.size(), other.run.epochs.size());
    for (std::size_t i = 0; i < one.run.epochs.size() && i < other.run.epochs.size(); ++i) {
      const EpochRecord &x = one.run.epochs[i], &y = other.run.epochs[i];
      EXPECT_EQ(x.train, y.train);
      EXPECT_EQ(x.validation, y.validation);
      EXPECT_EQ(x.step, y.step);
    }
    EXPECT_EQ(one.run.best_validation_loss, other.run.best_validation_loss);
    EXPECT_EQ(one.run.unrecorded_loss, other.run.unrecorded_loss);
  }
  // The file without the metadata of the training, which holds times.
  static std::vector<std::byte> weights(const Checkpoint& checkpoint) {
    safetensors::Contents contents = checkpoint.contents;
    EXPECT_GT(contents.tensors.size(), 8u);
    EXPECT_EQ(contents.metadata.erase("training"), 1u);
    return safetensors::to_bytes(contents);
  }
  /// Rewrites the training's part of a checkpoint's metadata.
  template <class Change>
  static void change_training(const std::filesystem::path& checkpoint, const Change& change) {
    safetensors::Contents contents = safetensors::read(checkpoint);
    nlohmann::json training = nlohmann::json::parse(contents.metadata.at("training"));
    change(training);
    contents.metadata["training"] = training.dump();
    safetensors::write(checkpoint, contents);
  }

  /// Makes the checkpoint `bad` out of `good`: what stands at the pointer has this value.
  void change(const std::string& pointer, const nlohmann::json& value) const {
    std::filesystem::copy_file(file("good"), file("bad"), std::filesystem::copy_options::overwrite_existing);
    change_training(file("bad"),
                    [&](nlohmann::json& training) { training[nlohmann::json::json_pointer(pointer)] = value; });
  }
  /// What is said of it when it is read.
  std::string error_with(const std::string& pointer, const nlohmann::json& value) const {
    change(pointer, value);
    return error_of([&] { read_checkpoint(file("bad")); });
  }

  test::TemporaryFolder folder;
  TrainingConfig config;
  std::map<std::int64_t, double> steps;
  std::map<std::int64_t, std::string> diagnostics;
};

// 270 training images: 9 batches an epoch, 27 steps in all.
TEST_F(Resume, GivesTheBitsOfAnUninterruptedRun) {
  for (const char* model : {"mlp", "cnn"}) {
    config.model = model;
    steps.clear();
    diagnostics.clear();
    EXPECT_EQ(run("whole", false).outcome, Outcome::completed);
    const auto expected = steps;
    const auto expected_diagnostics = diagnostics;
    EXPECT_EQ(expected_diagnostics.size(), 5U) << "steps 1, 2, 5, 10 and 20";
    // Mid-epoch, at the epoch's end, in the first and in the last step.
    for (const std::int64_t stop_after : {1, 5, 9, 14, 26}) {
      steps.clear();
      diagnostics.clear();
      const TrainingResult part = run("parts", false, stop_after);
      EXPECT_EQ(part.outcome, Outcome::interrupted);
      EXPECT_EQ(part.steps, stop_after);
      const TrainingResult rest = run("parts", true);
      EXPECT_EQ(rest.outcome, Outcome::completed);
      EXPECT_EQ(rest.steps, 27);
      expect_same_end("whole", "parts");
      EXPECT_EQ(steps, expected) << model << ' ' << stop_after;
      EXPECT_EQ(diagnostics, expected_diagnostics) << model << ' ' << stop_after;
    }
  }
}

TEST_F(Resume, SeesTheSameAugmentedImages) {
  run("plain", false);
  const auto plain = steps;
  config.augment = "flip,shift=2";
  steps.clear();
  run("whole", false);
  const auto expected = steps;
  EXPECT_NE(expected, plain);
  for (const std::int64_t stop_after : {5, 9, 14}) {
    steps.clear();
    run("parts", false, stop_after);
    EXPECT_EQ(run("parts", true).outcome, Outcome::completed);
    expect_same_end("whole", "parts");
    EXPECT_EQ(steps, expected) << stop_after;
  }
}

TEST_F(Resume, ARunOfBeforeKeepsItsValidationPart) {
  config.data = "make:spirals,classes=3,rows=300";
  config.validation_by_class = false;
  run("whole", false);
  run("parts", false, 5);
  change_training(file("parts"),
                  [](nlohmann::json& training) { EXPECT_EQ(training.at("config").erase("validation_by_class"), 1u); });
  EXPECT_EQ(run("parts", true).outcome, Outcome::completed);
  expect_same_end("whole", "parts");
  config.validation_by_class = true;
  EXPECT_THAT(error_of([&] { run("parts", true); }), HasSubstr("validation_by_class was false"));
}

TEST_F(Resume, ManyTimesInOneRun) {
  config.schedule = parse_schedule("cosine:warmup=6");
  run("whole", false);
  run("parts", false, 3);
  for (const std::int64_t stop_after : {4, 11, 12, 20, 25}) run("parts", true, stop_after);
  EXPECT_EQ(run("parts", true).outcome, Outcome::completed);
  expect_same_end("whole", "parts");
}

// Clip, averages, groups and the schedule of the optimizer's own text; a plateau follows the validation loss.
TEST_F(Resume, OfAllThatADescriptionSays) {
  for (const char* optimizer :
       {"adamw:lr=0.01 clip=global_norm:0.5 average=ema:0.9 schedule=cosine:steps=20,warmup=4 "
        "group[*.bias]=weight_decay=0,lr_scale=2",
        "sgd:lr=0.05,momentum=0.5 average=mean:start=5 schedule=plateau:factor=0.5,patience=0,threshold=0.9"}) {
    config.optimizer = optimizer;
    steps.clear();
    run("whole", false);
    const auto expected = steps;
    for (const std::int64_t stop_after : {3, 9, 13, 18}) {
      steps.clear();
      run("parts", false, stop_after);
      EXPECT_EQ(run("parts", true).outcome, Outcome::completed);
      expect_same_end("whole", "parts");
      EXPECT_EQ(steps, expected) << optimizer << ' ' << stop_after;
    }
  }
  const std::vector<EpochRecord> epochs = read_checkpoint(file("whole")).run.epochs;
  ASSERT_EQ(epochs.size(), 3);
  EXPECT_EQ(epochs[0].lr, 0.05);
  EXPECT_EQ(epochs[1].lr, 0.05);
  EXPECT_EQ(epochs[2].lr, 0.025) << "the loss did not fall by nine tenths in the second epoch";
}

// As if the process had been killed: what was done after the last checkpoint is done again.
TEST_F(Resume, FromACheckpointInTheMiddle) {
  run("whole", false);
  struct Killed {};
  TrainingHooks hooks;
  hooks.on_progress = [](const Progress& progress) {
    if (progress.epoch == 2 && progress.batch == 5) throw Killed{};
  };
  EXPECT_THROW(
      train(config, open_dataset(config.data), hooks, {.file = file("parts"), .every_steps = 4, .resume = false}),
      Killed);
  EXPECT_EQ(read_checkpoint(file("parts")).run.step, 12);
  EXPECT_EQ(run("parts", true).steps, 27);
  expect_same_end("whole", "parts");
}

TEST_F(Resume, CheckpointsInBetweenChangeNothing) {
  run("whole", false);
  run("often", false, 0, 1);
  expect_same_end("whole", "often");
}

TEST_F(Resume, CheckpointsThatAreFewAreThereWhereARunStops) {
  run("whole", false);
  const Checkpointing few{.file = file("few"), .every_steps = 0, .least_seconds = 1e6, .resume = false};
  train(config, open_dataset(config.data), {}, few);
  EXPECT_FALSE(std::filesystem::exists(few.file));
  std::atomic<bool> stop = false;
  TrainingHooks hooks;
  hooks.on_epoch = [&](const EpochRecord& record) { stop = record.epoch == 2; };
  hooks.stop_requested = &stop;
  EXPECT_EQ(train(config, open_dataset(config.data), hooks, few).outcome, Outcome::interrupted);
  EXPECT_EQ(read_checkpoint(few.file).run.step, 18);
  run("few", true);
  expect_same_end("whole", "few");
}

TEST_F(Resume, ToMoreEpochs) {
  run("whole", false);
  config.stop.epochs = 1;
  run("parts", false);
  config.stop.epochs = 3;
  EXPECT_EQ(run("parts", true).epochs, 3);
  expect_same_end("whole", "parts");
}

TEST_F(Resume, AfterAStepLimit) {
  run("whole", false);
  config.stop.steps = 13;
  EXPECT_EQ(run("parts", false).steps, 13);
  config.stop.steps.reset();
  run("parts", true);
  expect_same_end("whole", "parts");
}

TEST_F(Resume, OfAFinishedRunTrainsNoMore) {
  const TrainingResult first = run("whole", false);
  const auto before = read_file(file("whole"));
  const TrainingResult again = run("whole", true);
  EXPECT_EQ(again.outcome, Outcome::completed);
  EXPECT_EQ(again.steps, first.steps);
  EXPECT_EQ(again.test, first.test);
  EXPECT_EQ(read_file(file("whole")), before);
}

TEST_F(Resume, KeepsCountingEpochsWithoutImprovement) {
  config.optimizer = "sgd:lr=0,momentum=0.5";
  config.stop.epochs = 20;
  config.stop.patience = 3;
  run("parts", false, 9 * 2 + 4);
  const TrainingResult result = run("parts", true);
  EXPECT_EQ(result.outcome, Outcome::stopped);
  EXPECT_EQ(result.epochs, 4);
  EXPECT_EQ(run("parts", true).epochs, 4) << "stays stopped";
}

TEST_F(Resume, RefusesAnotherConfigurationByName) {
  run("parts", false, 5);
  const TrainingConfig original = config;
  const auto refused = [&](auto&& change) {
    config = original;
    change(config);
    const std::string message = error_of([&] { run("parts", true); });
    config = original;
    return message;
  };
  EXPECT_THAT(refused([](TrainingConfig& c) { c.batch = 16; }),
              AllOf(HasSubstr("batch"), HasSubstr("32"), HasSubstr("16")));
  EXPECT_THAT(refused([](TrainingConfig& c) { c.optimizer = "rmsprop:lr=0.1"; }), HasSubstr("optimizer"));
  EXPECT_THAT(refused([](TrainingConfig& c) { c.seed = 7; }), HasSubstr("seed"));
  EXPECT_THAT(refused([](TrainingConfig& c) { c.network.dense = {16, 16}; }), HasSubstr("dense"));
  EXPECT_THAT(refused([](TrainingConfig& c) { c.threads = 1; }), HasSubstr("threads"));
  EXPECT_THAT(refused([](TrainingConfig& c) { c.schedule = parse_schedule("constant:warmup=3"); }),
              AllOf(HasSubstr("schedule was \"constant\""), HasSubstr("\"constant:warmup=3\"")));
  config.stop.epochs = 5;
  EXPECT_EQ(run("parts", true).epochs, 5);
}

TEST_F(Resume, RefusesACosineOfAnotherLength) {
  config.schedule = schedule::Cosine{};
  run("parts", false, 5);
  config.stop.epochs = 5;
  EXPECT_THAT(error_of([&] { run("parts", true); }),
              AllOf(HasSubstr("epochs"), HasSubstr("the length that the schedule is measured by")));
}

TEST_F(Resume, DeepTextsInACheckpointEndNothing) {
  const std::string deep = std::string(60'000, '[') + std::string(60'000, ']');
  safetensors::write(file("deep"), {.tensors = {}, .metadata = {{"training", deep}}});
  EXPECT_THAT(error_of([&] { read_checkpoint(file("deep")); }), AllOf(HasSubstr("deep"), HasSubstr("nested deeper")));
}

TEST_F(Resume, RefusesOtherImages) {
  run("parts", false, 5);
  test::write_learnable_dataset(folder.path(), 301, 60);
  EXPECT_THAT(error_of([&] { run("parts", true); }), AllOf(HasSubstr("other examples"), HasSubstr("--data")));
}

TEST_F(Resume, KnowsDataByTheirContentsNotTheirPath) {
  run("whole", false);
  run("parts", false, 5);
  const test::TemporaryFolder elsewhere;
  for (const char* part : {"train", "t10k"}) {
    const std::string images = std::string(part) + "-images-idx3-ubyte",
                      labels = std::string(part) + "-labels-idx1-ubyte";
    // Compressed and under the dotted name: still the same images.
    test::write_bytes(elsewhere.path() / (std::string(part) + "-images.idx3-ubyte.gz"),
                      test::gzip_bytes(test::read_bytes(folder.path() / images)));
    std::filesystem::rename(folder.path() / labels, elsewhere.path() / labels);
  }
  config.data = "idx:" + elsewhere.path().string();
  run("parts", true);
  expect_same_end("whole", "parts");
  EXPECT_EQ(read_checkpoint(file("parts")).data_folder, elsewhere.path().string());
}

TEST_F(Resume, RefusesOtherLabels) {
  run("parts", false, 5);
  const std::filesystem::path labels = folder.path() / "t10k-labels-idx1-ubyte";
  test::Bytes bytes = test::read_bytes(labels);
  bytes.back() = static_cast<std::uint8_t>((bytes.back() + 1) % 10);
  test::write_bytes(labels, bytes);
  EXPECT_THAT(error_of([&] { run("parts", true); }), HasSubstr("other examples"));
}

// Checkpoints of earlier versions know their images by number and statistics alone.
TEST_F(Resume, AnOldCheckpointKnowsItsImagesByTheirStatistics) {
  run("whole", false);
  run("parts", false, 5);
  change_training(file("parts"), [](nlohmann::json& training) {
    for (const char* key : {"data", "data_folder"}) training.erase(key);
    for (const char* key : {"first_losses", "first_steps", "high_steps"}) training["run"].erase(key);
  });
  run("parts", true);
  expect_same_end("whole", "parts");
  change_training(file("parts"), [](nlohmann::json& training) { training.erase("data"); });
  test::write_learnable_dataset(folder.path(), 301, 60);
  EXPECT_THAT(error_of([&] { run("parts", true); }), HasSubstr("other training examples"));
}

TEST_F(Resume, DivergesWhereAnUninterruptedRunDoes) {
  config.model = "softmax";
  config.optimizer = "sgd:lr=10,maximize=true";  // the loss rises by about as much at every step, for ever
  config.stop.epochs = 100;
  const TrainingResult whole = run("whole", false);
  ASSERT_EQ(whole.outcome, Outcome::diverged);
  // Among the first 20, and among the last, which are already too high.
  run("parts", false, 7);
  run("parts", true, whole.steps - 8);
  EXPECT_GT(read_checkpoint(file("parts")).run.losses.high_steps, 0);
  const TrainingResult parts = run("parts", true);
  EXPECT_EQ(parts.outcome, Outcome::diverged);
  EXPECT_EQ(parts.steps, whole.steps);
  EXPECT_EQ(parts.reason, whole.reason);
}

// Earlier versions gave every model at least ten outputs.
TEST_F(Resume, AModelKeepsTheOutputsThatItHas) {
  test::Bytes labels = test::read_bytes(folder.path() / "train-labels-idx1-ubyte");
  for (std::size_t i = 8; i < labels.size(); ++i) labels[i] %= 3;
  test::write_bytes(folder.path() / "train-labels-idx1-ubyte", labels);
  labels = test::read_bytes(folder.path() / "t10k-labels-idx1-ubyte");
  for (std::size_t i = 8; i < labels.size(); ++i) labels[i] %= 3;
  test::write_bytes(folder.path() / "t10k-labels-idx1-ubyte", labels);
  config.stop.epochs = 1;
  run("three", false);
  EXPECT_EQ(outputs_of(read_checkpoint(file("three"))), 3);

  Dataset as_before = open_dataset(config.data);
  as_before.target.classes = 10;
  train(config, as_before, {}, {.file = file("ten"), .every_steps = 0, .resume = false});
  EXPECT_EQ(outputs_of(read_checkpoint(file("ten"))), 10);
  config.stop.epochs = 2;
  EXPECT_EQ(run("ten", true).epochs, 2);
  EXPECT_EQ(outputs_of(read_checkpoint(file("ten"))), 10);
}

// Every number of a checkpoint, made one that no training has.
TEST_F(Resume, RefusesNumbersThatAreNone) {
  run("good", false, 5);
  for (const nlohmann::json& value : {nlohmann::json(0), nlohmann::json(1000000), nlohmann::json(4294967297)}) {
    EXPECT_THAT(error_with("/threads", value), AllOf(HasSubstr("threads"), HasSubstr("bad.safetensors"))) << value;
  }
  for (const char* key :
       {"/examples", "/run/epoch", "/run/batch", "/run/step", "/run/epoch_loss", "/run/epoch_examples",
        "/run/epoch_sums", "/run/epoch_seconds", "/run/seconds", "/scaling/mean", "/scaling/deviation",
        "/scaling/target_mean", "/scaling/target_deviation", "/run/unrecorded_loss", "/run/unrecorded_steps",
        "/run/first_losses", "/run/first_steps", "/run/high_steps", "/run/epochs_without_improvement"}) {
    const std::string name = std::string(key).substr(std::string(key).rfind('/') + 1);
    for (const nlohmann::json& value :
         {nlohmann::json(-1), nlohmann::json("1"), nlohmann::json(nullptr), nlohmann::json::array()}) {
      const bool is_in_range = (name == "target_mean" && value == -1) || (value.is_array() && name == "epoch_sums");
      if (is_in_range) continue;
      EXPECT_THAT(error_with(key, value), HasSubstr(name)) << key << ' ' << value;
    }
  }
  EXPECT_THAT(error_with("/run/step", 1e300), HasSubstr("whole number"));
  EXPECT_THAT(error_with("/format", 1e300), HasSubstr("whole number"));
  EXPECT_THAT(error_with("/format", 2), HasSubstr("newer"));
  EXPECT_THAT(error_with("/config/optimizer", "rmsprop:lr=0.c"), AllOf(HasSubstr("bad"), HasSubstr("0.c")));
  EXPECT_THAT(error_with("/scaling/deviation", {0}), HasSubstr("deviation"));
  EXPECT_THAT(error_with("/run/epochs", nlohmann::json::array({{{"epoch", -1}}})), HasSubstr("epoch"));
  // In range each, but no position of this run.
  for (const auto& [key, value] : {std::pair{"/run/epoch", std::int64_t{1} << 31},
                                   std::pair{"/run/batch", std::int64_t{9}}, std::pair{"/run/step", std::int64_t{6}}}) {
    change(key, value);
    EXPECT_THAT(error_of([&] { run("bad", true); }), HasSubstr("is none")) << key;
  }
}

// Models, batches and predictions go by these numbers.
TEST_F(Resume, RefusesDataThatCannotBe) {
  run("good", false, 5);
  const std::vector<nlohmann::json> shapes{{28, 28},
                                           {1, 28, 0},
                                           {1, 28, -28},
                                           {1, 28, 1e300},
                                           {1, 28.5, 28},
                                           {1, "28", 28},
                                           {1, 1UL << 31, 1UL << 31},
                                           784,
                                           {1, 28, 1UL << 63}};
  for (const nlohmann::json& shape : shapes) {
    EXPECT_THAT(error_with("/dataset/inputs/0/shape", shape), AllOf(HasSubstr("bad"), HasSubstr("shape"))) << shape;
  }
  EXPECT_THAT(error_with("/dataset/inputs/0/sizes", {3}), HasSubstr("sizes"));
  EXPECT_THAT(error_with("/dataset/inputs/0/kind", "categories"), HasSubstr("shape"));
  EXPECT_THAT(error_with("/dataset/inputs/0", {{"kind", "categories"}, {"shape", {2}}, {"sizes", {3}}}),
              HasSubstr("sizes"));
  EXPECT_THAT(error_with("/dataset/inputs/0", {{"kind", "categories"}, {"shape", {1}}, {"sizes", {3}}}),
              HasSubstr("scaling"));
  for (const nlohmann::json& classes : {nlohmann::json(0), nlohmann::json(-1), nlohmann::json(2.5)}) {
    EXPECT_THAT(error_with("/dataset/target/classes", classes), HasSubstr("classes")) << classes;
  }
  EXPECT_THAT(error_with("/dataset/target/class_names", {"a"}), HasSubstr("names"));
  EXPECT_THAT(error_with("/dataset/target/length", 0), HasSubstr("length"));
  EXPECT_THAT(error_with("/scaling/known", {{1, -2.5}}), HasSubstr("known"));
  EXPECT_THAT(error_with("/scaling/known", {{1, 2}}), HasSubstr("known"));
  EXPECT_THAT(error_with("/class_weights", {1, 2}), HasSubstr("class_weights"));
  // Each can be, but not together.
  change("/config/model", "linear");
  EXPECT_THAT(error_of([&] { load_trained_model(file("bad")); }), HasSubstr("linear"));
}

TEST_F(Resume, RefusesWhatIsNoCheckpoint) {
  EXPECT_THAT(error_of([&] { run("nothing", true); }), HasSubstr("nothing.safetensors"));
  safetensors::write(file("foreign"), {});
  EXPECT_THAT(error_of([&] { run("foreign", true); }), AllOf(HasSubstr("foreign"), HasSubstr("no checkpoint")));
  run("cut", false, 5);
  auto bytes = read_file(file("cut"));
  bytes.resize(bytes.size() - 1);
  replace_file(file("cut"), bytes);
  EXPECT_THAT(error_of([&] { run("cut", true); }), HasSubstr("cut.safetensors"));
}

}  // namespace
}  // namespace thalweg::lab

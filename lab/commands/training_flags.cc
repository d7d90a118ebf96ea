// The flags that say how to train.
#include "commands/training_flags.h"

#include "commands/exit.h"
#include "training/optimizer.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <string>

namespace thalweg::lab {

void add_training_flags(CLI::App& command, TrainingConfig& config) {
  const auto task = "Task";
  command.add_option("--model", config.model, "softmax, mlp or cnn")->group(task)->capture_default_str();
  command.add_option("--dense", config.dense, "Widths of the hidden dense layers, as 128 or 256,64")
      ->group(task)
      ->delimiter(',')
      ->capture_default_str();
  command.add_option("--data", config.data, "fashion-mnist, or idx:FOLDER with files named as MNIST's")
      ->group(task)
      ->capture_default_str();
  command.add_option("--train-limit", config.train_limit, "Use only the first N training images; 0: all")->group(task);
  command.add_option("--test-limit", config.test_limit, "Use only the first N test images; 0: all")->group(task);
  command.add_option("--validation-fraction", config.validation_fraction, "Share of the training set, 0 to 0.5")
      ->group(task)
      ->capture_default_str();
  command.add_option("--split-seed", config.split_seed, "Chooses the validation part")->group(task);
  command.add_option("--batch", config.batch, "Images a step")->group(task)->capture_default_str();

  const auto stop = "When to stop";
  command.add_option("--epochs", config.stop.epochs, "At most so many epochs")->group(stop)->capture_default_str();
  command.add_option("--steps", config.stop.steps, "At most so many steps")->group(stop);
  command.add_option("--seconds", config.stop.seconds, "After so many seconds")->group(stop);
  command.add_option("--target-accuracy", config.stop.target_accuracy, "At this validation accuracy, in (0, 1]")
      ->group(stop);
  command.add_option("--patience", config.stop.patience, "After N epochs without a smaller validation loss")
      ->group(stop);
  command.add_option("--tolerance", config.stop.tolerance, "By more than this must the loss fall, for --patience")
      ->group(stop)
      ->capture_default_str();

  const auto schedule = "Learning-rate schedule";
  command
      .add_option("--schedule", config.schedule.kind,
                  "constant, step, exponential or cosine, unless the optimizer has schedule=")
      ->group(schedule)
      ->capture_default_str();
  command.add_option("--gamma", config.schedule.gamma, "step, exponential: the factor")
      ->group(schedule)
      ->capture_default_str();
  command.add_option("--every", config.schedule.every, "step: epochs between two factors")
      ->group(schedule)
      ->capture_default_str();
  command.add_option("--floor", config.schedule.floor, "cosine: the factor it ends at")
      ->group(schedule)
      ->capture_default_str();
  command.add_option("--warmup-steps", config.schedule.warmup_steps, "Rise from 0 over the first N steps")
      ->group(schedule);
}

void check_training_flags(const CLI::App& command, const TrainingConfig& config) {
  const auto refuse = [&](const char* flag, bool useless, const std::string& why) {
    if (useless && command.count(flag) > 0) throw UsageError(fmt::format("{}: {}", flag, why));
  };
  const std::string& schedule = config.schedule.kind;
  const std::string with_schedule = fmt::format("means nothing with --schedule {}; it is for ", schedule);
  const bool has_its_own = read_optimizer(config.optimizer).schedule.has_value();
  for (const char* flag : {"--schedule", "--gamma", "--every", "--floor", "--warmup-steps"}) {
    refuse(flag, has_its_own, "means nothing beside the schedule that the optimizer's own text has");
  }
  refuse("--dense", config.model == "softmax", "the model softmax takes no hidden layers; mlp and cnn do");
  refuse("--gamma", schedule != "step" && schedule != "exponential", with_schedule + "step and exponential");
  refuse("--every", schedule != "step", with_schedule + "step");
  refuse("--floor", schedule != "cosine", with_schedule + "cosine");
  refuse("--tolerance", !config.stop.patience, "means nothing without --patience");
}

}  // namespace thalweg::lab

// The flags that say how to train.
#include "commands/training_flags.h"

#include "commands/exit.h"
#include "training/optimizer.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
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

  command
      .add_option_function<std::string>(
          "--schedule",
          [&config](const std::string& text) { config.schedule = as_usage([&] { return parse_schedule(text); }); },
          "Of the learning rate, as `thalweg schedule` shows them, unless the optimizer's text has schedule=")
      ->type_name("TEXT")
      ->group("Optimizer")
      ->default_str(config.schedule.text());
}

void check_training_flags(const CLI::App& command, const TrainingConfig& config,
                          std::span<const std::string> optimizers) {
  const auto refuse = [&](const char* flag, bool useless, const std::string& why) {
    if (useless && command.count(flag) > 0) throw UsageError(fmt::format("{}: {}", flag, why));
  };
  refuse("--schedule",
         std::ranges::all_of(optimizers,
                             [](const std::string& text) { return read_optimizer(text).schedule.has_value(); }),
         "means nothing beside the schedule that the optimizer's own text has");
  refuse("--dense", config.model == "softmax", "the model softmax takes no hidden layers; mlp and cnn do");
  refuse("--tolerance", !config.stop.patience, "means nothing without --patience");
}

}  // namespace thalweg::lab

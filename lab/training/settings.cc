// The settings of a training: the list, their JSON and their ranges.
#include "training/settings.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <type_traits>

namespace thalweg::lab {
namespace {

template <class Number>
void check_number(const Setting& setting, Number number) {
  if (setting.range.contains(static_cast<double>(number))) return;
  throw Error(fmt::format("{} = {} is outside {}", setting.name, number, setting.range.text()));
}

}  // namespace

std::vector<Setting> settings_of(TrainingConfig& config) {
  using enum SettingGroup;
  using enum OnResume;
  StopConditions& conditions = config.stop;
  return {
      {"model", "softmax, mlp or cnn", task, &config.model},
      {"dense", "Widths of the hidden dense layers, as 128 or 256,64", task, &config.dense, at_least(1)},
      {"data", "fashion-mnist, or idx:FOLDER with files named as MNIST's", task, &config.data, {}, free},
      {"train_limit", "Use only the first N training images; 0: all", task, &config.train_limit, at_least(0)},
      {"test_limit", "Use only the first N test images; 0: all", task, &config.test_limit, at_least(0)},
      {"validation_fraction", "Share of the training set, 0 to 0.5", task, &config.validation_fraction,
       between(0, 0.5)},
      {"split_seed", "Chooses the validation part", task, &config.split_seed},
      {"batch", "Images a step", task, &config.batch, at_least(1)},
      {"epochs", "At most so many epochs", stop, &conditions.epochs, at_least(1), free_unless_measured},
      {"steps", "At most so many steps", stop, &conditions.steps, at_least(1), free_unless_measured},
      {"seconds", "After so many seconds", stop, &conditions.seconds, above(0), free},
      {"target_accuracy", "At this validation accuracy, in (0, 1]", stop, &conditions.target_accuracy,
       Range{.low = 0, .high = 1, .high_open = false, .low_open = true}, free},
      {"patience", "After N epochs without a smaller validation loss", stop, &conditions.patience, at_least(1), free},
      {"tolerance", "By more than this must the loss fall, for --patience", stop, &conditions.tolerance, at_least(0),
       free},
      {"optimizer", "Rule, options and what is around, as below", optimizer, &config.optimizer},
      {"schedule", "Of the learning rate, as `thalweg schedule` shows them, unless the optimizer's text has schedule=",
       optimizer, &config.schedule},
      {"seed", "First weights and order of images", run, &config.seed},
      {"threads", "0: all cores", run, &config.threads, between(0, kMostThreads)},
      {"test_at_end", "Evaluate on the test part when all is done", none, &config.test_at_end, {}, free},
  };
}

nlohmann::json value_json(const Setting& setting) {
  return std::visit(
      [](const auto* value) -> nlohmann::json {
        using T = std::remove_cvref_t<decltype(*value)>;
        if constexpr (std::is_same_v<T, Schedule>) {
          return value->text();
        } else if constexpr (kIsOptional<T>) {
          return *value ? nlohmann::json(**value) : nlohmann::json(nullptr);
        } else {
          return *value;
        }
      },
      setting.value);
}

void check(const Setting& setting) {
  std::visit(
      [&](const auto* value) {
        using T = std::remove_cvref_t<decltype(*value)>;
        if constexpr (std::is_same_v<T, std::vector<std::int64_t>>) {
          for (const std::int64_t number : *value) check_number(setting, number);
        } else if constexpr (kIsOptional<T>) {
          if (*value) check_number(setting, **value);
        } else if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) {
          check_number(setting, *value);
        }
      },
      setting.value);
}

}  // namespace thalweg::lab

// The settings of a training: the list, their JSON and their ranges.
#include "training/settings.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <algorithm>
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
  ModelOptions& network = config.network;
  DataOptions& options = config.data_options;
  return {
      {"model", "Kind of network", model, &config.model},
      {"dense", "Widths of the hidden dense layers, as 128 or 256,64; 0: none", model, &network.dense, at_least(0)},
      {"activation", "Behind hidden dense layers: relu, tanh, sigmoid, gelu", model, &network.activation},
      {"dropout", "Share of hidden units that a step leaves out", model, &network.dropout, from_below(0, 1)},
      {"batch_norm", "Normalise hidden dense layers over the batch", model, &network.batch_norm},
      {"factors", "Factors of each user and item", model, &network.factors, at_least(1)},
      {"hidden", "Width of recurrent layers", model, &network.hidden, at_least(1)},
      {"layers", "Number of recurrent layers", model, &network.layers, between(1, 64)},
      {"data", "As `thalweg data` lists them: fashion-mnist, csv:FILE, …", data, &config.data, {}, free},
      {"target", "Column of a table that is predicted", data, &options.target},
      {"positive", "Of two classes the one whose probability counts", data, &options.positive},
      {"column", "NAME=numeric, =category or =ignore, for a column of a table", data, &options.columns},
      {"window", "Rows of a series that are an example's input; 0: a table is no series", data, &options.window,
       at_least(0)},
      {"horizon", "Steps from a window's last row to its target", data, &options.horizon, at_least(1)},
      {"test_data", "Data whose examples are the test part", data, &options.test_data},
      {"test_fraction", "Of data without parts: share of the test part; 0: .2, of series and text the last .1", data,
       &options.test_fraction, from_below(0, 1)},
      {"validation_fraction", "Share of the training part, 0 to 0.5", data, &config.validation_fraction,
       between(0, 0.5)},
      {"validation_by_class", "Has of each class the same share, where parts are drawn", none,
       &config.validation_by_class},
      {"validation_folds", "Of so many parts of the training part one validates", none, &config.validation_folds,
       at_least(0)},
      {"validation_fold", "Which of them", none, &config.validation_fold, at_least(0)},
      {"words", "Of spoken words those that are told apart, as yes,no; all others are `unknown`", data, &options.words},
      {"clip_seconds", "Length to which clips of sound are brought", data, &options.clip_seconds, between(0.1, 10)},
      {"split_seed", "Chooses validation and test parts", data, &options.split_seed},
      {"split", "Of ratings: time (each user's last test) or random; by default time, where there are times", data,
       &options.split},
      {"scale", "Of ratings: LOW,HIGH or LOW,HIGH,STEP, outside of which one is refused", data, &options.scale},
      {"duplicates", "Of ratings of one item by one user: last (the latest counts) or keep; by default refused", data,
       &options.duplicates},
      {"implicit", "Ratings are choices, and items are ranked by this loss: bpr or softmax", data, &options.implicit},
      {"negatives", "Items drawn for each choice, which --implicit ranks below it; 0: by its loss", data,
       &config.negatives, between(0, 1024)},
      {"folds", "Cross-validation: a training for each of N parts, which tests it; 0: none", data, &config.folds,
       at_least(0)},
      {"fold", "Which of them", none, &config.fold, at_least(0)},
      {"train_limit", "Use only the first N training examples; 0: all", data, &config.train_limit, at_least(0)},
      {"test_limit", "Use only the first N test examples; 0: all", data, &config.test_limit, at_least(0)},
      {"class_weights", "balanced: each class counts alike in the loss, however many examples it has", data,
       &config.class_weights},
      {"cost", "Of two classes FN:FP, as 5:1: what a missed positive costs, and a false one; chooses a threshold", data,
       &config.cost},
      {"augment",
       "Varies training images: flip mirrors half of them, shift=N moves them by up to N pixels; sounds: shift=N ms, "
       "noise=DB, gain=DB",
       data, &config.augment},
      {"batch", "Examples a step; 0: by model and data", data, &config.batch, at_least(0)},
      {"epochs", "At most so many epochs; 0: by model and data", stop, &conditions.epochs, at_least(0),
       free_unless_measured},
      {"steps", "At most so many steps", stop, &conditions.steps, at_least(1), free_unless_measured},
      {"seconds", "After so many seconds", stop, &conditions.seconds, above(0), free},
      {"goal",
       "At this value of the task's first metric on the validation part, as an accuracy of 0.9",
       stop,
       &conditions.goal,
       {},
       free},
      {"patience", "After N epochs without a smaller validation loss", stop, &conditions.patience, at_least(1), free},
      {"tolerance", "By more than this must the loss fall, for --patience", stop, &conditions.tolerance, at_least(0),
       free},
      {"restore_best", "End with the weights of the smallest validation loss", stop, &config.restore_best},
      {"optimizer", "Rule, options and what is around, as below", optimizer, &config.optimizer},
      {"schedule", "Of the learning rate, as `thalweg schedule` shows them, unless the optimizer's text has schedule=",
       optimizer, &config.schedule},
      {"seed", "First weights, order of examples, dropout, augmentation", run, &config.seed},
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

std::string flag_of(const char* setting) {
  std::string flag = std::string("--") + setting;
  std::ranges::replace(flag, '_', '-');
  return flag;
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

// Which examples of a data set train, validate and test.
#include "training/split.h"

#include "data/parts.h"

#include <thalweg/error.h>
#include <thalweg/random.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <utility>

namespace thalweg::lab {
namespace {

std::vector<std::int64_t> first(std::vector<std::int64_t> examples, std::int64_t limit) {
  if (limit > 0 && limit < std::ssize(examples)) examples.resize(static_cast<std::size_t>(limit));
  return examples;
}

}  // namespace

Dataset open_training_data(const TrainingConfig& config) {
  Dataset dataset = open_dataset(config.data, config.data_options);
  if (config.fold > 0) take_fold(dataset, config.folds, config.fold, config.data_options.split_seed);
  return dataset;
}

Split split(const Dataset& dataset, const TrainingConfig& config) {
  Split result;
  result.test = first(dataset.test, config.test_limit);
  std::vector<std::int64_t> all = first(dataset.train, config.train_limit);
  if (config.validation_folds > 0) {
    if (dataset.in_order || dataset.has_histories) {
      throw Error(fmt::format("{} validation folds: {} is in order, and its parts are not drawn",
                              config.validation_folds, dataset.name));
    }
    if (config.validation_folds > std::ssize(all)) {
      throw Error(
          fmt::format("{} validation folds: there are {} training examples", config.validation_folds, all.size()));
    }
    Drawn parts = deal(std::move(all), config.validation_folds, config.validation_fold,
                       Random(config.data_options.split_seed, RandomPurpose::split, "validation folds"),
                       [&](std::int64_t example) { return dataset.examples->label(example); });
    result.validation = std::move(parts.drawn);
    result.training = std::move(parts.kept);
    return result;
  }
  if (!dataset.validation.empty() && config.validation_fraction > 0) {
    std::ranges::set_intersection(all, dataset.validation, std::back_inserter(result.validation));
    std::ranges::set_difference(all, dataset.validation, std::back_inserter(result.training));
    if (result.validation.empty() || result.training.empty()) {
      throw Error(
          fmt::format("{} of {}: {} of them are of the data's own validation part; give a larger --train-limit, or a "
                      "--validation-fraction of 0",
                      all.size(), dataset.name, result.validation.size()));
    }
    return result;
  }
  const auto validation =
      static_cast<std::ptrdiff_t>(std::llround(static_cast<double>(all.size()) * config.validation_fraction));
  const auto refuse = [&](const char* what) {
    throw Error(
        fmt::format("validation fraction = {} of {} examples {}; give a larger --train-limit, another "
                    "--validation-fraction, or 0 for none",
                    config.validation_fraction, all.size(), what));
  };
  if (validation == 0 && config.validation_fraction > 0) refuse("is not one example");
  if (validation == std::ssize(all)) refuse("leaves none to train on");
  const Random random(config.data_options.split_seed, RandomPurpose::split);
  if (dataset.has_histories) {
    result.validation = dataset.examples->latest(all, config.validation_fraction);
    if (result.validation.empty() && config.validation_fraction > 0) refuse("is of nobody's one example");
    std::ranges::set_difference(all, result.validation, std::back_inserter(result.training));
    return result;
  }
  if (dataset.in_order) {
    std::ranges::rotate(all, all.end() - validation);
  } else if (config.validation_by_class && dataset.are_parts_drawn) {
    Drawn parts = draw(std::move(all), config.validation_fraction, random,
                       [&](std::int64_t example) { return dataset.examples->label(example); });
    result.validation = std::move(parts.drawn);
    result.training = std::move(parts.kept);
    return result;
  } else {
    random.shuffle(all);
  }
  result.validation.assign(all.begin(), all.begin() + validation);
  result.training.assign(all.begin() + validation, all.end());
  std::ranges::sort(result.training);
  std::ranges::sort(result.validation);
  return result;
}

std::vector<float> class_weights(const Dataset& dataset, const TrainingConfig& config,
                                 const std::vector<std::int64_t>& training) {
  if (config.class_weights.empty()) return {};
  if (dataset.target.kind != TargetKind::label) {
    throw Error(fmt::format("--class-weights {}: {} has no classes as its target", config.class_weights, dataset.name));
  }
  std::vector<std::int64_t> counts(static_cast<std::size_t>(dataset.target.classes));
  for (const std::int64_t example : training) ++counts[static_cast<std::size_t>(dataset.examples->label(example))];
  std::vector<float> weights;
  for (const std::int64_t count : counts) {
    const double share = static_cast<double>(counts.size()) * static_cast<double>(count);
    weights.push_back(count == 0 ? 0.0f : static_cast<float>(static_cast<double>(training.size()) / share));
  }
  return weights;
}

}  // namespace thalweg::lab

// The suites.
#include "study/suite.h"

#include <thalweg/error.h>
#include <thalweg/suggest.h>
#include <thalweg/text.h>

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <numeric>

namespace thalweg::lab {
namespace {

std::vector<std::uint64_t> seeds_from(std::uint64_t first, std::size_t count) {
  std::vector<std::uint64_t> seeds(count);
  std::iota(seeds.begin(), seeds.end(), first);
  return seeds;
}

/// What tutorials compare RMSprop with, as they do it: each rule as it is, on four models, ten times. Their fault, one
/// learning rate for all, is left out.
Suite tutorial() {
  constexpr std::size_t kRepeats = 10;
  CompareConfig shared;
  shared.optimizers = {"rmsprop", "sgd", "adam", "nadam", "adagrad"};
  shared.seeds = seeds_from(1, kRepeats);
  const auto part = [&](const char* name, const char* question, const char* data, const char* model,
                        std::int64_t examples, std::int64_t epochs, std::int64_t tuning_epochs) {
    SuitePart result{.name = name, .question = question, .config = shared};
    TrainingConfig& training = result.config.training;
    training.data = data;
    training.model = model;
    training.train_limit = examples;
    training.stop.epochs = epochs;
    result.config.tuning.epochs = tuning_epochs;
    return result;
  };
  Suite suite{.name = "tutorial",
              .about =
                  "RMSprop, SGD, Adam, Nadam and Adagrad on four models, ten repeats each; about an hour on two "
                  "cores",
              .parts = {part("linear", "linear regression", "make:line,rows=2000", "linear", 0, 20, 20),
                        part("mlp", "a multilayer perceptron on images", "fashion-mnist", "mlp", 0, 8, 4),
                        part("cnn", "a convolutional network on images", "fashion-mnist", "cnn", 10'000, 8, 4),
                        part("lstm", "an LSTM that reads images row by row", "fashion-mnist", "lstm", 10'000, 8, 4)}};
  return suite;
}

/// Less of everything.
void make_quick(CompareConfig& config) {
  TrainingConfig& training = config.training;
  training.train_limit = training.test_limit = 300;
  training.stop.epochs = std::min<std::int64_t>(training.stop.epochs, 2);
  config.tuning.epochs = std::min<std::int64_t>(training.stop.epochs, 1);
  config.tuning.grid = {1e-3, 1e-2};
  config.tuning.given = true;
  config.seeds.resize(std::min<std::size_t>(config.seeds.size(), 2));
}

}  // namespace

std::vector<std::string> suite_names() { return {"tutorial"}; }

Suite make_suite(std::string_view name, bool quick) {
  if (name != "tutorial")
    throw Error(fmt::format("unknown suite '{}'{}", printable(name), suggest(name, suite_names())));
  Suite suite = tutorial();
  for (SuitePart& part : suite.parts) {
    if (quick) make_quick(part.config);
  }
  return suite;
}

}  // namespace thalweg::lab

// The suite tutorial: what tutorials compare RMSprop with.
#include "suites/experiments.h"

#include <cstdint>

namespace thalweg::lab {

Suite tutorial_suite(bool quick) {
  CompareConfig shared;
  shared.optimizers = {"rmsprop", "sgd", "adam", "nadam", "adagrad"};
  shared.seeds = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  Suite suite{.name = "tutorial", .about = "RMSprop, SGD, Adam, Nadam and Adagrad on four models, ten repeats each"};
  const auto add = [&](const char* name, const char* question, const char* data, const char* model,
                       std::int64_t examples, std::int64_t epochs, std::int64_t tuning_epochs) {
    CompareConfig config = shared;
    TrainingConfig& training = config.training;
    training.data = data;
    training.model = model;
    training.train_limit = examples;
    training.stop.epochs = epochs;
    config.tuning.epochs = tuning_epochs;
    suite.parts.push_back({.name = name, .question = question, .config = quick ? quickened(config) : config});
  };
  add("linear", "linear regression", "make:line,rows=2000", "linear", 0, 20, 20);
  add("mlp", "a multilayer perceptron on images", "fashion-mnist", "mlp", 0, 8, 4);
  add("cnn", "a convolutional network on images", "fashion-mnist", "cnn", 10'000, 8, 4);
  add("lstm", "an LSTM that reads images row by row", "fashion-mnist", "lstm", 10'000, 8, 4);
  return suite;
}

}  // namespace thalweg::lab

// Targets of what a user of LibTorch gains: whole training steps with thalweg's RMSprop against LibTorch's own, in one
// program. Most of such a step is the backward pass, which stays what it was.
#include "target.h"

#include <thalweg/libtorch.h>

#include <fmt/format.h>
#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/pooling.h>
#include <torch/optim/rmsprop.h>
#include <torch/utils.h>
#include <torch/version.h>

#include <memory>

namespace thalweg::bench {

namespace {

namespace nn = torch::nn;

constexpr std::int64_t kBatch = 64;
constexpr double kLr = 1e-3;

struct Task {
  std::string name, what;
  int steps;  // in one half of a pair
  std::function<nn::Sequential()> model;
};

nn::Sequential mlp(std::int64_t hidden) {
  return nn::Sequential(nn::Flatten(), nn::Linear(784, hidden), nn::ReLU(), nn::Linear(hidden, 10));
}

nn::Sequential cnn() {
  return nn::Sequential(nn::Conv2d(nn::Conv2dOptions(1, 32, 3).padding(1)), nn::ReLU(), nn::MaxPool2d(2),
                        nn::Conv2d(nn::Conv2dOptions(32, 64, 3).padding(1)), nn::ReLU(), nn::MaxPool2d(2),
                        nn::Flatten(), nn::Linear(64 * 7 * 7, 128), nn::ReLU(), nn::Linear(128, 10));
}

/// The loop's body as LibTorch's tutorials write it.
template <class MakeOptimizer>
Timed training_step(const Task& task, const MakeOptimizer& make_optimizer) {
  torch::manual_seed(1);
  nn::Sequential model = task.model();
  const std::shared_ptr<torch::optim::Optimizer> optimizer = make_optimizer(model);
  const torch::Tensor images = torch::randn({kBatch, 1, 28, 28}),
                      labels = torch::randint(0, 10, {kBatch}, torch::kLong);
  return [=, steps = task.steps]() mutable {
    return seconds_each(steps, [&] {
      optimizer->zero_grad();
      const torch::Tensor loss = torch::cross_entropy_loss(model->forward(images), labels);
      loss.backward();
      optimizer->step();
    });
  };
}

Measurement measure(const Task& task, int threads, int count) {
  torch::set_num_threads(threads);
  const Pairs pairs = measure_pairs(
      count,
      training_step(task,
                    [&](nn::Sequential& model) {
                      return std::make_shared<libtorch::RMSprop>(*model, RMSprop{.lr = kLr}, thalweg::Settings{},
                                                                 Execution{.threads = threads});
                    }),
      training_step(task, [](nn::Sequential& model) {
        return std::make_shared<torch::optim::RMSprop>(model->parameters(), torch::optim::RMSpropOptions(kLr));
      }));
  return {time(pairs),
          fmt::format("{:.4g} ms a training step, with LibTorch {}'s RMSprop {:.4g} ms",
                      1e3 * spread(pairs.ours).median, TORCH_VERSION, 1e3 * spread(pairs.baseline).median)};
}

}  // namespace

void add_drop_in_targets(const Settings& settings, std::vector<Target>& targets) {
  const std::vector<Task> tasks{
      {"mlp", "MLP 784-128-10", 300, [] { return mlp(128); }},
      {"wide", "MLP 784-8192-10, 6.5 million parameters", 10, [] { return mlp(8192); }},
      {"cnn", "CNN", 10, cnn},
  };
  for (const Task& task : tasks) {
    for (const int threads : thread_counts(settings)) {
      targets.push_back({fmt::format("drop_in.{}.{}", task.name, threads),
                         fmt::format("{}, batch {}, a training step against one with LibTorch's RMSprop, {} thread{}",
                                     task.what, kBatch, threads, threads == 1 ? "" : "s"),
                         /*at_least=*/false, 1.05, "×",
                         [=, count = settings.pairs] { return measure(task, threads, count); }});
    }
  }
}

}  // namespace thalweg::bench

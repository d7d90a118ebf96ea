// Targets of whole training steps in C++ against the same in Python, as PyTorch's tutorials write them.
#include "models/model.h"
#include "peer.h"
#include "target.h"
#include "training/cross_entropy.h"

#include <thalweg/libtorch.h>

#include <fmt/format.h>
#include <torch/nn/modules/linear.h>
#include <torch/utils.h>

#include <memory>

namespace thalweg::bench {

namespace {

using Step = std::function<void()>;

std::shared_ptr<libtorch::RMSprop> make_optimizer(const torch::nn::Module& model, int threads) {
  return std::make_shared<libtorch::RMSprop>(model, RMSprop{.lr = 1e-3},
                                             thalweg::Settings{.threads = threads, .check_finite = true});
}

/// A step of the lab's trainer, without its reading of images: the forward pass, the loss and its gradient, the
/// backward pass, the update, which looks first whether all gradients are finite.
Step image_step(const std::string& name, int threads) {
  const lab::ImageShape shape{.channels = 1, .height = 28, .width = 28, .classes = 10};
  const auto model = lab::make_model(name, shape, /*dense=*/{128}, /*seed=*/1);
  const auto optimizer = make_optimizer(*model, threads);
  const torch::Tensor images = torch::randn({64, 1, 28, 28}), labels = torch::randint(0, 10, {64}, torch::kLong);
  return [=, parameters = model->parameters(), gradient = torch::empty({64, 10})]() mutable {
    const torch::Tensor logits = model->forward(images);
    lab::cross_entropy(logits, labels, &gradient);
    logits.backward(gradient);
    optimizer->step();
    for (torch::Tensor& parameter : parameters) parameter.mutable_grad().reset();
  };
}

/// What a user writes with LibTorch and thalweg's adapter.
Step linear_step(int threads) {
  torch::nn::Linear model(1, 1);
  const auto optimizer = make_optimizer(*model, threads);
  const torch::Tensor x = torch::randn({100, 1}), y = 3 * x + 2;
  return [=]() mutable {
    optimizer->zero_grad();
    const torch::Tensor loss = torch::mse_loss(model(x), y);
    loss.backward();
    optimizer->step();
    loss.item<double>();
  };
}

Measurement measure(const std::string& task, int steps, int threads, const Settings& settings) {
  torch::set_num_threads(threads);
  torch::manual_seed(1);
  Peer peer(settings.python, settings.peers / "training_steps.py", threads);
  const Step step = task == "linear" ? linear_step(threads) : image_step(task, threads);
  const Pairs pairs = measure_pairs(
      settings.pairs, [&] { return seconds_each(steps, step); }, [&] { return peer.seconds_each(task, steps); });
  return {time(pairs),
          fmt::format("{:.4g} ms a step, PyTorch {} {:.4g} ms, {} threads", 1e3 * spread(pairs.ours).median,
                      peer.version(), 1e3 * spread(pairs.baseline).median, threads)};
}

}  // namespace

void add_training_targets(const Settings& settings, std::vector<Target>& targets) {
  const auto add = [&](const std::string& task, const std::string& what, double limit, int steps, int threads) {
    targets.push_back({"step." + task, what + ", training step against PyTorch in Python", /*at_least=*/false, limit,
                       "×", [=] { return measure(task, steps, threads, settings); }});
  };
  add("mlp", "MLP 784-128-10, batch 64", 0.85, 300, settings.threads);
  add("linear", "linear regression, batch 100", 0.3, 1000, settings.threads);
  add("cnn", "CNN, batch 64, two threads", 1.05, 10, 2);
}

}  // namespace thalweg::bench

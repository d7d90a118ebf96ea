// Training steps in C++, timed on command: the other side of peers/training_steps.py, which speaks the same way.
//
// Reads lines "TASK STEPS" (mlp, linear, cnn, lstm, gru or mlp_looked_into) and answers each with the mean seconds of
// one step. The first line it prints is LibTorch's version. A process of its own, so that it is set up as the thalweg
// command is, and what is measured beside it is not.
#include "math_library.h"
#include "models/layers.h"
#include "models/model.h"
#include "models/recurrent.h"
#include "pairs.h"
#include "tasks/cross_entropy.h"
#include "training/diagnostics.h"

#include <thalweg/libtorch.h>

#include <torch/nn/modules/linear.h>
#include <torch/utils.h>

#include <iostream>
#include <map>
#include <memory>
#include <string>

namespace thalweg::bench {

namespace {

using Step = std::function<void()>;

std::shared_ptr<libtorch::RMSprop> make_optimizer(const torch::nn::Module& model, int threads) {
  return std::make_shared<libtorch::RMSprop>(model, RMSprop{.lr = 1e-3}, Settings{.check = Check::guard},
                                             Execution{.threads = threads});
}

/// A step of the lab's trainer, without its reading of images: the forward pass, the loss and its gradient, the
/// backward pass, the update, which looks first whether all gradients are finite.
Step image_step(const std::string& name, int threads) {
  const lab::ModelShape shape{.inputs = {{.kind = lab::InputKind::image, .shape = {1, 28, 28}}}, .outputs = 10};
  const auto model = lab::make_model(name, shape, {.dense = {128}}, /*seed=*/1);
  const auto optimizer = make_optimizer(*model, threads);
  const torch::Tensor images = torch::randn({64, 1, 28, 28}), labels = torch::randint(0, 10, {64}, torch::kLong);
  return [=, parameters = model->parameters(), gradient = torch::empty({64, 10})]() mutable {
    const torch::Tensor logits = model->forward({images});
    lab::cross_entropy(logits, labels, &gradient);
    logits.backward(gradient);
    optimizer->step();
    for (torch::Tensor& parameter : parameters) parameter.mutable_grad().reset();
  };
}

/// The MLP's step, looked into as often as a training's steps ever are but the first five: every tenth.
Step looked_into_step(int threads) {
  struct Training {
    std::shared_ptr<lab::Model> model;
    std::shared_ptr<libtorch::RMSprop> optimizer;
    lab::Diagnostics diagnostics{*model, *optimizer};
    lab::RunState run{};
  };
  const lab::ModelShape shape{.inputs = {{.kind = lab::InputKind::image, .shape = {1, 28, 28}}}, .outputs = 10};
  const auto model = lab::make_model("mlp", shape, {.dense = {128}}, /*seed=*/1);
  const auto training =
      std::make_shared<Training>(Training{.model = model, .optimizer = make_optimizer(*model, threads)});
  const torch::Tensor images = torch::randn({64, 1, 28, 28}), labels = torch::randint(0, 10, {64}, torch::kLong);
  return [=, parameters = model->parameters(), gradient = torch::empty({64, 10})]() mutable {
    const torch::Tensor logits = model->forward({images});
    lab::cross_entropy(logits, labels, &gradient);
    logits.backward(gradient);
    training->diagnostics.before_step(training->run.step + 1);
    training->optimizer->step();
    training->diagnostics.after_step(training->run);
    training->run.step = training->run.step % 400 + 1;  // later ones lie further apart
    for (torch::Tensor& parameter : parameters) parameter.mutable_grad().reset();
  };
}

/// The rows of an image as a sequence: a recurrent layer of 128, and a dense one on its last step.
template <class Layers>
class RowsOfImages : public torch::nn::Module {
 public:
  RowsOfImages()
      : layers_(register_module("recurrent", std::make_shared<Layers>("recurrent", 28, 128, /*layers=*/1, /*seed=*/1))),
        output_(register_module(
            "output", std::make_shared<lab::Dense>("output", 128, 10, lab::Followed::by_nothing, /*seed=*/1))) {}

  torch::Tensor forward(const torch::Tensor& rows) const { return output_->forward(layers_->forward(rows).last[0].h); }

 private:
  std::shared_ptr<Layers> layers_;
  std::shared_ptr<lab::Dense> output_;
};

/// As image_step.
template <class Layers>
Step recurrent_step(int threads) {
  const auto model = std::make_shared<RowsOfImages<Layers>>();
  const auto optimizer = make_optimizer(*model, threads);
  const torch::Tensor rows = torch::randn({64, 28, 28}), labels = torch::randint(0, 10, {64}, torch::kLong);
  return [=, parameters = model->parameters(), gradient = torch::empty({64, 10})]() mutable {
    const torch::Tensor logits = model->forward(rows);
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

Step make_step(const std::string& task, int threads) {
  torch::manual_seed(1);
  if (task == "linear") return linear_step(threads);
  if (task == "mlp_looked_into") return looked_into_step(threads);
  if (task == "lstm") return recurrent_step<lab::Lstm>(threads);
  if (task == "gru") return recurrent_step<lab::Gru>(threads);
  return image_step(task, threads);
}

}  // namespace

}  // namespace thalweg::bench

int main(int, char** arguments) {
  thalweg::lab::prepare_math_library(arguments);
  const int threads = std::stoi(arguments[1]);
  torch::set_num_threads(threads);
  std::cout << TORCH_VERSION << std::endl;
  std::map<std::string, thalweg::bench::Step> steps;
  std::string task;
  for (int count = 0; std::cin >> task >> count;) {
    if (!steps.contains(task)) steps[task] = thalweg::bench::make_step(task, threads);
    std::cout << thalweg::bench::seconds_each(count, steps[task]) << std::endl;
  }
}

// Training steps and epochs in C++, timed on command: the other side of peers/training_steps.py, which speaks the same
// way.
//
// Reads lines "TASK STEPS" and answers each with the mean seconds of one step of the lab's trainer, of one epoch for
// tasks called "TASK.epoch". The tasks plain_mlp and looked_into_mlp are steps by themselves. The first line it prints
// is LibTorch's version. A process of its own, so that it is set up as the thalweg command is, and what is measured
// beside it is not.
#include "math_library.h"
#include "models/model.h"
#include "pairs.h"
#include "tasks/cross_entropy.h"
#include "training/diagnostics.h"
#include "trainings.h"

#include <thalweg/libtorch.h>

#include <torch/utils.h>
#include <torch/version.h>

#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace thalweg::bench {

namespace {

/// Gives the mean seconds of one of so many steps.
using MeanSeconds = std::function<double(int)>;

/// The MLP's step as the trainer takes it, without its reading of images. The trainer looks into some of its steps, and
/// what that costs shows only where none is. Looked into: every tenth, which is as often as it ever is but for the
/// first five.
MeanSeconds mlp_step(bool looked_into, int threads) {
  struct State {
    std::shared_ptr<lab::Model> model;
    libtorch::RMSprop optimizer;
    lab::Diagnostics diagnostics{*model, optimizer};
    lab::RunState run{};
    std::vector<torch::Tensor> parameters = model->parameters();
    torch::Tensor images = torch::randn({64, 1, 28, 28}), labels = torch::randint(0, 10, {64}, torch::kLong);
    torch::Tensor gradient = torch::empty({64, 10});
  };
  torch::manual_seed(1);
  const lab::ModelShape shape{.inputs = {{.kind = lab::InputKind::image, .shape = {1, 28, 28}}}, .outputs = 10};
  const auto model = lab::make_model("mlp", shape, {.dense = {128}}, /*seed=*/1);
  const std::shared_ptr<State> state(
      new State{.model = model,
                .optimizer = libtorch::RMSprop(*model, RMSprop{.lr = 1e-3}, Settings{.check = Check::guard},
                                               Execution{.threads = threads})});
  return [=](int count) {
    return seconds_each(count, [&] {
      const torch::Tensor logits = state->model->forward({state->images});
      lab::cross_entropy(logits, state->labels, &state->gradient);
      logits.backward(state->gradient);
      if (looked_into) state->diagnostics.before_step(state->run.step + 1);
      state->optimizer.step();
      if (looked_into) state->diagnostics.after_step(state->run);
      state->run.step = state->run.step % 400 + 1;  // later ones lie further apart
      for (torch::Tensor& parameter : state->parameters) parameter.mutable_grad().reset();
    });
  };
}

MeanSeconds make_timed(const std::string& task, int threads) {
  if (task == "plain_mlp" || task == "looked_into_mlp") return mlp_step(task == "looked_into_mlp", threads);
  const std::size_t dot = task.find('.');
  const auto training = std::make_shared<Training>(task.substr(0, dot), threads);
  if (dot == std::string::npos) return [=](int count) { return training->seconds_of_steps(count); };
  return [=](int) { return training->seconds_of_epoch(); };
}

}  // namespace

}  // namespace thalweg::bench

int main(int, char** arguments) {
  thalweg::lab::prepare_math_library(arguments);
  const int threads = std::stoi(arguments[1]);
  torch::set_num_threads(threads);
  std::cout << TORCH_VERSION << std::endl;
  std::map<std::string, thalweg::bench::MeanSeconds> timed;
  std::string task;
  for (int count = 0; std::cin >> task >> count;) {
    if (!timed.contains(task)) timed[task] = thalweg::bench::make_timed(task, threads);
    std::cout << timed[task](count) << std::endl;
  }
}

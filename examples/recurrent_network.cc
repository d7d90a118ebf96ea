// A recurrent network that reads images row by row, with LibTorch's LSTM and thalweg's RMSprop from a description.
//
// The 28 rows of 28 pixels are 28 steps; hₜ, cₜ = LSTM(xₜ, hₜ₋₁, cₜ₋₁), z = W h₂₈ + b; the loss is the cross-entropy.
//
//   recurrent_network [FOLDER]    FOLDER: MNIST's or Fashion-MNIST's four files; without one, drawn digits
#include "labelled_images.h"

#include <thalweg/libtorch.h>

#include <torch/torch.h>

#include <cstdint>
#include <cstdio>
#include <tuple>

struct RowReaderImpl : torch::nn::Module {
  torch::Tensor forward(const torch::Tensor& images) {
    const torch::Tensor steps = std::get<0>(lstm(images.squeeze(1)));  // [batch, 28, 128]
    return output(steps.select(1, -1));
  }
  torch::nn::LSTM lstm{register_module("lstm", torch::nn::LSTM(torch::nn::LSTMOptions(28, 128).batch_first(true)))};
  torch::nn::Linear output{register_module("output", torch::nn::Linear(128, 10))};
};
TORCH_MODULE(RowReader);

int main(int argument_count, char** arguments) {
  torch::manual_seed(1);
  const auto [train, test] = image_parts(argument_count, arguments);
  constexpr int kEpochs = 3;

  RowReader model;
  // Rule, options and what is around them in one text: gradients of recurrent networks are clipped, rates go to 0.
  thalweg::libtorch::Optimizer optimizer{
      *model, thalweg::parse_description("rmsprop:lr=0.003 clip=global_norm:1 schedule=cosine")};
  const std::int64_t steps = kEpochs * ((train.labels.size(0) - 1) / 32 + 1);
  optimizer.engine().set_run_length({.steps = steps});  // the schedule's length

  double reached = 0;
  for (int epoch = 1; epoch <= kEpochs; ++epoch) {
    for (const torch::Tensor& batch : torch::randperm(train.labels.size(0)).split(32)) {
      optimizer.zero_grad();
      const torch::Tensor logits = model->forward(train.pixels.index_select(0, batch));
      torch::nn::functional::cross_entropy(logits, train.labels.index_select(0, batch)).backward();
      optimizer.step();
    }
    reached = accuracy(model, test);
    std::printf("epoch %d: test accuracy %.2f %%\n", epoch, 100 * reached);
  }
  if (reached < 0.75) std::printf("expected at least 75 %%\n");
  return reached < 0.75 ? 1 : 0;
}

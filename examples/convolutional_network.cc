// A convolutional network that tells images apart, with LibTorch and thalweg's centered RMSprop with momentum.
//
// Two blocks of convolution (3 × 3), ReLU and 2 × 2 pool, then two dense layers; the loss is the cross-entropy.
//
//   convolutional_network [FOLDER]    FOLDER: MNIST's or Fashion-MNIST's four files; without one, drawn digits
#include "labelled_images.h"

#include <thalweg/libtorch.h>

#include <torch/torch.h>

#include <cstdio>

int main(int argument_count, char** arguments) {
  torch::manual_seed(1);
  const auto [train, test] = image_parts(argument_count, arguments);

  torch::nn::Sequential model(
      torch::nn::Conv2d(torch::nn::Conv2dOptions(1, 32, 3).padding(1)), torch::nn::ReLU(), torch::nn::MaxPool2d(2),
      torch::nn::Conv2d(torch::nn::Conv2dOptions(32, 64, 3).padding(1)), torch::nn::ReLU(), torch::nn::MaxPool2d(2),
      torch::nn::Flatten(), torch::nn::Linear(64 * 7 * 7, 128), torch::nn::ReLU(), torch::nn::Linear(128, 10));
  // Momentum adds up about ten steps, so each is a tenth as long.
  thalweg::libtorch::RMSprop optimizer{*model, {.lr = 1e-4, .momentum = 0.9, .centered = true}};

  double reached = 0;
  for (int epoch = 1; epoch <= 2; ++epoch) {
    for (const torch::Tensor& batch : torch::randperm(train.labels.size(0)).split(64)) {
      optimizer.zero_grad();
      const torch::Tensor logits = model->forward(train.pixels.index_select(0, batch));
      torch::nn::functional::cross_entropy(logits, train.labels.index_select(0, batch)).backward();
      optimizer.step();
    }
    reached = accuracy(model, test);
    std::printf("epoch %d: test accuracy %.2f %%\n", epoch, 100 * reached);
  }
  if (reached < 0.85) std::printf("expected at least 85 %%\n");
  return reached < 0.85 ? 1 : 0;
}

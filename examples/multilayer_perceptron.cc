// A multi-layer perceptron, 784-128-10, that tells images apart, with LibTorch and thalweg's RMSprop.
//
// a = ReLU(W₁ x + b₁), z = W₂ a + b₂; the loss is the cross-entropy, −log softmax(z) at the label.
//
//   multilayer_perceptron [FOLDER]    FOLDER: MNIST's or Fashion-MNIST's four files; without one, drawn digits
#include "labelled_images.h"

#include <thalweg/libtorch.h>

#include <torch/torch.h>

#include <cstdio>

int main(int argument_count, char** arguments) {
  torch::manual_seed(1);
  const auto [train, test] = image_parts(argument_count, arguments);

  torch::nn::Sequential model(torch::nn::Flatten(), torch::nn::Linear(784, 128), torch::nn::ReLU(),
                              torch::nn::Linear(128, 10));
  thalweg::libtorch::RMSprop optimizer{*model, {.lr = 1e-3}};

  double reached = 0;
  for (int epoch = 1; epoch <= 10; ++epoch) {
    for (const torch::Tensor& batch : torch::randperm(train.labels.size(0)).split(64)) {
      optimizer.zero_grad();
      const torch::Tensor logits = model->forward(train.pixels.index_select(0, batch));
      torch::nn::functional::cross_entropy(logits, train.labels.index_select(0, batch)).backward();
      optimizer.step();
    }
    reached = accuracy(model, test);
    std::printf("epoch %d: test accuracy %.2f %%\n", epoch, 100 * reached);
  }
  if (reached < 0.8) std::printf("expected at least 80 %%\n");
  return reached < 0.8 ? 1 : 0;
}

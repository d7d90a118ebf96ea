// A project that uses thalweg with LibTorch: a linear layer that learns to add.
#include <thalweg/libtorch.h>
#include <torch/torch.h>

#include <iostream>

int main() {
  torch::manual_seed(1);
  torch::nn::Linear model{2, 1};
  thalweg::libtorch::RMSprop optimizer{*model, {.lr = 0.01}};
  float loss = 0;
  for (int step = 0; step < 1000; ++step) {
    const auto input = torch::rand({16, 2});
    optimizer.zero_grad();
    auto error = torch::mse_loss(model(input), input.sum(1, /*keepdim=*/true));
    error.backward();
    optimizer.step();
    loss = error.item<float>();
  }
  std::cout << "loss " << loss << '\n';
  return loss < 1e-2f ? 0 : 1;
}

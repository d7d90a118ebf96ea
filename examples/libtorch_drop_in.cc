// The LibTorch drop-in: a small network trained by thalweg in place of LibTorch's own RMSprop.
#include <thalweg/libtorch.h>

#include <torch/torch.h>

#include <cstdio>

int main() {
  torch::manual_seed(1);

  // Synthetic data: the distance of a point in the plane from the unit circle.
  const torch::Tensor points = torch::rand({1024, 2}) * 4 - 2;
  const torch::Tensor distances = (points.norm(2, 1, true) - 1).abs();

  torch::nn::Sequential model(torch::nn::Linear(2, 32), torch::nn::Tanh(), torch::nn::Linear(32, 32), torch::nn::Tanh(),
                              torch::nn::Linear(32, 1));

  // Before: torch::optim::RMSprop optimizer(model->parameters(), torch::optim::RMSpropOptions(1e-3));
  thalweg::libtorch::RMSprop optimizer{*model, {.lr = 1e-3}};

  const auto loss = [&] { return torch::mse_loss(model->forward(points), distances); };
  const double before = loss().item<double>();
  for (int epoch = 0; epoch < 50; ++epoch) {
    for (int begin = 0; begin < 1024; begin += 64) {
      optimizer.zero_grad();
      const torch::Tensor predicted = model->forward(points.narrow(0, begin, 64));
      torch::mse_loss(predicted, distances.narrow(0, begin, 64)).backward();
      optimizer.step();
    }
  }
  const double after = loss().item<double>();
  std::printf("loss before: %.4f\nloss after:  %.4f\n", before, after);
  return after < before / 10 ? 0 : 1;
}

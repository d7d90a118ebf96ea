// Linear regression with LibTorch and thalweg's RMSprop, checked against the closed-form solution.
//
// ŷ = w · x + b, and the loss is the mean of (ŷ − y)². Its minimum solves the normal equations; RMSprop walks there.
#include <thalweg/libtorch.h>

#include <torch/torch.h>

#include <cstdio>
#include <tuple>

int main() {
  torch::manual_seed(1);

  // y = 3 x₁ − 2 x₂ + x₃ / 2 + 2, and noise of deviation 0.1.
  const torch::Tensor x = torch::rand({200, 3}) * 2 - 1;
  const torch::Tensor y = x.matmul(torch::tensor({3.0f, -2.0f, 0.5f})) + 2 + 0.1 * torch::randn({200});

  torch::nn::Linear model(3, 1);
  thalweg::libtorch::RMSprop optimizer{*model, {.lr = 0.05, .alpha = 0.9}};
  // RMSprop's steps are about as long as its rate, wherever it stands: the rate has to go to 0.
  optimizer.engine().set_schedule(thalweg::parse_schedule("cosine:steps=500"));

  for (int step = 0; step < 500; ++step) {
    optimizer.zero_grad();
    torch::mse_loss(model(x).squeeze(1), y).backward();
    optimizer.step();
  }

  // The closed form: least squares, in double, with a column of ones for b.
  const torch::Tensor ones = torch::ones({200, 1});
  const torch::Tensor solution =
      std::get<0>(torch::linalg_lstsq(torch::cat({x, ones}, 1).to(torch::kDouble), y.unsqueeze(1).to(torch::kDouble)))
          .squeeze(1);
  const torch::Tensor learned =
      torch::cat({model->weight.detach().squeeze(0), model->bias.detach()}).to(torch::kDouble);

  const double* ours = learned.data_ptr<double>();
  const double* exact = solution.data_ptr<double>();
  std::printf("              w1        w2        w3         b\n");
  std::printf("RMSprop      %8.5f  %8.5f  %8.5f  %8.5f\n", ours[0], ours[1], ours[2], ours[3]);
  std::printf("closed form  %8.5f  %8.5f  %8.5f  %8.5f\n", exact[0], exact[1], exact[2], exact[3]);
  const double apart = (learned - solution).abs().max().item<double>();
  std::printf("%.1e apart; at most 1e-4 is right\n", apart);
  return apart <= 1e-4 ? 0 : 1;
}

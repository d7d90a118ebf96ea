// A Wasserstein GAN that draws images, with LibTorch and thalweg's RMSprop, the rule of its paper.
//
// The critic f learns to tell images x from drawings g(z): it raises mean f(x) − mean f(g(z)), with every weight
// clipped to [−c, c], and so estimates how far the drawings are from the images (up to a factor, the Wasserstein
// distance). Then one step of g lowers −mean f(g(z)) (Arjovsky, Chintala and Bottou 2017, arXiv 1701.07875, algorithm
// 1). The paper saw trainings with momentum or Adam become unstable here; hence RMSprop.
//
//   wasserstein_gan [FOLDER|- [STEPS [FILE.png]]]    FOLDER: MNIST's or Fashion-MNIST's four files; -: drawn digits
//
// STEPS of the generator, 80 by default; drawings of some moments go into FILE.png, those of a moment in one row.
#include "labelled_images.h"
#include "pictures.h"

#include <thalweg/libtorch.h>

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

// As the paper has them.
constexpr double kRate = 5e-5, kClip = 0.01;
constexpr int kCriticSteps = 5, kBatch = 64;
// At the beginning the critic is trained further, as the paper's program does, so that its first estimates mean
// something.
constexpr int kFirst = 5, kFirstCriticSteps = 50;
constexpr std::int64_t kNoise = 64;  // numbers that a drawing is made of
constexpr int kColumns = 12, kRows = 8;

torch::nn::ConvTranspose2d grow(std::int64_t from, std::int64_t to) {
  return torch::nn::ConvTranspose2d(torch::nn::ConvTranspose2dOptions(from, to, 4).stride(2).padding(1));
}
torch::nn::Conv2d shrink(std::int64_t from, std::int64_t to) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(from, to, 4).stride(2).padding(1));
}

torch::nn::Sequential make_generator() {
  return torch::nn::Sequential(torch::nn::Linear(kNoise, 128 * 7 * 7), torch::nn::BatchNorm1d(128 * 7 * 7),
                               torch::nn::ReLU(), torch::nn::Unflatten(torch::nn::UnflattenOptions(1, {128, 7, 7})),
                               grow(128, 64), torch::nn::BatchNorm2d(64), torch::nn::ReLU(), grow(64, 1),
                               torch::nn::Sigmoid());
}

torch::nn::Sequential make_critic() {
  const auto leaky = [] { return torch::nn::LeakyReLU(torch::nn::LeakyReLUOptions().negative_slope(0.2)); };
  return torch::nn::Sequential(shrink(1, 32), leaky(), shrink(32, 64), leaky(), torch::nn::Flatten(),
                               torch::nn::Linear(64 * 7 * 7, 1));
}

/// Images [n, 1, 28, 28] side by side.
Picture row_of(const torch::Tensor& images) {
  const torch::Tensor grid = images.squeeze(1).permute({1, 0, 2}).contiguous();  // [28, n, 28]
  Picture picture{static_cast<int>(grid.size(1) * 28), 28};
  const float* values = grid.data_ptr<float>();
  for (std::size_t i = 0; i < picture.values.size(); ++i) picture.values[i] = values[i / 3];
  return picture;
}

/// How far the mean drawing is from the mean image, by pixel.
double distance_of_means(const torch::Tensor& drawings, const torch::Tensor& images) {
  return (drawings.mean(0) - images.mean(0)).abs().mean().item<double>();
}

}  // namespace

int main(int argument_count, char** arguments) {
  torch::manual_seed(1);
  const bool has_folder = argument_count > 1 && std::string(arguments[1]) != "-";
  const torch::Tensor images = has_folder ? read_images(arguments[1], torch::data::datasets::MNIST::Mode::kTrain).pixels
                                          : draw_images(4000).pixels;
  const int steps = argument_count > 2 ? std::max(1, std::atoi(arguments[2])) : 80;

  torch::nn::Sequential generator = make_generator(), critic = make_critic();
  thalweg::libtorch::RMSprop draws_better{*generator, {.lr = kRate}};
  thalweg::libtorch::RMSprop tells_better{*critic, {.lr = kRate, .maximize = true}};

  const torch::Tensor shown = torch::randn({kColumns, kNoise});
  const auto drawings = [&](const torch::Tensor& noise) {
    const torch::NoGradGuard no_gradients;
    generator->eval();
    torch::Tensor drawn = generator->forward(noise);
    generator->train();
    return drawn;
  };
  const torch::Tensor many = torch::randn({500, kNoise});
  const double at_first = distance_of_means(drawings(many), images);

  std::vector<Picture> rows;
  double estimate = 0;
  for (int step = 1; step <= steps; ++step) {
    const int critic_steps = step <= kFirst || step % 500 == 0 ? kFirstCriticSteps : kCriticSteps;
    for (int k = 0; k < critic_steps; ++k) {
      torch::Tensor drawn;
      {
        const torch::NoGradGuard no_gradients;
        drawn = generator->forward(torch::randn({kBatch, kNoise}));
      }
      const torch::Tensor real = images.index_select(0, torch::randint(images.size(0), {kBatch}, torch::kInt64));
      tells_better.zero_grad();
      const torch::Tensor distance = critic->forward(real).mean() - critic->forward(drawn).mean();
      distance.backward();
      tells_better.step();
      const torch::NoGradGuard no_gradients;
      for (torch::Tensor& weight : critic->parameters()) weight.clamp_(-kClip, kClip);
      estimate = distance.item<double>();
    }
    draws_better.zero_grad();
    (-critic->forward(generator->forward(torch::randn({kBatch, kNoise}))).mean()).backward();
    draws_better.step();

    // Moments that are further and further apart, the last one among them.
    const int row = static_cast<int>(rows.size()) + 1;
    if (step >= std::lround(std::pow(static_cast<double>(steps), static_cast<double>(row) / kRows))) {
      rows.push_back(row_of(drawings(shown)));
      std::printf("step %d: estimated distance %.4f, means of drawings and images %.4f apart\n", step, estimate,
                  distance_of_means(drawings(many), images));
    }
  }
  if (argument_count > 3) write_png(arguments[3], side_by_side(rows, 1));

  const double at_last = distance_of_means(drawings(many), images);
  if (at_last > 0.7 * at_first)
    std::printf("expected the means to be at most .7 times as far apart as at first, %.4f\n", at_first);
  return at_last > 0.7 * at_first ? 1 : 0;
}

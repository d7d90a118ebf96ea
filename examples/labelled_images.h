// Images with labels for the examples: MNIST's four files from a folder, or drawn digits.
#pragma once

#include <torch/torch.h>

#include <algorithm>
#include <cstdint>
#include <string>

struct LabelledImages {
  torch::Tensor pixels;  ///< float [n, 1, 28, 28], in [0, 1]
  torch::Tensor labels;  ///< int64 [n], 0 to 9
};

/// The training or the test part of what is in the folder: files as MNIST and Fashion-MNIST have them, not compressed.
/// Throws c10::Error if one cannot be read.
inline LabelledImages read_images(const std::string& folder, torch::data::datasets::MNIST::Mode part) {
  const torch::data::datasets::MNIST read(folder, part);
  return {read.images(), read.targets()};
}

/// Digits of seven strokes, as pocket calculators show them, up to three pixels from the middle, of some brightness,
/// with noise.
inline LabelledImages draw_images(std::int64_t count) {
  constexpr int kHeight = 14, kWidth = 8, kThick = 2, kHalf = kHeight / 2;
  constexpr struct {
    int y, x, height, width;
  } kStrokes[] = {{0, 0, kThick, kWidth},  // top, then clockwise; the one in the middle comes last
                  {0, kWidth - kThick, kHalf, kThick},
                  {kHalf, kWidth - kThick, kHalf, kThick},
                  {kHeight - kThick, 0, kThick, kWidth},
                  {kHalf, 0, kHalf, kThick},
                  {0, 0, kHalf, kThick},
                  {kHalf - kThick / 2, 0, kThick, kWidth}};
  constexpr const char* kLit[] = {"012345", "12",     "01346", "01236",   "1256",
                                  "02356",  "023456", "012",   "0123456", "012356"};
  const torch::Tensor labels = torch::randint(10, {count}, torch::kInt64);
  const torch::Tensor ys = torch::randint(4, 11, {count}), xs = torch::randint(7, 14, {count});
  const torch::Tensor brightness = torch::rand({count}) * 0.5 + 0.5;
  torch::Tensor pixels = torch::zeros({count, 1, 28, 28});
  for (std::int64_t i = 0; i < count; ++i) {
    const auto y = ys[i].item<std::int64_t>(), x = xs[i].item<std::int64_t>();
    for (const char* lit = kLit[labels[i].item<std::int64_t>()]; *lit != '\0'; ++lit) {
      const auto& stroke = kStrokes[*lit - '0'];
      pixels[i][0].narrow(0, y + stroke.y, stroke.height).narrow(1, x + stroke.x, stroke.width).fill_(brightness[i]);
    }
  }
  return {(pixels + 0.1 * torch::randn_like(pixels)).clamp(0, 1), labels};
}

struct ImageParts {
  LabelledImages train, test;
};

/// Of the folder that the program was given, if it was given one, otherwise drawn: 4000 to train, 1000 to test.
inline ImageParts image_parts(int argument_count, char** arguments) {
  using Mode = torch::data::datasets::MNIST::Mode;
  if (argument_count < 2) return {draw_images(4000), draw_images(1000)};
  return {read_images(arguments[1], Mode::kTrain), read_images(arguments[1], Mode::kTest)};
}

/// The share of the images to which the model gives their label.
template <class Model>
double accuracy(Model& model, const LabelledImages& images) {
  const torch::NoGradGuard no_gradients;
  std::int64_t right = 0;
  for (std::int64_t begin = 0; begin < images.labels.size(0); begin += 1000) {
    const std::int64_t end = std::min(begin + 1000, images.labels.size(0));
    const torch::Tensor given = model->forward(images.pixels.slice(0, begin, end)).argmax(1);
    right += given.eq(images.labels.slice(0, begin, end)).sum().template item<std::int64_t>();
  }
  return static_cast<double>(right) / static_cast<double>(images.labels.size(0));
}

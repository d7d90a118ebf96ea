// LogMel: sound as a picture of frequency bands over time, which models of speech begin with.
#include "models/log_mel.h"

#include "data/clip_dataset.h"
#include "models/onnx_weight.h"

#include <c10/core/GradMode.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace thalweg::lab {
namespace {

// Slaney's scale: 15 mels up to 1000 Hz, then 27 for each factor of 6.4.
constexpr double kLinear = 200.0 / 3, kBreak = 1000, kBreakMel = kBreak / kLinear;
const double kLogStep = std::log(6.4) / 27;

double to_mel(double hertz) {
  return hertz < kBreak ? hertz / kLinear : kBreakMel + std::log(hertz / kBreak) / kLogStep;
}
double to_hertz(double mel) {
  return mel < kBreakMel ? mel * kLinear : kBreak * std::exp((mel - kBreakMel) * kLogStep);
}

/// [bands, bins].
torch::Tensor mel_filters() {
  constexpr std::int64_t kBins = kMelTransform / 2 + 1;
  std::vector<double> corners;  // of band i: i, i + 1, i + 2
  const double low = to_mel(kMelLowest), high = to_mel(kMelHighest);
  for (std::int64_t i = 0; i < kMelBands + 2; ++i) {
    corners.push_back(to_hertz(low + (high - low) * static_cast<double>(i) / static_cast<double>(kMelBands + 1)));
  }
  torch::Tensor filters = torch::zeros({kMelBands, kBins}, torch::kFloat32);
  float* to = filters.data_ptr<float>();
  for (std::size_t band = 0; band < static_cast<std::size_t>(kMelBands); ++band) {
    const double from = corners[band], top = corners[band + 1], until = corners[band + 2];
    for (std::int64_t bin = 0; bin < kBins; ++bin) {
      const double hertz = static_cast<double>(bin * kClipRate) / static_cast<double>(kMelTransform);
      const double height = std::min((hertz - from) / (top - from), (until - hertz) / (until - top));
      *to++ = static_cast<float>(std::max(height, 0.0) * 2 / (until - from));
    }
  }
  return filters;
}

torch::Tensor hann_window() {
  torch::Tensor window = torch::empty({kMelWindow}, torch::kFloat32);
  float* to = window.data_ptr<float>();
  for (std::int64_t i = 0; i < kMelWindow; ++i) {
    const double turn = 2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(kMelWindow);
    *to++ = static_cast<float>(0.5 - 0.5 * std::cos(turn));
  }
  return window;
}

/// What the samples under the window are multiplied with: a row for the real part of each bin, then one for each
/// imaginary part, [2 · bins, 1, kMelWindow]. Phases count from the window's first sample, on which powers do not
/// depend.
torch::Tensor windowed_waves(const torch::Tensor& window) {
  constexpr std::int64_t kBins = kMelTransform / 2 + 1;
  torch::Tensor waves = torch::empty({2 * kBins, 1, kMelWindow}, torch::kFloat32);
  const float* const weights = window.data_ptr<float>();
  float* to = waves.data_ptr<float>();
  for (const bool is_imaginary : {false, true}) {
    for (std::int64_t bin = 0; bin < kBins; ++bin) {
      for (std::int64_t i = 0; i < kMelWindow; ++i) {
        const double turn = static_cast<double>(bin * i % kMelTransform) / static_cast<double>(kMelTransform);
        const double angle = 2 * std::numbers::pi * turn;
        *to++ =
            static_cast<float>(static_cast<double>(weights[i]) * (is_imaginary ? -std::sin(angle) : std::cos(angle)));
      }
    }
  }
  return waves;
}

}  // namespace

LogMel::LogMel()
    : window_(register_buffer("window", hann_window())), filters_(register_buffer("filters", mel_filters())) {}

torch::Tensor LogMel::forward(const torch::Tensor& x) const {
  const c10::NoGradGuard without_gradient;
  const torch::Tensor padded = torch::constant_pad_nd(x, {kMelTransform / 2, kMelTransform / 2}, 0);
  const torch::Tensor spectrum =
      torch::stft(padded, kMelTransform, kMelHop, kMelWindow, window_, /*normalized=*/false, /*onesided=*/true,
                  /*return_complex=*/true);
  const torch::Tensor parts = torch::view_as_real(spectrum);
  return torch::log(torch::matmul(filters_, parts.square().sum(-1)) + kMelFloor);
}

std::string LogMel::script() {
  return fmt::format(
      "x = torch.constant_pad_nd(x, [{0}, {0}], 0)\n"
      "x = torch.view_as_real(torch.stft(x, {1}, {2}, {3}, self.features_window, False, True, True))\n"
      "x = torch.log(torch.matmul(self.features_filters, torch.sum(x * x, [-1])) + {4:.17g})\n",
      kMelTransform / 2, kMelTransform, kMelHop, kMelWindow, kMelFloor);
}

// Of the 512 samples of a transform the window lets through the 400 in the middle: half as many 0s before and behind
// the sound put these where they were.
std::string LogMel::onnx(OnnxGraph& graph, const std::string& x) const {
  using Sizes = std::vector<std::int64_t>;
  const std::string channel = graph.add("Unsqueeze", {x, graph.constant(Sizes{1})});
  const std::string waves = onnx_weight(graph, "features.waves", windowed_waves(window_));
  const std::string spectrum =
      graph.add("Conv", {channel, waves},
                {{"kernel_shape", Sizes{kMelWindow}}, {"pads", Sizes(2, kMelWindow / 2)}, {"strides", Sizes{kMelHop}}});
  const std::string squares = graph.add("Mul", {spectrum, spectrum});
  // A band's power is a sum over squares of real and of imaginary parts, with the same weights.
  const std::string filters = onnx_weight(graph, "features.filters", filters_);
  const std::string of_both = graph.add("Concat", {filters, filters}, {{"axis", 1}});
  const std::string power = graph.add("MatMul", {of_both, squares});
  return graph.add("Log", {graph.add("Add", {power, graph.constant(kMelFloor)})});
}

}  // namespace thalweg::lab

// LogMel: sound as a picture of frequency bands over time, which models of speech begin with.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>
#include <string>

namespace thalweg::lab {

class OnnxGraph;

constexpr std::int64_t kMelWindow = 400, kMelHop = 160, kMelTransform = 512;  ///< samples: 25 ms, 10 ms, 32 ms
constexpr std::int64_t kMelBands = 40;
constexpr double kMelLowest = 20, kMelHighest = 8000;  ///< Hz
constexpr double kMelFloor = 1e-6;                     ///< added to a band's power before the logarithm

/// ln(power + kMelFloor) of kMelBands bands, each 10 ms, of sound with kClipRate samples a second: power is the square
/// of a short-time Fourier transform (a periodic Hann window of 25 ms in the middle of 512 samples; the sound has 256
/// samples of 0 before and behind), weighted by triangles that are equally wide on Slaney's mel scale (1998, "Auditory
/// Toolbox"; linear below 1000 Hz, logarithmic above) and have area 1: what librosa.feature.melspectrogram gives with
/// sr=16000, n_fft=512, hop_length=160, win_length=400, n_mels=40, fmin=20, fmax=8000, pad_mode="constant". Nothing of
/// it is trained: `window` and `filters` [bands, 257] are buffers.
class LogMel : public torch::nn::Module {
 public:
  LogMel();
  /// x: [batch, samples]. Gives [batch, bands, 1 + ⌊samples / 160⌋], without a gradient.
  torch::Tensor forward(const torch::Tensor& x) const;
  /// As Model::script; the layer is called `features` in its model.
  static std::string script();
  /// As Model::onnx, likewise; x: [batch, samples]. The transform is a convolution: opset 13 has no Fourier transform.
  std::string onnx(OnnxGraph& graph, const std::string& x) const;

 private:
  torch::Tensor window_, filters_;
};

}  // namespace thalweg::lab

// Model: a network from images to class scores, by name.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace thalweg::lab {

/// What a model must know of its data.
struct ImageShape {
  std::int64_t channels, height, width, classes;
};

/// A network. Every parameter has a name, by which its first value is drawn and its state is saved.
class Model : public torch::nn::Module {
 public:
  /// images: float [batch, channels, height, width], normalised, contiguous. Gives logits [batch, classes].
  virtual torch::Tensor forward(const torch::Tensor& images) = 0;
};

/// `softmax`, `mlp` (hidden widths `dense`) or `cnn` (two convolutions, two pools, hidden dense widths `dense`), with
/// first values drawn from `seed` by counter: the same seed and name give the same bits. Throws thalweg::Error that
/// suggests the nearest names.
std::shared_ptr<Model> make_model(const std::string& name, const ImageShape& shape,
                                  const std::vector<std::int64_t>& dense, std::uint64_t seed);

}  // namespace thalweg::lab

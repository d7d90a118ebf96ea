// Model: a network from the inputs of a batch to its outputs.
#pragma once

#include "models/model_list.h"

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace torch::jit {
struct Module;
}

namespace thalweg::lab {

class OnnxGraph;
class UnitWatch;

/// Where a training stands: what dropout draws by, and who looks at hidden units.
struct DrawPlace {
  std::uint64_t seed = 1;
  std::int64_t step = 0;       ///< of the whole run, from 0
  UnitWatch* watch = nullptr;  ///< or nobody
};

/// A network. Every parameter has a name, by which its first value is drawn and its state is saved.
class Model : public torch::nn::Module {
 public:
  /// inputs: one tensor for each Input of its shape, [batch, …], contiguous. Gives f32 [batch, outputs]; of characters
  /// [batch, length, outputs].
  virtual torch::Tensor forward(const std::vector<torch::Tensor>& inputs) = 0;

  /// TorchScript lines, each ending with a line feed, that do what `forward` does when nothing is trained: they make
  /// `y` out of `x`, and out of `codes` where there are categories beside it. Parameters and buffers are members of
  /// `self`, with _ for the dots of their names. Throws thalweg::Error where there is no such text.
  virtual std::string script() const = 0;

  /// Adds to the graph what `forward` does when nothing is trained. inputs: the graph's names of what forward takes.
  /// Gives the name of the outputs. Throws thalweg::Error where the model does not override it.
  virtual std::string onnx(OnnxGraph& graph, const std::vector<std::string>& inputs) const;

  /// Of a model that is a TorchScript module itself: the module, of which `script` has nothing to say. Else null.
  virtual const torch::jit::Module* inner() const { return nullptr; }

  /// For what is drawn anew in each step.
  void set_step(std::int64_t step) { place_->step = step; }
  /// Shows the units of hidden dense layers behind ReLU to `watch`, from now on; to nobody if it is null.
  void set_watch(UnitWatch* watch) { place_->watch = watch; }

 protected:
  explicit Model(std::uint64_t seed) : place_(std::make_shared<DrawPlace>(DrawPlace{.seed = seed})) {}
  const std::shared_ptr<DrawPlace>& place() const { return place_; }

 private:
  std::shared_ptr<DrawPlace> place_;
};

/// The model of this name, with first values drawn from `seed` by counter: the same seed and name give the same bits.
/// Throws thalweg::Error: as find_model, or for options out of range.
std::shared_ptr<Model> make_model(const std::string& name, const ModelShape& shape, const ModelOptions& options,
                                  std::uint64_t seed);

}  // namespace thalweg::lab

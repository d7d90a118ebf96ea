// A model's weights and its optimizer's state, into checkpoints and out of them.
//
// Tensors: `model/NAME`, parameters and buffers, row-major; `best/NAME`, those of the best epoch, if they are to be
// restored; `optimizer/…`, what the optimizer's own state holds. Metadata: `training`,
// all else (training/checkpoint.h); `optimizer/…`, the optimizer's own.
#include "training/weights.h"

#include "models/script_model.h"

#include <thalweg/error.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <string_view>

namespace thalweg::lab {

namespace {

constexpr std::string_view kModel = "model/";
constexpr std::string_view kBest = "best/";
constexpr std::string_view kOptimizer = "optimizer/";

safetensors::Dtype dtype_of(const torch::Tensor& weight) {
  return weight.scalar_type() == torch::kInt64 ? safetensors::Dtype::I64 : safetensors::Dtype::F32;
}

safetensors::Tensor saved(const torch::Tensor& weight) {
  const torch::Tensor values = weight.detach().contiguous();
  safetensors::Tensor tensor;
  tensor.dtype = dtype_of(weight);
  for (const std::int64_t size : values.sizes()) tensor.shape.push_back(static_cast<std::uint64_t>(size));
  tensor.data.resize(values.nbytes());
  std::memcpy(tensor.data.data(), values.data_ptr(), values.nbytes());
  return tensor;
}

// The entries whose names begin with the prefix, without it.
template <class Map>
Map part(const Map& all, std::string_view prefix) {
  Map result;
  for (auto entry = all.lower_bound(prefix); entry != all.end() && entry->first.starts_with(prefix); ++entry) {
    result.emplace(entry->first.substr(prefix.size()), entry->second);
  }
  return result;
}

template <class Map>
void add_part(Map& all, std::string_view prefix, Map part) {
  for (auto& [name, value] : part) all.emplace(std::string(prefix) + name, std::move(value));
}

/// The tensors of a model under the prefix. Throws Error if they do not fit.
Weights read_weights(const Checkpoint& checkpoint, std::string_view prefix, const Model& model) {
  const auto tensors = part(checkpoint.contents.tensors, prefix);
  const Weights own = weights_of(model);
  if (tensors.size() != own.size()) {
    throw Error(fmt::format("checkpoint: {} parameters, the model has {}", tensors.size(), own.size()));
  }
  Weights weights;
  for (const auto& [name, weight] : own) {
    const auto found = tensors.find(name);
    if (found == tensors.end()) throw Error(fmt::format("checkpoint: no parameter '{}'", name));
    const safetensors::Tensor& tensor = found->second;
    const torch::IntArrayRef shape = weight.sizes();
    const bool same = std::equal(shape.begin(), shape.end(), tensor.shape.begin(), tensor.shape.end(),
                                 [](std::int64_t a, std::uint64_t b) { return a == static_cast<std::int64_t>(b); });
    if (!same || tensor.dtype != dtype_of(weight)) {
      throw Error(fmt::format("checkpoint: parameter '{}' is {} [{}], the model's {} [{}]", name,
                              safetensors::to_string(tensor.dtype), fmt::join(tensor.shape, ", "),
                              safetensors::to_string(dtype_of(weight)), fmt::join(shape, ", ")));
    }
    torch::Tensor values = torch::empty(shape, weight.scalar_type());
    std::memcpy(values.data_ptr(), tensor.data.data(), tensor.data.size());
    weights.emplace_back(name, std::move(values));
  }
  return weights;
}

}  // namespace

Weights weights_of(const Model& model) {
  Weights weights;
  for (const auto& parameter : model.named_parameters()) weights.emplace_back(parameter.key(), parameter.value());
  for (const auto& buffer : model.named_buffers()) weights.emplace_back(buffer.key(), buffer.value());
  return weights;
}

void set_weights(Model& model, const Weights& weights) {
  const torch::NoGradGuard without_autograd;
  const Weights own = weights_of(model);
  for (std::size_t i = 0; i < own.size(); ++i) {
    torch::Tensor to = own[i].second;
    to.copy_(weights[i].second);
  }
}

void write_checkpoint(const std::filesystem::path& file, const Checkpoint& checkpoint, const Model& model,
                      const Weights& best, const libtorch::Optimizer& optimizer) {
  safetensors::Contents contents;
  for (const auto& [name, weight] : weights_of(model)) {
    contents.tensors.emplace(std::string(kModel) + name, saved(weight));
  }
  for (const auto& [name, weight] : best) contents.tensors.emplace(std::string(kBest) + name, saved(weight));
  State state = optimizer.state_dict();
  add_part(contents.tensors, kOptimizer, std::move(state.tensors));
  add_part(contents.metadata, kOptimizer, std::move(state.metadata));
  contents.metadata.emplace(kTrainingMetadata, training_text(checkpoint));
  safetensors::write(file, contents);
}

safetensors::Contents exported_weights(const Checkpoint& checkpoint, const Model& model) {
  safetensors::Contents contents;
  for (const auto& [name, weight] : weights_of(model)) contents.tensors.emplace(name, saved(weight));
  contents.metadata.emplace(kTrainingMetadata, exported_text(checkpoint));
  return contents;
}

std::optional<std::int64_t> outputs_of(const Checkpoint& checkpoint) {
  if (is_script_file(checkpoint.config.model)) return std::nullopt;  // whose layers may be called anything
  const auto bias = checkpoint.contents.tensors.find(fmt::format("{}output.bias", kModel));
  if (bias == checkpoint.contents.tensors.end() || bias->second.shape.size() != 1) return std::nullopt;
  return static_cast<std::int64_t>(bias->second.shape.front());
}

void restore(const Checkpoint& checkpoint, Model& model, libtorch::Optimizer& optimizer) {
  const Weights weights = read_weights(checkpoint, kModel, model);
  // Checks everything before it changes anything.
  optimizer.load_state_dict(
      {part(checkpoint.contents.tensors, kOptimizer), part(checkpoint.contents.metadata, kOptimizer)});
  set_weights(model, weights);
}

Weights best_weights(const Checkpoint& checkpoint, const Model& model) {
  if (part(checkpoint.contents.tensors, kBest).empty()) return {};
  return read_weights(checkpoint, kBest, model);
}

std::int64_t resumed_outputs(const Checkpoint& checkpoint, const Dataset& dataset, std::int64_t outputs) {
  const std::int64_t before = outputs_of(checkpoint).value_or(outputs);
  if (before == outputs || (dataset.target.kind == TargetKind::label && before > outputs && before <= kMostClasses)) {
    return before;
  }
  throw Error(
      fmt::format("resume: the checkpoint's model tells {} classes apart; {} has {}", before, dataset.origin, outputs));
}

}  // namespace thalweg::lab

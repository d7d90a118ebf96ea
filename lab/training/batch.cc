// Batch: tensors that a step fills again and again with examples of a data set.
#include "training/batch.h"

#include <cstddef>

namespace thalweg::lab {
namespace {

torch::Tensor make(std::vector<std::int64_t> shape, bool is_real, Values& memory) {
  torch::Tensor tensor = torch::empty(shape, is_real ? torch::kFloat32 : torch::kInt64);
  const auto count = static_cast<std::size_t>(tensor.numel());
  if (is_real) {
    memory = std::span(tensor.data_ptr<float>(), count);
  } else {
    memory = std::span(tensor.data_ptr<std::int64_t>(), count);
  }
  return tensor;
}

}  // namespace

Batch::Batch(const Dataset& dataset, std::int64_t count) : size(count) {
  for (const Input& input : dataset.inputs) {
    std::vector<std::int64_t> shape{count};
    shape.insert(shape.end(), input.shape.begin(), input.shape.end());
    inputs.push_back(make(std::move(shape), input.is_real(), memory_.inputs.emplace_back()));
  }
  std::vector<std::int64_t> shape{count};
  if (dataset.target.kind == TargetKind::characters) shape.push_back(dataset.target.length);
  target = make(std::move(shape), dataset.target.kind == TargetKind::number, memory_.target);
}

void Batch::load(const Dataset& dataset, std::span<const std::int64_t> examples, const Scaling& scaling) {
  dataset.examples->load(examples, scaling, memory_);
}

void Batch::vary(const Augmenter& augmenter, std::span<const std::int64_t> examples, std::int64_t epoch) {
  augmenter.apply(std::get<std::span<float>>(memory_.inputs.front()), examples, epoch);
}

void Batch::draw(const Negatives& negatives, std::span<const std::int64_t> examples, std::int64_t epoch) {
  const std::int64_t width = 2 + negatives.count();
  if (!pairs_.defined()) {
    pairs_ = inputs.front();
    inputs.front() = torch::empty({size, width}, torch::kInt64);
  }
  const std::int64_t* pair = pairs_.data_ptr<std::int64_t>();
  std::int64_t* to = inputs.front().data_ptr<std::int64_t>();
  float* const stands_for = target.data_ptr<float>();
  for (std::size_t i = 0; i < examples.size(); ++i, pair += 2, to += width) {
    to[0] = pair[0];
    to[1] = pair[1];
    const std::span items(to + 2, static_cast<std::size_t>(negatives.count()));
    stands_for[i] = static_cast<float>(negatives.draw(pair[0], pair[1], examples[i], epoch, items));
  }
}

}  // namespace thalweg::lab

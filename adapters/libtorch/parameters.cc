// Parameters: the tensors to optimize with their names, and what may be one.
#include "parameters.h"

#include <thalweg/libtorch.h>

#include <unordered_set>

namespace thalweg::inline v0_1::libtorch {

namespace {

/// Leaves out what is there a second time: tied weights are one parameter.
std::vector<Parameters::Item> distinct(std::vector<Parameters::Item> items) {
  std::unordered_set<const c10::TensorImpl*> seen;
  std::erase_if(items, [&](const Parameters::Item& item) {
    if (!item.second.defined()) throw Error(parameter_called(item.first) + " is undefined");
    return !seen.insert(item.second.unsafeGetTensorImpl()).second;
  });
  return items;
}

std::vector<Parameters::Item> pairs(const torch::OrderedDict<std::string, torch::Tensor>& named) {
  std::vector<Parameters::Item> items;
  for (const auto& item : named) items.emplace_back(item.key(), item.value());
  return items;
}

std::vector<Parameters::Item> numbered(const std::vector<torch::Tensor>& tensors) {
  std::vector<Parameters::Item> items;
  for (const torch::Tensor& tensor : tensors) items.emplace_back("parameters." + std::to_string(items.size()), tensor);
  return items;
}

}  // namespace

Parameters::Parameters(const torch::nn::Module& module) : Parameters(module.named_parameters()) {}

Parameters::Parameters(const torch::OrderedDict<std::string, torch::Tensor>& named) : items_(distinct(pairs(named))) {}

Parameters::Parameters(std::vector<Item> named) : items_(distinct(std::move(named))) {}

Parameters::Parameters(std::initializer_list<Item> named) : Parameters(std::vector<Item>(named)) {}

Parameters::Parameters(const std::vector<torch::Tensor>& tensors) : items_(distinct(numbered(tensors))) {}

Parameters::Parameters(std::initializer_list<torch::Tensor> tensors)
    : Parameters(std::vector<torch::Tensor>(tensors)) {}

std::string parameter_called(std::string_view name) { return "parameter \"" + std::string(name) + "\""; }

void check_parameter(const std::string& name, const torch::Tensor& parameter) {
  if (!parameter.defined()) throw Error(parameter_called(name) + " is undefined");
  if (!parameter.is_leaf()) {
    throw Error(parameter_called(name) +
                " is not a leaf: it was computed from other tensors, so its gradient is not kept");
  }
  if (!parameter.device().is_cpu()) {
    throw Error(parameter_called(name) + " is on " + text(parameter.device()) + "; allowed: cpu");
  }
  if (parameter.layout() != torch::kStrided) {
    throw Error(parameter_called(name) + " has layout " + text(parameter.layout()) + "; allowed: Strided");
  }
  if (parameter.scalar_type() != torch::kFloat && parameter.scalar_type() != torch::kDouble) {
    throw Error(parameter_called(name) + " has dtype " + text(parameter.dtype()) + "; allowed: float, double");
  }
  for (std::int64_t i = 0; i < parameter.dim(); ++i) {
    if (parameter.size(i) > 1 && parameter.stride(i) == 0) {
      throw Error(parameter_called(name) + " is expanded: several of its elements are one in memory; clone() it first");
    }
  }
}

void Places::add(const c10::TensorImpl* tensor, const std::string& name) {
  if (tensor->numel() == 0) return;
  const auto [place, is_new] = names_.emplace(tensor->data(), name);
  if (is_new) return;
  throw Error(
      parameter_called(place->second) + " and " + parameter_called(name) +
      " are two tensors over the same memory (tied by set_data?), each with a gradient of its own; register one "
      "tensor under both names: then their gradients add up, and it steps once");
}

}  // namespace thalweg::inline v0_1::libtorch

// What the adapter keeps beside LibTorch's own groups: the engine, and which tensor is which of its parameters.
#pragma once

#include "binding.h"

#include <thalweg/libtorch.h>

#include <algorithm>
#include <string>
#include <unordered_map>
#include <vector>

namespace thalweg::libtorch {

using ParamGroup = torch::optim::OptimizerParamGroup;

struct Optimizer::Impl {
  Impl(Options options, Settings settings) : engine(std::move(options), std::move(settings)) {}

  thalweg::Optimizer engine;
  std::vector<Binding> bindings;  // exactly the engine's parameters, in the order of param_groups()
  std::unordered_map<const c10::TensorImpl*, std::string> names;  // given, for tensors that are not bound yet
  std::size_t unnamed = 0;
  GradientList list;
  std::vector<Binding*> stepping;

  void follow_moved() {
    std::vector<Binding*> moved;
    for (Binding& binding : bindings) {
      if (binding.has_moved()) moved.push_back(&binding);
    }
    for (const Binding* binding : moved) binding->check_move(engine);
    for (Binding* binding : moved) binding->leave(engine);
    for (Binding* binding : moved) binding->follow(engine);
  }

  /// Collects the gradients of all parameters that step, unless a tensor has moved: then false.
  bool collect() {
    list.clear();
    stepping.clear();
    for (Binding& binding : bindings) {
      if (binding.has_moved()) return false;
      if (const torch::Tensor* gradient = binding.gradient()) {
        binding.append(engine, *gradient, list);
        stepping.push_back(&binding);
      }
    }
    return true;
  }

  void step() {
    if (!collect()) {
      follow_moved();
      collect();
    }
    // Averages take all parameters, and may overwrite them, with a gradient or without one.
    const Average& average = engine.settings().average;
    if (average.kind != AverageKind::none) {
      for (Binding& binding : bindings) binding.begin_step();
    } else {
      for (Binding* binding : stepping) binding->begin_step();
    }
    engine.step(list.gradients);
    if (average.kind != AverageKind::none && average.overwrite_every > 0) {
      for (Binding& binding : bindings) binding.end_step();
    } else {
      for (Binding* binding : stepping) binding->end_step();
    }
    list.owned.clear();
  }

  void swap_averages() {
    const torch::NoGradGuard no_grad;
    follow_moved();
    for (Binding& binding : bindings) binding.begin_step();
    engine.swap_averages();
    for (Binding& binding : bindings) binding.end_step();
  }

  /// The name that was given to the tensor, or the next positional one.
  std::string name_for(const torch::Tensor& tensor) {
    const auto given = names.find(tensor.unsafeGetTensorImpl());
    if (given != names.end()) return given->second;
    std::string name;
    do {
      name = "parameters." + std::to_string(unnamed++);
    } while (engine.contains(name));
    return name;
  }

  Binding& binding(std::string_view name) {
    const Handle handle = engine.find(name);
    return *std::find_if(bindings.begin(), bindings.end(), [&](const Binding& b) { return b.handle() == handle; });
  }

  /// The group of this name, or an index past the end.
  std::uint32_t find_group(const std::string& name) const {
    std::uint32_t index = 0;
    while (index < engine.group_count() && engine.group_name(Group{index}) != name) ++index;
    return index;
  }

  /// Gives the engine exactly the parameters of these groups, in their order; `group_of` has each group's number there.
  void bind(std::vector<ParamGroup>& groups, const std::vector<Group>& group_of);
};

}  // namespace thalweg::libtorch

// What the adapter keeps beside LibTorch's own groups: the engine, and which tensor is which of its parameters.
#pragma once

#include "binding.h"
#include "group_options.h"
#include "parameters.h"

#include <thalweg/libtorch.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace thalweg::libtorch {

using ParamGroup = torch::optim::OptimizerParamGroup;

/// Parameters of an engine, each bound to its tensor.
struct BoundParameters {
  thalweg::Optimizer engine;
  std::vector<Binding> bindings = {};

  void follow_moved() {
    std::vector<Binding*> moved;
    for (Binding& binding : bindings) {
      if (binding.has_moved()) moved.push_back(&binding);
    }
    if (moved.empty()) return;
    for (const Binding* binding : moved) binding->check_move(engine);
    check_not_tied();
    for (Binding* binding : moved) binding->leave(engine);
    for (Binding* binding : moved) binding->follow(engine);
  }

  /// Throws Error if two of the tensors lie in the same place.
  void check_not_tied() const {
    Places places;
    for (const Binding& binding : bindings) places.add(binding.tensor(), engine.name(binding.handle()));
  }

  /// What the function makes of the engine while all columns are in row-major order.
  State in_row_major_order(const std::function<State(const thalweg::Optimizer&)>& function) {
    for (const Binding& binding : bindings) binding.to_row_major(engine);
    const auto restore = [&] {
      for (const Binding& binding : bindings) binding.from_row_major(engine);
    };
    try {
      State state = function(engine);
      restore();
      return state;
    } catch (...) {
      restore();
      throw;
    }
  }

  void swap_averages() {
    const torch::NoGradGuard no_grad;
    follow_moved();
    for (Binding& binding : bindings) binding.begin_step();
    engine.swap_averages();
    for (Binding& binding : bindings) binding.end_step();
  }

  Binding& binding(std::string_view name) {
    const Handle handle = engine.find(name);
    return *std::find_if(bindings.begin(), bindings.end(), [&](const Binding& b) { return b.handle() == handle; });
  }
};

/// Its bindings are exactly the engine's parameters, in the order of param_groups().
struct Optimizer::Impl : BoundParameters {
  Impl(Options options, Settings settings)
      : BoundParameters{thalweg::Optimizer(std::move(options), std::move(settings))} {
    engine.on_options_change([board = board.get()] {
      for (GroupOptions* options : board->shown) options->show_changes();
    });
  }
  ~Impl() {
    for (GroupOptions* options : board->shown) options->keep_values();
    board->engine = nullptr;
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  std::shared_ptr<GroupOptions::Board> board = std::make_shared<GroupOptions::Board>(GroupOptions::Board{&engine, {}});
  std::vector<Group> bound_groups;   // each parameter group's, by its place
  GroupOptions* defaults = nullptr;  // LibTorch's defaults()
  /// Averages of buffers, by an engine whose steps do nothing else.
  std::optional<BoundParameters> buffers;
  std::unordered_map<const c10::TensorImpl*, std::string> names;  // given, for tensors that are not bound yet
  std::size_t unnamed = 0;
  GradientList list;
  std::vector<Binding*> stepping;

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
    if (buffers) buffers->follow_moved();  // what can throw comes before anything is changed
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
    average_buffers();
  }

  /// Averages the buffers as the step averaged the parameters.
  void average_buffers() {
    if (!buffers) return;
    Average average = engine.settings().average;
    average.overwrite_every = 0;
    if (average != buffers->engine.settings().average) buffers->engine.set_average(average);
    for (Binding& binding : buffers->bindings) binding.begin_step();
    buffers->engine.step({});
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

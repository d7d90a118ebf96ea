// What the adapter keeps beside LibTorch's own groups: the engine, and which tensor is which of its parameters.
#pragma once

#include "backward.h"
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

namespace thalweg::inline v0_1::libtorch {

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
  Impl(Options options, Settings settings, Execution execution)
      : BoundParameters{thalweg::Optimizer(std::move(options), std::move(settings), std::move(execution))} {
    engine.on_options_change([board = board.get()] {
      for (GroupOptions* options : board->shown) options->show_changes();
    });
  }
  ~Impl() {
    hooks.reset();
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

  // Steps in the backward pass (backward.cc)

  std::optional<BackwardHooks> hooks;
  std::vector<bool> has_stepped;  // in the step in progress, by the bindings' places

  void check_steps_in_parts() const;
  void begin_step_in_backward();
  void step_in_backward(std::size_t place);
  void end_step_in_backward();
  /// Throws Error if a backward pass has begun a step.
  void check_at_rest(std::string_view what) const;

  // Rows (rows.cc)

  void check_replacement(const std::string& what, const Binding& binding, const torch::Tensor& tensor) const;
  template <class Tell>
  void replace(std::string_view what, std::string_view name, const torch::Tensor& tensor,
               std::vector<ParamGroup>& groups, const Tell& tell);

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

  void step(std::optional<double> loss) {
    if (buffers) buffers->follow_moved();  // what can throw comes before anything is changed
    if (!collect()) {
      follow_moved();
      collect();
    }
    const Settings& settings = engine.settings();
    const bool averages = settings.average.kind != AverageKind::none;
    // Accumulated gradients may be of parameters that have none now. Averages take all parameters, and may overwrite
    // them, with a gradient or without one.
    const bool may_step_all = settings.accumulation.calls > 1;
    const bool reads_all = may_step_all || averages;
    const bool writes_all = may_step_all || (averages && settings.average.overwrite_every > 0);
    for_each_stepping(reads_all, [](Binding& binding) { binding.begin_step(); });
    engine.step(list.gradients, loss);
    list.owned.clear();
    if (!engine.report().applied()) return;
    for_each_stepping(writes_all, [](Binding& binding) { binding.end_step(); });
    average_buffers();
  }

  template <class Function>
  void for_each_stepping(bool all, const Function& function) {
    if (all) {
      for (Binding& binding : bindings) function(binding);
    } else {
      for (Binding* binding : stepping) function(*binding);
    }
  }

  /// The loss as a number, if a group's rule asks for it.
  std::optional<double> loss_for_rules(const torch::Tensor& loss) const {
    for (std::uint32_t i = 0; i < engine.group_count(); ++i) {
      const RuleInfo& rule = engine.options(Group{i}).rule();
      if (!rule.needs_loss) continue;
      const std::string what = "step: " + std::string(rule.name) + " needs the loss: ";
      if (!loss.defined()) throw Error(what + "give step a closure that computes the gradients and returns the loss");
      if (loss.numel() != 1)
        throw Error(what + "what the closure returned has shape " + text(loss.sizes()) + ", not one number");
      return loss.item<double>();
    }
    return {};
  }

  /// Loads the state into the engine, but leaves the parameters in the groups that they have here: param_groups() says
  /// which those are, not the state.
  void load(const State& state) {
    std::optional<State> before;
    if (!has_one_rule()) before = engine.state();  // moving a parameter back can fail
    engine.load(state);
    try {
      for (Binding& binding : bindings) binding.move(engine, binding.group());
    } catch (...) {
      if (before) engine.load(*before);
      throw;
    }
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

  /// Have all groups the same rule?
  bool has_one_rule() const {
    for (std::uint32_t i = 1; i < engine.group_count(); ++i) {
      if (&engine.options(Group{i}).rule() != &engine.rule()) return false;
    }
    return true;
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

}  // namespace thalweg::inline v0_1::libtorch

// Steps in the backward pass: each parameter is stepped as soon as its gradient is there, and the gradient freed.
#include "backward.h"

#include "optimizer_impl.h"
#include "parameters.h"

#include <torch/csrc/autograd/function.h>

#include <algorithm>
#include <memory>

namespace thalweg::inline v0_1::libtorch {

struct BackwardHooks::Hook final : torch::autograd::FunctionPostHook {
  Hook(BackwardHooks& hooks, std::size_t place) : hooks(hooks), place(place) {}

  torch::autograd::variable_list operator()(const torch::autograd::variable_list& outputs,
                                            const torch::autograd::variable_list&) override {
    const torch::NoGradGuard no_grad;
    hooks.ready_(place);
    return outputs;
  }

  BackwardHooks& hooks;
  std::size_t place;
};

void BackwardHooks::follow(const std::vector<Binding>& bindings) {
  namespace impl = torch::autograd::impl;
  const auto is_hooked = [](const Hooked& hooked, const Binding& binding) {
    if (hooked.tensor != binding.tensor()) return false;
    // A tensor whose data were replaced by others may have another node.
    return hooked.node ? impl::try_get_grad_accumulator(binding.parameter()) == hooked.node
                       : !binding.tensor()->requires_grad();
  };
  if (std::ranges::equal(hooked_, bindings, is_hooked)) return;
  remove();
  for (const Binding& binding : bindings) {
    Hooked hooked{binding.tensor(), {}, 0};
    if (binding.tensor()->requires_grad()) {
      hooked.node = impl::grad_accumulator(binding.parameter());
      hooked.key = hooked.node->add_post_hook(std::make_unique<Hook>(*this, hooked_.size()));
    }
    hooked_.push_back(std::move(hooked));
  }
}

void BackwardHooks::remove() {
  for (Hooked& hooked : hooked_) {
    if (hooked.node) hooked.node->del_post_hook(hooked.key);
  }
  hooked_.clear();
}

void Optimizer::Impl::check_at_rest(std::string_view what) const {
  if (!engine.in_step()) return;
  throw Error(std::string(what) + ": a backward pass has begun a step; call step(), which ends it, first");
}

/// Throws Error that says what to do instead, if these settings and rules cannot step one parameter after the other.
void Optimizer::Impl::check_steps_in_parts() const {
  const std::string what = "step_in_backward: ";
  thalweg::Optimizer probe(engine.options(), engine.settings());
  for (std::uint32_t i = 0; i < engine.group_count(); ++i) {
    const Options& options = engine.options(Group{i});
    if (options.rule().needs_loss) {
      throw Error(what + std::string(options.rule().name) +
                  " needs the loss, which a backward pass does not tell; leave step_in_backward off");
    }
    if (i > 0) probe.add_group(engine.group_name(Group{i}), options);
  }
  try {
    probe.begin_step();
  } catch (const Error& error) {
    constexpr std::string_view kWho = "begin_step: ";
    std::string_view why = error.what();
    if (why.starts_with(kWho)) why.remove_prefix(kWho.size());
    throw Error(what + std::string(why) + ", with step_in_backward off");
  }
}

void Optimizer::Impl::begin_step_in_backward() {
  if (buffers) buffers->follow_moved();
  for (GroupOptions* options : board->shown) options->take_over();
  follow_moved();
  engine.begin_step();
  has_stepped.assign(bindings.size(), false);
}

void Optimizer::Impl::step_in_backward(std::size_t place) {
  if (!engine.in_step()) begin_step_in_backward();
  Binding& binding = bindings[place];
  const torch::Tensor* gradient = binding.gradient();
  if (gradient == nullptr) return;
  if (has_stepped[place]) {
    throw Error("step_in_backward: " + parameter_called(engine.name(binding.handle())) +
                " has a second gradient in one step; call step() after each backward pass, or switch step_in_backward "
                "off where gradients of several passes are added up");
  }
  if (binding.has_moved()) follow_moved();
  list.clear();
  binding.append(engine, *gradient, list);
  binding.begin_step();
  engine.update(list.gradients.front());
  binding.end_step();
  list.clear();
  has_stepped[place] = true;
  binding.free_gradient();
}

void Optimizer::Impl::end_step_in_backward() {
  if (!engine.in_step()) begin_step_in_backward();
  // Gradients that were given by hand, or are of tensors that were new to this backward pass.
  for (std::size_t place = 0; place < bindings.size(); ++place) {
    if (!has_stepped[place]) step_in_backward(place);
  }
  const auto for_each_still = [&](const auto& function) {
    for (std::size_t place = 0; place < bindings.size(); ++place) {
      if (!has_stepped[place]) function(bindings[place]);
    }
  };
  const Average& average = engine.settings().average;
  if (average.kind != AverageKind::none) for_each_still([](Binding& binding) { binding.begin_step(); });
  engine.end_step();
  if (average.kind != AverageKind::none && average.overwrite_every > 0) {
    for_each_still([](Binding& binding) { binding.end_step(); });
  }
  average_buffers();
}

void Optimizer::step_in_backward(bool on) {
  synchronize();
  impl_->check_at_rest("step_in_backward");
  if (!on) {
    impl_->hooks.reset();
    return;
  }
  impl_->check_steps_in_parts();
  Impl& impl = *impl_;
  impl.hooks.emplace([&impl](std::size_t place) { impl.step_in_backward(place); });
  impl.hooks->follow(impl.bindings);
}

}  // namespace thalweg::inline v0_1::libtorch

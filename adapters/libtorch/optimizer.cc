// Optimizer: a torch::optim::Optimizer whose steps the engine takes.
#include "libtorch_class.h"
#include "optimizer_impl.h"
#include "parameters.h"

#include <thalweg/dialects.h>

#include <algorithm>

namespace thalweg::inline v0_1::libtorch {

namespace {

/// The buffers' state within the parameters': metadata under this key, tensors under it and a slash.
constexpr std::string_view kBuffers = "thalweg.buffers";

/// Names that show what a pattern could have matched.
std::string examples(const std::vector<Parameters::Item>& items) {
  if (items.empty()) return "there are no parameters";
  std::string text = "names here are like ";
  for (std::size_t i = 0; i < std::min<std::size_t>(items.size(), 3); ++i) {
    text += (i ? ", \"" : "\"") + items[i].first + "\"";
  }
  return text;
}

GroupPatterns group_patterns(const Description& description) {
  std::vector<GroupPattern> result;
  for (const GroupDescription& group : description.groups) {
    result.push_back({group.pattern, {group.pattern}, description.options_of(group), group.lr_scale});
  }
  return result;
}

}  // namespace

Optimizer::Optimizer(Options options, Settings settings, Execution execution)
    : torch::optim::Optimizer(std::vector<ParamGroup>{}, libtorch::group_options(options)),
      impl_(std::make_unique<Impl>(std::move(options), std::move(settings), std::move(execution))) {
  impl_->defaults = dynamic_cast<GroupOptions*>(defaults_.get());
}

Optimizer::Optimizer(const Parameters& parameters, AnyOptions options, Settings settings, Execution execution)
    : Optimizer(parameters, std::move(options), GroupPatterns{}, std::move(settings), std::move(execution)) {}

Optimizer::Optimizer(const Parameters& parameters, AnyOptions options, const GroupPatterns& groups, Settings settings,
                     Execution execution)
    : Optimizer(Options(options), std::move(settings), std::move(execution)) {
  // Not by add_param_group: later LibTorch versions merge options there.
  param_groups_.emplace_back(std::vector<torch::Tensor>{}, libtorch::group_options(options, ""));
  for (const GroupPattern& group : groups) {
    Options its_own = group.options.value_or(options);
    if (!group.options) its_own.set("lr", options.get("lr") * group.lr_scale);
    param_groups_.emplace_back(std::vector<torch::Tensor>{},
                               libtorch::group_options(std::move(its_own), group.name, group.lr_scale));
    for (const std::string& pattern : group.patterns) {
      const auto& items = parameters.items();
      if (std::none_of(items.begin(), items.end(),
                       [&](const auto& item) { return fits_pattern(pattern, item.first); })) {
        throw Error("parameter group \"" + group.name + "\": pattern \"" + pattern + "\" matches no parameter; " +
                    examples(items));
      }
    }
  }
  impl_->unnamed = parameters.items().size();
  for (const auto& [name, tensor] : parameters.items()) {
    check_parameter(name, tensor);
    const std::string& parameter = name;
    const auto group = std::find_if(groups.begin(), groups.end(), [&](const GroupPattern& candidate) {
      return std::any_of(candidate.patterns.begin(), candidate.patterns.end(),
                         [&](const std::string& pattern) { return fits_pattern(pattern, parameter); });
    });
    const auto index = group == groups.end() ? 0 : static_cast<std::size_t>(group - groups.begin()) + 1;
    impl_->names[tensor.unsafeGetTensorImpl()] = name;
    param_groups_[index].params().push_back(tensor);
  }
  synchronize();
}

Optimizer::Optimizer(const Parameters& parameters, const Description& description, Execution execution, FromDescription)
    : Optimizer(parameters, description.options, group_patterns(description), description.settings,
                std::move(execution)) {
  check(description);
  impl_->engine.set_schedule(description.schedule);
}

Optimizer::Optimizer(const std::vector<ParamGroup>& groups, AnyOptions options, Settings settings, Execution execution)
    : Optimizer(Options(options), std::move(settings), std::move(execution)) {
  for (const ParamGroup& group : groups) add_param_group(group);
  synchronize();
}

void Optimizer::add_param_group(const ParamGroup& group) {
  if (group.has_options() && dynamic_cast<const GroupOptions*>(&group.options())) {
    param_groups_.emplace_back(group.params(), group.options().clone());
    return;
  }
  if (group.has_options()) {
    try {
      const Options& defaults = impl_->defaults->options();
      Options ours = group_options_from_libtorch(group.options(), defaults);
      if (&ours.rule() != &defaults.rule()) {  // then there is nothing to be merged with
        param_groups_.emplace_back(group.params(), libtorch::group_options(std::move(ours)));
        return;
      }
    } catch (const Error& error) {
      throw Error("parameter group " + std::to_string(param_groups_.size()) + ": its " + error.what());
    }
  }
  torch::optim::Optimizer::add_param_group(group);
}

GroupOptions& Optimizer::group_options(std::size_t index) {
  synchronize();
  if (index < param_groups_.size()) return *impl_->board->shown[index];
  throw Error("parameter group " + std::to_string(index) + " does not exist; there are " +
              std::to_string(param_groups_.size()));
}

GroupOptions& Optimizer::group_options(std::string_view name) {
  synchronize();
  const Group wanted = impl_->engine.group(name);
  for (GroupOptions* options : impl_->board->shown) {
    if (options->group_ == wanted) return *options;
  }
  throw Error("parameter group \"" + std::string(name) + "\" is not in param_groups() any more");
}

void Optimizer::set(std::string_view option, double value) { engine().set(option, value); }

Optimizer::~Optimizer() = default;
Optimizer::Optimizer(Optimizer&&) noexcept = default;

torch::Tensor Optimizer::step(LossClosure closure) {
  torch::Tensor loss;
  if (closure) {
    const torch::AutoGradMode enable_grad(true);
    loss = closure();
  }
  const torch::NoGradGuard no_grad;
  if (!impl_->engine.in_step()) synchronize();
  if (impl_->hooks) {
    impl_->end_step_in_backward();
    impl_->hooks->follow(impl_->bindings);
  } else {
    impl_->step(impl_->loss_for_rules(loss));
  }
  return loss;
}

const StepReport& Optimizer::report() const { return impl_->engine.report(); }
std::int64_t Optimizer::refused_steps() const { return impl_->engine.refused_steps(); }
double Optimizer::loss_scale() const { return impl_->engine.loss_scale(); }

thalweg::Optimizer& Optimizer::engine() {
  synchronize();
  return impl_->engine;
}

torch::Tensor Optimizer::state(std::string_view name, std::string_view column) {
  synchronize();
  return impl_->binding(name).column(impl_->engine, column);
}

torch::Tensor Optimizer::average(std::string_view name) {
  synchronize();
  return impl_->binding(name).average(impl_->engine);
}

void Optimizer::swap_averages() {
  synchronize();
  impl_->check_at_rest("swap_averages");
  if (impl_->buffers) impl_->buffers->follow_moved();
  impl_->swap_averages();
  if (impl_->buffers) impl_->buffers->swap_averages();
}

void Optimizer::average_buffers(const torch::nn::Module& module) {
  synchronize();
  impl_->check_at_rest("average_buffers");
  const thalweg::Optimizer& engine = impl_->engine;
  for (const Handle handle : engine.handles()) {
    if (engine.step_number(handle) > 0) {
      throw Error("average_buffers: to be called before the first step, and before a state is loaded");
    }
  }
  BoundParameters buffers{thalweg::Optimizer(thalweg::SGD{}, {}, {.threads = engine.execution().threads})};
  for (const auto& item : module.named_buffers()) {
    if (!item.value().defined()) continue;
    const torch::ScalarType type = item.value().scalar_type();
    if (type != torch::kFloat && type != torch::kDouble) continue;
    check_parameter(item.key(), item.value());
    buffers.bindings.emplace_back(buffers.engine, item.key(), item.value(), Group{});
  }
  impl_->buffers = std::move(buffers);
}

torch::Tensor Optimizer::buffer_average(std::string_view name) {
  if (!impl_->buffers) throw Error("buffer_average: no buffers are averaged; call average_buffers(model)");
  return impl_->buffers->binding(name).average(impl_->buffers->engine);
}

State Optimizer::state_dict() const {
  // LibTorch's groups may have changed unnoticed; taking that over is no change of what the optimizer is.
  const_cast<Optimizer*>(this)->synchronize();
  impl_->check_at_rest("state_dict");
  State state = impl_->engine.state();
  if (impl_->buffers) {
    State buffers = impl_->buffers->engine.state();
    for (auto& [name, tensor] : buffers.tensors) {
      state.tensors.emplace(std::string(kBuffers) + "/" + name, std::move(tensor));
    }
    state.metadata.emplace(kBuffers, std::move(buffers.metadata.begin()->second));
  }
  return state;
}

State Optimizer::torch_state_dict() const {
  const_cast<Optimizer*>(this)->synchronize();
  impl_->check_at_rest("torch_state_dict");
  return to_torch_state(impl_->engine);
}

void Optimizer::load_state_dict(const State& state) {
  synchronize();
  impl_->check_at_rest("load_state_dict");
  impl_->follow_moved();
  const auto head = state.metadata.find(kBuffers);
  if (head == state.metadata.end()) {
    impl_->load(state);
  } else {
    if (!impl_->buffers) throw Error("load: the state has averages of buffers; call average_buffers(model) first");
    State parameters, buffers;
    const std::string prefix = std::string(kBuffers) + "/";
    for (const auto& [name, tensor] : state.tensors) {
      if (name.starts_with(prefix)) {
        buffers.tensors.emplace(name.substr(prefix.size()), tensor);
      } else {
        parameters.tensors.emplace(name, tensor);
      }
    }
    parameters.metadata = state.metadata;
    parameters.metadata.erase(std::string(kBuffers));
    const State before = impl_->buffers->engine.state();
    buffers.metadata.emplace(before.metadata.begin()->first, head->second);
    impl_->buffers->follow_moved();
    impl_->buffers->engine.load(buffers);
    try {
      impl_->load(parameters);
    } catch (...) {
      impl_->buffers->engine.load(before);
      throw;
    }
  }
}

void Optimizer::load_torch_state_dict(const State& state) {
  synchronize();
  load_state_dict(from_torch_state(state, impl_->engine));
}

void Optimizer::save(const std::filesystem::path& file) const { safetensors::write(file, state_dict()); }

void Optimizer::load(const std::filesystem::path& file) { load_state_dict(safetensors::read(file)); }

}  // namespace thalweg::inline v0_1::libtorch

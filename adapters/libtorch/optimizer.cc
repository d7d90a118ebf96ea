// Optimizer: a torch::optim::Optimizer whose steps the engine takes.
#include "binding.h"
#include "parameters.h"

#include <thalweg/dialects.h>
#include <thalweg/libtorch.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <unordered_map>

namespace thalweg::libtorch {

namespace {

using ParamGroup = torch::optim::OptimizerParamGroup;

/// Key of the engine's state in LibTorch's archives.
constexpr const char* kArchiveKey = "thalweg";

/// The options of the parameter group in this place.
GroupOptions& options_of(std::vector<ParamGroup>& groups, std::size_t index) {
  auto* options = dynamic_cast<GroupOptions*>(&groups[index].options());
  if (!options) {
    throw Error("parameter group " + std::to_string(index) +
                ": its options are LibTorch's own; allowed: thalweg::libtorch::GroupOptions, or none");
  }
  return *options;
}

/// Names that show what a pattern could have matched.
std::string examples(const std::vector<Parameters::Item>& items) {
  if (items.empty()) return "there are no parameters";
  std::string text = "names here are like ";
  for (std::size_t i = 0; i < std::min<std::size_t>(items.size(), 3); ++i) {
    text += (i ? ", \"" : "\"") + items[i].first + "\"";
  }
  return text;
}

}  // namespace

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

Optimizer::Optimizer(Options options, Settings settings)
    : torch::optim::Optimizer(std::vector<ParamGroup>{}, std::make_unique<GroupOptions>(options)),
      impl_(std::make_unique<Impl>(std::move(options), std::move(settings))) {}

Optimizer::Optimizer(const Parameters& parameters, Options options, Settings settings)
    : Optimizer(parameters, std::move(options), GroupPatterns{}, std::move(settings)) {}

Optimizer::Optimizer(const Parameters& parameters, Options options, const GroupPatterns& groups, Settings settings)
    : Optimizer(options, std::move(settings)) {
  // Not by add_param_group: later LibTorch versions merge options there.
  param_groups_.emplace_back(std::vector<torch::Tensor>{}, std::make_unique<GroupOptions>(std::move(options), ""));
  for (const GroupPattern& group : groups) {
    param_groups_.emplace_back(std::vector<torch::Tensor>{}, std::make_unique<GroupOptions>(group.options, group.name));
    for (const std::string& pattern : group.patterns) {
      const auto& items = parameters.items();
      if (std::none_of(items.begin(), items.end(), [&](const auto& item) { return matches(pattern, item.first); })) {
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
                         [&](const std::string& pattern) { return matches(pattern, parameter); });
    });
    const auto index = group == groups.end() ? 0 : static_cast<std::size_t>(group - groups.begin()) + 1;
    impl_->names[tensor.unsafeGetTensorImpl()] = name;
    param_groups_[index].params().push_back(tensor);
  }
  synchronize();
}

Optimizer::Optimizer(const std::vector<ParamGroup>& groups, Options options, Settings settings)
    : Optimizer(options, std::move(settings)) {
  for (const ParamGroup& group : groups) {
    param_groups_.emplace_back(group.params(), group.has_options() ? group.options().clone() : defaults_->clone());
  }
  synchronize();
}

Optimizer::~Optimizer() = default;
Optimizer::Optimizer(Optimizer&&) noexcept = default;

torch::Tensor Optimizer::step(LossClosure closure) {
  torch::Tensor loss;
  if (closure) {
    const torch::AutoGradMode enable_grad(true);
    loss = closure();
  }
  const torch::NoGradGuard no_grad;
  synchronize();
  impl_->step();
  return loss;
}

/// Takes over what was done to param_groups(), which is LibTorch's and cannot tell.
void Optimizer::synchronize() {
  bind_groups();
  std::size_t position = 0;
  bool same = true;
  for (std::size_t index = 0; same && index < param_groups_.size(); ++index) {
    const Group group = static_cast<GroupOptions&>(param_groups_[index].options()).group_;
    for (const torch::Tensor& tensor : param_groups_[index].params()) {
      same = position < impl_->bindings.size() && impl_->bindings[position].tensor() == tensor.unsafeGetTensorImpl() &&
             impl_->bindings[position].group() == group;
      if (!same) break;
      ++position;
    }
  }
  if (same && position == impl_->bindings.size()) return;

  std::vector<Group> group_of;
  for (std::size_t index = 0; index < param_groups_.size(); ++index) {
    group_of.push_back(options_of(param_groups_, index).group_);
  }
  impl_->bind(param_groups_, group_of);
}

/// Gives each parameter group its group in the engine. Groups are known by name: a vector of LibTorch's groups copies
/// them when it grows, and a copy's options are not bound.
void Optimizer::bind_groups() {
  bool bound = true;
  for (std::size_t index = 0; index < param_groups_.size(); ++index) {
    bound = options_of(param_groups_, index).engine_ == &impl_->engine && bound;
  }
  if (bound) return;

  std::set<std::string> taken;
  for (std::size_t index = 0; index < param_groups_.size(); ++index) {
    const GroupOptions& options = options_of(param_groups_, index);
    if (options.name_ && !taken.insert(*options.name_).second) {
      throw Error("two parameter groups are called \"" + *options.name_ + "\"");
    }
  }
  for (std::size_t index = 0; index < param_groups_.size(); ++index) {
    GroupOptions& options = options_of(param_groups_, index);
    if (options.engine_ == &impl_->engine) continue;
    std::string name = options.name_.value_or("");
    for (std::size_t number = index; !options.name_ && !taken.insert(name).second; ++number) {
      name = "group" + std::to_string(number);
    }
    const std::uint32_t known = impl_->find_group(name);
    if (known < impl_->engine.group_count()) {
      impl_->engine.set_options(Group{known}, options.options_);
      options.group_ = Group{known};
    } else {
      options.group_ = impl_->engine.add_group(name, options.options_);
    }
    options.name_ = name;
    options.engine_ = &impl_->engine;
  }
}

void Optimizer::Impl::bind(std::vector<ParamGroup>& groups, const std::vector<Group>& group_of) {
  std::unordered_map<const c10::TensorImpl*, std::size_t> bound;
  for (const Binding& binding : bindings) bound.emplace(binding.tensor(), bound.size());

  // Everything that can be wrong, before anything is changed.
  std::unordered_map<const c10::TensorImpl*, std::size_t> position;
  for (std::size_t index = 0; index < groups.size(); ++index) {
    for (const torch::Tensor& tensor : groups[index].params()) {
      const auto found = bound.find(tensor.unsafeGetTensorImpl());
      const auto given = names.find(tensor.unsafeGetTensorImpl());
      const std::string name = found != bound.end()   ? engine.name(bindings[found->second].handle())
                               : given != names.end() ? given->second
                                                      : "parameters." + std::to_string(unnamed);
      if (found == bound.end()) check_parameter(name, tensor);
      if (!position.emplace(tensor.unsafeGetTensorImpl(), position.size()).second) {
        throw Error(parameter_called(name) + " is in the parameter groups twice");
      }
    }
  }

  // `bindings` is what the engine has at every moment, also when adding a parameter throws.
  std::erase_if(bindings, [&](const Binding& binding) {
    if (position.contains(binding.tensor())) return false;
    engine.remove(binding.handle());
    return true;
  });
  for (Binding& binding : bindings) {
    if (binding.has_moved()) binding.leave(engine);  // a new parameter may lie where this one was
  }
  for (std::size_t index = 0; index < groups.size(); ++index) {
    for (const torch::Tensor& tensor : groups[index].params()) {
      if (!bound.contains(tensor.unsafeGetTensorImpl())) {
        bindings.emplace_back(engine, name_for(tensor), tensor, group_of[index]);
        names.erase(tensor.unsafeGetTensorImpl());
      }
    }
  }
  std::sort(bindings.begin(), bindings.end(),
            [&](const Binding& a, const Binding& b) { return position.at(a.tensor()) < position.at(b.tensor()); });
  auto binding = bindings.begin();
  for (std::size_t index = 0; index < groups.size(); ++index) {
    for (std::size_t i = 0; i < groups[index].params().size(); ++i) (binding++)->move(engine, group_of[index]);
  }
}

void Optimizer::add(std::string_view name, const torch::Tensor& parameter, std::string_view group) {
  synchronize();
  const std::string text(name);
  check_parameter(text, parameter);
  if (impl_->engine.contains(name)) throw Error(parameter_called(name) + " is there already");
  const Group wanted = impl_->engine.group(group);
  for (std::size_t index = 0; index < param_groups_.size(); ++index) {
    if (options_of(param_groups_, index).group_ != wanted) continue;
    std::vector<torch::Tensor>& tensors = param_groups_[index].params();
    tensors.push_back(parameter);
    // A tensor that is bound already keeps its name, which the error then tells.
    impl_->names[parameter.unsafeGetTensorImpl()] = text;
    try {
      synchronize();
    } catch (...) {
      tensors.pop_back();
      impl_->names.erase(parameter.unsafeGetTensorImpl());
      throw;
    }
    return;
  }
  throw Error("parameter group \"" + std::string(group) + "\" is not in param_groups() any more");
}

void Optimizer::add_group(std::string_view name, Options options) {
  synchronize();
  const std::string text(name);
  if (impl_->find_group(text) < impl_->engine.group_count()) {
    throw Error("parameter group \"" + text + "\" is there already");
  }
  if (&options.rule() != &impl_->engine.rule()) {
    throw Error("parameter group \"" + text + "\": its rule is " + std::string(options.rule().name) +
                ", the optimizer's " + std::string(impl_->engine.rule().name));
  }
  param_groups_.emplace_back(std::vector<torch::Tensor>{}, std::make_unique<GroupOptions>(std::move(options), text));
  synchronize();
}

void Optimizer::remove(std::string_view name) {
  synchronize();
  const c10::TensorImpl* tensor = impl_->binding(name).tensor();
  for (ParamGroup& group : param_groups_) {
    std::erase_if(group.params(), [&](const torch::Tensor& other) { return other.unsafeGetTensorImpl() == tensor; });
  }
  synchronize();
}

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
  impl_->swap_averages();
}

State Optimizer::state_dict() const {
  return in_row_major_order([](const thalweg::Optimizer& engine) { return engine.state(); });
}

State Optimizer::torch_state_dict() const { return in_row_major_order(to_torch_state); }

/// What the function makes of the engine while all columns are in row-major order.
State Optimizer::in_row_major_order(const std::function<State(const thalweg::Optimizer&)>& function) const {
  // LibTorch's groups may have changed unnoticed; taking that over is no change of what the optimizer is.
  const_cast<Optimizer*>(this)->synchronize();
  for (const Binding& binding : impl_->bindings) binding.to_row_major(impl_->engine);
  const auto restore = [&] {
    for (const Binding& binding : impl_->bindings) binding.from_row_major(impl_->engine);
  };
  try {
    State state = function(impl_->engine);
    restore();
    return state;
  } catch (...) {
    restore();
    throw;
  }
}

void Optimizer::load_state_dict(const State& state) {
  synchronize();
  impl_->follow_moved();
  impl_->engine.load(state);
  for (Binding& binding : impl_->bindings) {
    binding.move(impl_->engine, binding.group());  // param_groups() says which group it is in, not the state
    binding.from_row_major(impl_->engine);
  }
}

void Optimizer::load_torch_state_dict(const State& state) {
  synchronize();
  load_state_dict(from_torch_state(state, impl_->engine));
}

void Optimizer::save(torch::serialize::OutputArchive& archive) const {
  const std::vector<std::byte> bytes = safetensors::to_bytes(state_dict());
  torch::Tensor tensor = torch::empty({static_cast<std::int64_t>(bytes.size())}, torch::kByte);
  std::memcpy(tensor.data_ptr(), bytes.data(), bytes.size());
  archive.write(kArchiveKey, tensor, /*is_buffer=*/true);
}

void Optimizer::load(torch::serialize::InputArchive& archive) {
  torch::Tensor tensor;
  if (!archive.try_read(kArchiveKey, tensor, /*is_buffer=*/true) || tensor.scalar_type() != torch::kByte) {
    throw Error("load: the archive holds no state of thalweg (key \"" + std::string(kArchiveKey) +
                "\", bytes): it was saved from something else");
  }
  tensor = tensor.cpu().contiguous();
  const auto* bytes = static_cast<const std::byte*>(tensor.data_ptr());
  load_state_dict(safetensors::from_bytes({bytes, static_cast<std::size_t>(tensor.numel())}, "archive"));
}

void Optimizer::save(const std::filesystem::path& file) const { safetensors::write(file, state_dict()); }

void Optimizer::load(const std::filesystem::path& file) { load_state_dict(safetensors::read(file)); }

}  // namespace thalweg::libtorch

// Parameters and groups of a LibTorch optimizer: how what was done to param_groups() reaches the engine.
#include "optimizer_impl.h"
#include "parameters.h"

#include <algorithm>
#include <set>

namespace thalweg::libtorch {
namespace {

/// The options of the parameter group in this place.
GroupOptions& options_of(std::vector<ParamGroup>& groups, std::size_t index) {
  auto* options = dynamic_cast<GroupOptions*>(&groups[index].options());
  if (!options) {
    throw Error("parameter group " + std::to_string(index) +
                ": its options are LibTorch's own; allowed: thalweg::libtorch::GroupOptions, or none");
  }
  return *options;
}

}  // namespace

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

}  // namespace thalweg::libtorch

// Parameters and groups of a LibTorch optimizer: how what was done to param_groups() reaches the engine.
#include "libtorch_class.h"
#include "optimizer_impl.h"
#include "parameters.h"

#include <algorithm>
#include <set>

namespace thalweg::inline v0_1::libtorch {

/// The options of the parameter group in this place. What is not thalweg's yet is made so.
GroupOptions& Optimizer::adopted_options(std::size_t index) {
  ParamGroup& group = param_groups_[index];
  if (!group.has_options()) group.set_options(defaults_->clone());
  const std::vector<GroupOptions*>& shown = impl_->board->shown;
  if (index < shown.size() && shown[index]->self_ == &group.options()) return *shown[index];
  if (auto* options = dynamic_cast<GroupOptions*>(&group.options())) return *options;
  try {
    group.set_options(
        libtorch::group_options(group_options_from_libtorch(group.options(), impl_->defaults->options())));
  } catch (const Error& error) {
    throw Error("parameter group " + std::to_string(index) + ": its " + error.what());
  }
  return dynamic_cast<GroupOptions&>(group.options());
}

/// Takes over what was done to param_groups(), which is LibTorch's and cannot tell.
void Optimizer::synchronize() {
  const std::vector<GroupOptions*>& options = bind_groups();
  for (GroupOptions* each : options) each->take_over();
  impl_->defaults->take_over();
  std::size_t position = 0;
  bool same = true;
  for (std::size_t index = 0; same && index < param_groups_.size(); ++index) {
    const Group group = options[index]->group_;
    for (const torch::Tensor& tensor : param_groups_[index].params()) {
      same = position < impl_->bindings.size() && impl_->bindings[position].tensor() == tensor.unsafeGetTensorImpl() &&
             impl_->bindings[position].group() == group;
      if (!same) break;
      ++position;
    }
  }
  if (same && position == impl_->bindings.size()) return;
  impl_->check_at_rest("param_groups() was changed");
  impl_->bind(param_groups_, impl_->bound_groups);
  if (impl_->hooks) impl_->hooks->follow(impl_->bindings);
}

/// Gives each parameter group its group in the engine, and their options in their order. Groups are known by name: a
/// vector of LibTorch's groups copies them when it grows, and a copy's options are not bound. Options without a name
/// that were set in place of others take their name.
const std::vector<GroupOptions*>& Optimizer::bind_groups() {
  std::vector<GroupOptions*>& shown = impl_->board->shown;
  std::vector<GroupOptions*> all;
  bool bound = shown.size() == param_groups_.size();
  for (std::size_t index = 0; index < param_groups_.size(); ++index) {
    GroupOptions& options = adopted_options(index);
    if (bound && shown[index] == &options) continue;
    bound = false;
    break;
  }
  if (bound) return shown;

  std::set<std::string> taken;
  std::set<std::uint32_t> held;
  for (std::size_t index = 0; index < param_groups_.size(); ++index) {
    GroupOptions& options = adopted_options(index);
    all.push_back(&options);
    if (options.engine() == &impl_->engine) held.insert(options.group_.index);
    if (options.name_ && !taken.insert(*options.name_).second) {
      throw Error("two parameter groups are called \"" + *options.name_ + "\"");
    }
  }
  for (std::size_t index = 0; index < all.size(); ++index) {
    GroupOptions& options = *all[index];
    if (options.engine() == &impl_->engine) continue;
    std::string name = options.name_.value_or("");
    double lr_scale = options.lr_scale();
    if (!options.name_) {
      const std::vector<Group>& before = impl_->bound_groups;
      if (index < before.size() && !held.contains(before[index].index) &&
          !taken.contains(impl_->engine.group_name(before[index]))) {
        name = impl_->engine.group_name(before[index]);
        lr_scale = impl_->engine.lr_scale(before[index]);
      }
      for (std::size_t number = index; !taken.insert(name).second; ++number) name = "group" + std::to_string(number);
    }
    const std::uint32_t known = impl_->find_group(name);
    Group group{known};
    if (known < impl_->engine.group_count()) {
      const std::string_view before = impl_->engine.options(group).rule().name, now = options.options().rule().name;
      if (before != now) {
        throw Error("parameter group " + std::to_string(index) + ": its options are of " + std::string(now) +
                    ", the group's rule is " + std::string(before) +
                    "; a group keeps its rule: add another one, and put the parameters there");
      }
      impl_->engine.set_options(group, options.options());
      impl_->engine.set_lr_scale(group, lr_scale);
    } else {
      group = impl_->engine.add_group(name, options.options(), lr_scale);
    }
    options.name_ = name;
    options.bind(impl_->board, param_groups_[index].options(), group);
  }
  shown = std::move(all);
  impl_->bound_groups.clear();
  for (const GroupOptions* options : shown) impl_->bound_groups.push_back(options->group_);
  return shown;
}

void Optimizer::Impl::bind(std::vector<ParamGroup>& groups, const std::vector<Group>& group_of) {
  std::unordered_map<const c10::TensorImpl*, std::size_t> bound;
  for (const Binding& binding : bindings) bound.emplace(binding.tensor(), bound.size());

  // Everything that can be wrong, before anything is changed.
  std::unordered_map<const c10::TensorImpl*, std::size_t> position;
  Places places;
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
      places.add(tensor.unsafeGetTensorImpl(), name);
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
    if (impl_->bound_groups[index] != wanted) continue;
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
  param_groups_.emplace_back(std::vector<torch::Tensor>{}, libtorch::group_options(std::move(options), text));
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

}  // namespace thalweg::inline v0_1::libtorch

// Optimizer: a torch::optim::Optimizer whose steps the engine takes.
#include "optimizer_impl.h"
#include "parameters.h"

#include <thalweg/dialects.h>

#include <algorithm>
#include <cstring>

namespace thalweg::libtorch {

namespace {

/// Key of the engine's state in LibTorch's archives.
constexpr const char* kArchiveKey = "thalweg";

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

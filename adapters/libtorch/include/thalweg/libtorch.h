// The LibTorch adapter: every rule of thalweg as a torch::optim::Optimizer.
#pragma once

#include <thalweg/api.h>
#include <thalweg/libtorch_options.h>
#include <thalweg/optimizer.h>
#include <thalweg/rules.h>

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/optim/optimizer.h>
#include <torch/serialize/archive.h>
#include <torch/types.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace thalweg::inline v0_1::libtorch {

/// The tensors to optimize, each with its name. Made from a module or its `named_parameters()`, from pairs of name and
/// tensor, or from a plain list, whose tensors are called `parameters.0`, `parameters.1`, … A tensor that is given
/// twice (tied weights) counts once, under its first name.
class THALWEG_API Parameters {
 public:
  using Item = std::pair<std::string, torch::Tensor>;

  // All implicit on purpose: they are the argument of the optimizers' constructors.
  Parameters(const torch::nn::Module& module);
  template <class Contained>
  Parameters(const torch::nn::ModuleHolder<Contained>& module)
      : Parameters(static_cast<const torch::nn::Module&>(*module)) {}
  Parameters(const torch::OrderedDict<std::string, torch::Tensor>& named);
  Parameters(std::vector<Item> named);
  Parameters(std::initializer_list<Item> named);
  Parameters(const std::vector<torch::Tensor>& tensors);
  Parameters(std::initializer_list<torch::Tensor> tensors);

  const std::vector<Item>& items() const { return items_; }

 private:
  std::vector<Item> items_;
};

/// Applies one rule to LibTorch tensors (f32 and f64, on the CPU).
///
/// - A parameter steps if it requires a gradient and has one: undefined gradients and frozen parameters
///   (`requires_grad_(false)`, even with a gradient left over) are passed by; their state and step number stand still.
/// - `param_groups()` may be changed as LibTorch allows (tensors added, removed, moved to another group): the next call
///   of any function here takes it over. Tensors added without a name get the next `parameters.N`.
/// - Parameters whose elements fill their memory without gaps (channels-last too) are stepped in place; a gradient of
///   the same strides is read where it is, any other is copied first. Other parameters (slices of larger tensors) are
///   stepped as a contiguous copy and copied back.
/// - Sparse (COO) gradients are handed over as rows; the step equals the dense one.
/// - Tensors may be moved by `torch::load`, `set_data` or `to()` at any time; state follows, also into another memory
///   format. To another dtype or device they may not: the error says what to do.
///
/// Throws thalweg::Error, before anything has been changed. Not thread-safe.
class THALWEG_API Optimizer : public torch::optim::Optimizer {
 public:
  Optimizer(const Parameters& parameters, AnyOptions options, Settings settings = {}, Execution execution = {});
  /// Throws Error if a pattern matches no parameter.
  Optimizer(const Parameters& parameters, AnyOptions options, const GroupPatterns& groups, Settings settings = {},
            Execution execution = {});
  /// All that a description says: its groups are named by their patterns. The lengths that its schedule left open, and
  /// what an epoch is, are told by `engine().set_run_length`. Throws Error if a pattern matches no parameter.
  template <std::same_as<Description> D>  // so that options never mean one
  Optimizer(const Parameters& parameters, const D& description, Execution execution = {})
      : Optimizer(parameters, description, std::move(execution), FromDescription()) {}
  /// LibTorch's own way to give groups; their options are as in `add_param_group`.
  Optimizer(const std::vector<torch::optim::OptimizerParamGroup>& groups, AnyOptions options, Settings settings = {},
            Execution execution = {});
  ~Optimizer() override;
  Optimizer(Optimizer&&) noexcept;

  /// One step with the gradients that the parameters hold. `closure`, if given, computes them first; its loss, even an
  /// undefined one, is returned, and given to rules that ask for it.
  torch::Tensor step(LossClosure closure = nullptr) override;
  /// Has every parameter stepped within `backward()`, as soon as its gradient is ready, and the gradient freed: of all
  /// gradients only few are there at a time. `step()` then ends the step that the backward pass has begun, and must
  /// follow it. Gradients that are there without a backward pass are stepped by `step()`. Throws Error for what must
  /// see all gradients first (clipping by the global norm, Check::guard, a dynamic loss scale, accumulation, rules with
  /// sums over all parameters or the loss), and says what to do instead.
  void step_in_backward(bool on);
  /// What the last step did, and why it did not: see `Execution::report`, `Settings::check` and `accumulation`.
  const StepReport& report() const;
  /// Steps that were refused so far: by Check::guard, or by a rule.
  std::int64_t refused_steps() const;
  /// What the loss is to be multiplied by before `backward()`: `Settings::loss_scale`, which a dynamic one changes.
  double loss_scale() const;

  /// Adds a parameter to the group of this name; `""` is the first one.
  void add(std::string_view name, const torch::Tensor& parameter, std::string_view group = {});
  /// Adds an empty group, to be filled by `add`. Its options may be of another rule than the other groups'.
  void add_group(std::string_view name, Options options);
  /// Forgets the parameter and its state. Throws Error that suggests the nearest names.
  void remove(std::string_view name);
  /// Adds a group as LibTorch does. Its options are made by `group_options`, or LibTorch's own: of this rule's class,
  /// when they mean what they mean to LibTorch's optimizer (later versions, 2.13, take what stands at its class's
  /// default from `defaults()`), or of another class, whose rule the group then has. Without options it has
  /// `defaults()`.
  void add_param_group(const torch::optim::OptimizerParamGroup& group);

  // Rows of a parameter, its first dimension, that come and go: points, particles, words. The new tensor takes the
  // old one's place in `param_groups()`, and columns, averages and step numbers of rows follow. The caller has filled
  // it, and puts it into the module. Throws Error, and changes nothing, if a row or the tensor does not fit.

  /// The new tensor holds these rows of the old one, in this order; a row that is named twice is duplicated.
  void keep_rows(std::string_view name, const torch::Tensor& rows, const torch::Tensor& replacement);
  void keep_rows(std::string_view name, const std::vector<std::int64_t>& rows, const torch::Tensor& replacement);
  /// The new tensor holds the rows of the old one and more behind them, whose state begins anew.
  void append_rows(std::string_view name, const torch::Tensor& replacement);
  /// The state of these rows begins anew.
  void reset_rows(std::string_view name, const torch::Tensor& rows);
  void reset_rows(std::string_view name, const std::vector<std::int64_t>& rows);

  /// Options of the group in this place of `param_groups()`, or of this name (`""` is the first one's).
  GroupOptions& group_options(std::size_t index);
  GroupOptions& group_options(std::string_view name);
  /// Sets one option in every group; the rate `lr` to the value times the group's `lr_scale`.
  void set(std::string_view option, double value);

  /// What does the work. Its parameters have the names given here; its columns are in the order of the parameters'
  /// memory. Change options and read state through it; parameters are added and removed by this class alone.
  thalweg::Optimizer& engine();

  using torch::optim::Optimizer::state;  // LibTorch's own map, which stays empty
  /// A state column (`v`, `m`, …) in the parameter's shape (or in that of its rows or columns, where the rule keeps one
  /// number for each), sharing the engine's memory: valid until the next call that changes this optimizer. Undefined if
  /// the column is not in use yet. Throws Error for unknown names.
  torch::Tensor state(std::string_view name, std::string_view column);

  /// The parameter's average in its shape, as `state`. Undefined before the first one.
  torch::Tensor average(std::string_view name);
  /// As the engine's `swap_averages`, which does not know of parameters that are stepped as a copy, nor of buffers.
  void swap_averages();
  /// Averages the module's buffers of float and double (running means and variances) as the parameters are averaged,
  /// but never overwrites them by the average; `swap_averages` exchanges them too, and they are saved with the state.
  /// Other buffers (counts) stay what they are. Without this call all buffers stay as training leaves them. To be
  /// called before the first step, and before a state is loaded; throws Error otherwise.
  void average_buffers(const torch::nn::Module& module);
  template <class Contained>
  void average_buffers(const torch::nn::ModuleHolder<Contained>& module) {
    average_buffers(static_cast<const torch::nn::Module&>(*module));
  }
  /// The buffer's average, as `average`. Throws Error for unknown names.
  torch::Tensor buffer_average(std::string_view name);

  /// A copy of the whole state, as the engine's `state`. Columns are in the order of the parameter's memory, and load
  /// into a parameter of any memory format.
  State state_dict() const;
  /// Throws Error, and changes nothing, if the state does not fit.
  void load_state_dict(const State& state);
  /// The state under PyTorch's names, for its Python side: see `thalweg::to_torch_state`, which throws likewise. All
  /// tensors are in row-major order.
  State torch_state_dict() const;
  /// Takes over what a PyTorch optimizer saved: see `thalweg::from_torch_state`, which throws likewise.
  void load_torch_state_dict(const State& state);

  /// `torch::save(optimizer, …)` and `torch::load(optimizer, …)` call these. For the rules that LibTorch has, and
  /// options that its class has, the archive is one that LibTorch's own optimizer loads too; and what LibTorch's own
  /// optimizer saved is taken over, options, step numbers and state, by the places of the parameters in their groups.
  void save(torch::serialize::OutputArchive& archive) const override;
  void load(torch::serialize::InputArchive& archive) override;
  /// The state as a safetensors file, replaced atomically.
  void save(const std::filesystem::path& file) const;
  void load(const std::filesystem::path& file);

 private:
  struct Impl;
  struct FromDescription {};

  Optimizer(const Parameters& parameters, const Description& description, Execution execution, FromDescription);
  Optimizer(Options options, Settings settings, Execution execution);
  void synchronize();
  GroupOptions& adopted_options(std::size_t index);
  const std::vector<GroupOptions*>& bind_groups();
  bool libtorch_has_this() const;
  void save_as_libtorch(torch::serialize::OutputArchive& archive, State& state) const;
  State read_libtorch(torch::serialize::InputArchive& archive) const;
  std::unique_ptr<Impl> impl_;
};

/// Has the parameters hold their averages for as long as it lives:
/// `{ const SwappedAverages averages(optimizer); accuracy = evaluate(model); }`.
class SwappedAverages {
 public:
  explicit SwappedAverages(Optimizer& optimizer) : optimizer_(optimizer) { optimizer.swap_averages(); }
  ~SwappedAverages() {
    try {
      optimizer_.swap_averages();
    } catch (const Error&) {  // the parameter groups are wrong: then the next step says so
    }
  }
  SwappedAverages(const SwappedAverages&) = delete;
  SwappedAverages& operator=(const SwappedAverages&) = delete;

 private:
  Optimizer& optimizer_;
};

/// An optimizer with the rule `R`, so that options can be written in place: `RMSprop optimizer{*model, {.lr = 1e-3}};`.
/// Where they cannot (std::make_unique, which passes no braces on), write `thalweg::RMSprop{.lr = 1e-3}`.
template <class R>
class OptimizerOf : public Optimizer {
  using ParamGroups = std::vector<torch::optim::OptimizerParamGroup>;

 public:
  OptimizerOf(const Parameters& parameters, R options = {}, Settings settings = {}, Execution execution = {})
      : Optimizer(parameters, options, std::move(settings), std::move(execution)) {}
  OptimizerOf(const Parameters& parameters, R options, const GroupPatterns& groups, Settings settings = {},
              Execution execution = {})
      : Optimizer(parameters, options, groups, std::move(settings), std::move(execution)) {}
  OptimizerOf(const ParamGroups& groups, R options = {}, Settings settings = {}, Execution execution = {})
      : Optimizer(groups, options, std::move(settings), std::move(execution)) {}

  // Groups in braces. `{model->parameters()}` is one too, where a list of tensors could be meant as well. The options
  // have no default, because otherwise `RMSprop{parameters}` would be a list of groups.
  OptimizerOf(std::initializer_list<torch::optim::OptimizerParamGroup> groups, R options, Settings settings = {},
              Execution execution = {})
      : Optimizer(ParamGroups(groups), options, std::move(settings), std::move(execution)) {}
  template <class T>
  OptimizerOf(std::initializer_list<torch::optim::OptimizerParamGroup> groups, const T& options, Settings settings = {},
              Execution execution = {})
      : Optimizer(ParamGroups(groups), options_for<R>(options), std::move(settings), std::move(execution)) {}

  // The same with a learning rate or LibTorch's options. Templates, so that braces never mean them.
  template <class T>
  OptimizerOf(const Parameters& parameters, const T& options, Settings settings = {}, Execution execution = {})
      : Optimizer(parameters, options_for<R>(options), std::move(settings), std::move(execution)) {}
  template <class T>
  OptimizerOf(const Parameters& parameters, const T& options, const GroupPatterns& groups, Settings settings = {},
              Execution execution = {})
      : Optimizer(parameters, options_for<R>(options), groups, std::move(settings), std::move(execution)) {}
  template <class T>
  OptimizerOf(const ParamGroups& groups, const T& options, Settings settings = {}, Execution execution = {})
      : Optimizer(groups, options_for<R>(options), std::move(settings), std::move(execution)) {}

  // And with braces that name `betas`. Templates, so that braces which fit the rule's own struct mean that.
  template <class Rule = R>
  OptimizerOf(const Parameters& parameters, WithBetas<std::type_identity_t<Rule>> options, Settings settings = {},
              Execution execution = {})
      : Optimizer(parameters, R(options), std::move(settings), std::move(execution)) {}
  template <class Rule = R>
  OptimizerOf(const Parameters& parameters, WithBetas<std::type_identity_t<Rule>> options, const GroupPatterns& groups,
              Settings settings = {}, Execution execution = {})
      : Optimizer(parameters, R(options), groups, std::move(settings), std::move(execution)) {}
};

// thalweg::libtorch::RMSprop and its siblings: one for each rule of the list.
#define THALWEG_LIBTORCH_RULE(RULE) using RULE = OptimizerOf<thalweg::RULE>;  // NOLINT: a name, not an expression
THALWEG_RULES(THALWEG_LIBTORCH_RULE)
#undef THALWEG_LIBTORCH_RULE

}  // namespace thalweg::inline v0_1::libtorch

// The LibTorch adapter: every rule of thalweg as a torch::optim::Optimizer.
#pragma once

#include <thalweg/optimizer.h>
#include <thalweg/rules.h>

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/optim/optimizer.h>
#include <torch/serialize/archive.h>
#include <torch/types.h>

#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thalweg::libtorch {

/// The tensors to optimize, each with its name. Made from a module or its `named_parameters()`, from pairs of name and
/// tensor, or from a plain list, whose tensors are called `parameters.0`, `parameters.1`, … A tensor that is given
/// twice (tied weights) counts once, under its first name.
class Parameters {
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

/// A parameter group made of the parameters whose names match one of the patterns. In a pattern `*` stands for any
/// characters (dots too) and `?` for one. The first group that matches takes the parameter; the others stay in the
/// group of the optimizer's own options.
struct GroupPattern {
  std::string name;
  std::vector<std::string> patterns;
  Options options;
};

/// Any number of group patterns.
class GroupPatterns {
 public:
  // Both implicit on purpose. A plain vector would make `{.threads = 1}`, meant as Settings, ambiguous.
  GroupPatterns(std::initializer_list<GroupPattern> patterns) : patterns_(patterns) {}
  GroupPatterns(std::vector<GroupPattern> patterns) : patterns_(std::move(patterns)) {}

  auto begin() const { return patterns_.begin(); }
  auto end() const { return patterns_.end(); }

 private:
  std::vector<GroupPattern> patterns_;
};

/// The options of a parameter group in LibTorch's shape, as `param_groups()[i].options()` gives them. Inside an
/// optimizer they read and write the engine's own options; a copy (`clone`) keeps the values that it was made with.
class GroupOptions : public torch::optim::OptimizerOptions {
 public:
  /// For `add_param_group` and the like. A group without a name is called `group1`, `group2`, … by its place.
  explicit GroupOptions(Options options, std::optional<std::string> name = {});

  const std::optional<std::string>& name() const { return name_; }
  const Options& options() const;
  /// Replaces all options. Throws Error if they are another rule's.
  void set_options(Options options);
  /// Throws Error for an unknown name, with the nearest ones.
  double get(std::string_view option) const { return options().get(option); }
  /// From the next step on. Throws Error as `Options::set`.
  void set(std::string_view option, double value);

  double get_lr() const override { return get("lr"); }
  void set_lr(double lr) override { set("lr", lr); }
  std::unique_ptr<torch::optim::OptimizerOptions> clone() const override;
  void serialize(torch::serialize::InputArchive& archive) override;
  void serialize(torch::serialize::OutputArchive& archive) const override;

 private:
  friend class Optimizer;

  Options options_;  // unused while bound to an engine
  std::optional<std::string> name_;
  thalweg::Optimizer* engine_ = nullptr;
  Group group_;
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
class Optimizer : public torch::optim::Optimizer {
 public:
  Optimizer(const Parameters& parameters, Options options, Settings settings = {});
  /// Throws Error if a pattern matches no parameter.
  Optimizer(const Parameters& parameters, Options options, const GroupPatterns& groups, Settings settings = {});
  /// LibTorch's own way to give groups; their options are GroupOptions, or absent for `options`.
  Optimizer(const std::vector<torch::optim::OptimizerParamGroup>& groups, Options options, Settings settings = {});
  ~Optimizer() override;
  Optimizer(Optimizer&&) noexcept;

  /// One step with the gradients that the parameters hold. `closure`, if given, computes them first; its loss, even an
  /// undefined one, is returned.
  torch::Tensor step(LossClosure closure = nullptr) override;

  /// Adds a parameter to the group of this name; `""` is the first one.
  void add(std::string_view name, const torch::Tensor& parameter, std::string_view group = {});
  /// Adds an empty group, to be filled by `add`.
  void add_group(std::string_view name, Options options);
  /// Forgets the parameter and its state. Throws Error that suggests the nearest names.
  void remove(std::string_view name);

  /// What does the work. Its parameters have the names given here; its columns are in the order of the parameters'
  /// memory. Change options and read state through it; parameters are added and removed by this class alone.
  thalweg::Optimizer& engine();

  using torch::optim::Optimizer::state;  // LibTorch's own map, which stays empty
  /// A state column (`v`, `m`, …) in the parameter's shape, sharing the engine's memory: valid until the next call that
  /// changes this optimizer. Undefined if the column is not in use yet. Throws Error for unknown names.
  torch::Tensor state(std::string_view name, std::string_view column);

  /// The parameter's average in its shape, as `state`. Undefined before the first one.
  torch::Tensor average(std::string_view name);
  /// As the engine's `swap_averages`, which does not know of parameters that are stepped as a copy.
  void swap_averages();

  /// A copy of the whole state, as the engine's `state`, but with all columns in row-major order whatever the
  /// parameter's memory format.
  State state_dict() const;
  /// Throws Error, and changes nothing, if the state does not fit.
  void load_state_dict(const State& state);
  /// The state under PyTorch's names, for its Python side: see `thalweg::to_torch_state`, which throws likewise. All
  /// tensors are in row-major order.
  State torch_state_dict() const;
  /// Takes over what a PyTorch optimizer saved: see `thalweg::from_torch_state`, which throws likewise.
  void load_torch_state_dict(const State& state);

  /// `torch::save(optimizer, …)` and `torch::load(optimizer, …)` call these.
  void save(torch::serialize::OutputArchive& archive) const override;
  void load(torch::serialize::InputArchive& archive) override;
  /// The state as a safetensors file, replaced atomically.
  void save(const std::filesystem::path& file) const;
  void load(const std::filesystem::path& file);

 private:
  struct Impl;

  Optimizer(Options options, Settings settings);
  void synchronize();
  void bind_groups();
  State in_row_major_order(const std::function<State(const thalweg::Optimizer&)>& function) const;
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
template <class R>
class OptimizerOf : public Optimizer {
 public:
  OptimizerOf(const Parameters& parameters, R options = {}, Settings settings = {})
      : Optimizer(parameters, options, std::move(settings)) {}
  OptimizerOf(const Parameters& parameters, R options, const GroupPatterns& groups, Settings settings = {})
      : Optimizer(parameters, options, groups, std::move(settings)) {}
  OptimizerOf(const std::vector<torch::optim::OptimizerParamGroup>& groups, R options = {}, Settings settings = {})
      : Optimizer(groups, options, std::move(settings)) {}
};

// thalweg::libtorch::RMSprop and its siblings: one for each rule of the list.
#define THALWEG_LIBTORCH_RULE(RULE) using RULE = OptimizerOf<thalweg::RULE>;  // NOLINT: a name, not an expression
THALWEG_RULES(THALWEG_LIBTORCH_RULE)
#undef THALWEG_LIBTORCH_RULE

}  // namespace thalweg::libtorch

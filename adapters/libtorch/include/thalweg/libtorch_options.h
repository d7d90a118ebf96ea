// Options and groups of the LibTorch adapter: a rule's options in LibTorch's classes and in thalweg's own.
#pragma once

#include <thalweg/api.h>
#include <thalweg/optimizer.h>
#include <thalweg/options.h>

#include <torch/optim/optimizer.h>

#include <array>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace thalweg::inline v0_1::libtorch {

/// What LibTorch's options mean here: `torch::optim::AdamWOptions` are options of the rule adamw, `AdamOptions` of adam
/// or, with `amsgrad(true)`, of amsgrad. Throws Error for those of LBFGS, and for values that the rule does not allow.
THALWEG_API Options from_libtorch(const torch::optim::OptimizerOptions& theirs);
/// The same for a certain rule: its own options with what LibTorch's class has of them. Throws Error, too, if the
/// options are of another class than the rule's.
THALWEG_API Options from_libtorch(const torch::optim::OptimizerOptions& theirs, Options ours);

/// Options in the form in which they are at hand: a rule's struct, `Options`, or LibTorch's own.
class AnyOptions : public Options {
 public:
  // Implicit on purpose: it is an argument of the optimizers' constructors.
  template <class T>
  requires std::convertible_to<const T&, Options> AnyOptions(const T& ours) : Options(ours) {}
  template <std::derived_from<torch::optim::OptimizerOptions> T>
  AnyOptions(const T& theirs) : Options(from_libtorch(theirs)) {}
};

/// A parameter group made of the parameters whose names match one of the patterns. In a pattern `*` stands for any
/// characters (dots too) and `?` for one. The first group that matches takes the parameter; the others stay in the
/// group of the optimizer's own options.
struct GroupPattern {
  std::string name;
  std::vector<std::string> patterns;
  /// Without any the group has the optimizer's own, but its lr times `lr_scale`.
  std::optional<AnyOptions> options = {};
  /// What `set("lr", x)`, for all groups together, multiplies x by in this group.
  double lr_scale = 1;
};

/// Any number of group patterns.
class GroupPatterns {
 public:
  // Both implicit on purpose. If a vector could be made of braces, here or in place of this class,
  // `{.loss_scale = 8}` and `{.accumulation = {.calls = 2}}`, meant as Settings, would be ambiguous: hence the
  // template.
  GroupPatterns(std::initializer_list<GroupPattern> patterns) : patterns_(patterns) {}
  template <std::same_as<std::vector<GroupPattern>> Patterns>
  GroupPatterns(Patterns patterns) : patterns_(std::move(patterns)) {}

  auto begin() const { return patterns_.begin(); }
  auto end() const { return patterns_.end(); }

 private:
  std::vector<GroupPattern> patterns_;
};

/// What thalweg has of a parameter group's options, beside LibTorch's class: `optimizer.group_options(0)`, or
/// `dynamic_cast<GroupOptions&>(group.options())`. Inside an optimizer they read and write the engine's own options; a
/// copy (`clone`) keeps the values that it was made with.
///
/// For the rules that LibTorch has, `group.options()` is an object of LibTorch's class too, whose members may be read
/// and written: `static_cast<torch::optim::AdamWOptions&>(group.options()).lr(1e-4)`. What was written is in force from
/// the next step, which throws Error if the rule does not allow it. The other rules have no such class: what is written
/// through one all the same does no harm, and the next call here throws Error.
class THALWEG_API GroupOptions {
 public:
  virtual ~GroupOptions();
  GroupOptions& operator=(const GroupOptions&) = delete;

  const std::optional<std::string>& name() const { return name_; }
  const Options& options() const;
  /// Replaces all options. Throws Error if they are another rule's.
  void set_options(Options options);
  /// Throws Error for an unknown name, with the nearest ones.
  double get(std::string_view option) const { return options().get(option); }
  /// From the next step on. Throws Error as `Options::set`.
  void set(std::string_view option, double value);
  /// What `set("lr", x)`, for all groups together, multiplies x by in this group.
  double lr_scale() const;
  void set_lr_scale(double scale);

 protected:
  GroupOptions(Options options, std::optional<std::string> name, double lr_scale);
  GroupOptions(const GroupOptions& other);
  void show_all();

 private:
  friend class Optimizer;
  struct Board;

  // LibTorch's class has no way to tell that a member was written. So what was last shown there is kept, and compared.
  virtual std::span<const std::string_view> members() const = 0;  ///< the options that LibTorch's class has too
  virtual double member(std::size_t index) const = 0;
  virtual void set_member(std::size_t index, double value) = 0;
  virtual bool restore_reserve() = 0;  ///< was it as it should be?

  thalweg::Optimizer* engine() const;
  const Options& options_now() const;
  void bind(std::shared_ptr<Board> board, const torch::optim::OptimizerOptions& self, Group group);
  void keep_values();
  std::string called() const;
  void show_changes();
  void take_over();

  static constexpr std::size_t kMostMembers = 6;

  Options options_;  // unused while bound to an engine, as is lr_scale_
  std::optional<std::string> name_;
  double lr_scale_ = 1;
  std::array<double, kMostMembers> shown_{};
  std::shared_ptr<Board> board_;
  const torch::optim::OptimizerOptions* self_ = nullptr;  // while bound: this very object, as LibTorch's groups have it
  Group group_;
};

/// Options for a group of LibTorch's (`OptimizerParamGroup`) with all that thalweg has; LibTorch's own options are
/// accepted there too. A group without a name is called `group1`, `group2`, … by its place.
THALWEG_API std::unique_ptr<torch::optim::OptimizerOptions> group_options(Options options,
                                                                          std::optional<std::string> name = {},
                                                                          double lr_scale = 1);

/// Options of a rule that has β₁ and β₂, as LibTorch's class names them: `{.lr = 1e-3, .betas = {0.9, 0.95}}`.
template <class R>
requires requires(R rule) {
  rule.beta1;
  rule.beta2;
}
struct WithBetas {
  double lr = R().lr;
  std::pair<double, double> betas{R().beta1, R().beta2};
  std::optional<double> eps = {}, weight_decay = {};
  std::optional<bool> amsgrad = {};

  operator R() const {
    Options options = R();
    options.set("lr", lr);
    options.set("beta1", betas.first);
    options.set("beta2", betas.second);
    if (eps) options.set("eps", *eps);
    if (weight_decay) options.set("weight_decay", *weight_decay);
    if (amsgrad) options.set("amsgrad", *amsgrad ? 1 : 0);
    return options.template as<R>();
  }
};

/// Options of the rule `R` from what stands in its place in LibTorch's programs: a learning rate, or LibTorch's
/// options.
template <class R, class T>
Options options_for(const T& given) {
  constexpr bool kIsRate = std::is_arithmetic_v<T> && !std::same_as<T, bool>;
  static_assert(kIsRate || std::derived_from<T, torch::optim::OptimizerOptions> || std::convertible_to<T, R>,
                "the options of thalweg::libtorch::RULE are thalweg::RULE{.lr = 1e-3, …}, LibTorch's "
                "torch::optim::RULEOptions or a learning rate");
  if constexpr (kIsRate) {
    R rule;
    rule.lr = static_cast<double>(given);
    return rule;
  } else if constexpr (std::derived_from<T, torch::optim::OptimizerOptions>) {
    return from_libtorch(given, R());
  } else if constexpr (std::convertible_to<T, R>) {
    return R(given);
  } else {
    throw Error("not compiled");
  }
}

}  // namespace thalweg::inline v0_1::libtorch

// What LibTorch's own optimizers have: each one's class of options, member by member, and the names in its archives.
#pragma once

#include <thalweg/options.h>

#include <torch/optim/adagrad.h>
#include <torch/optim/adam.h>
#include <torch/optim/adamw.h>
#include <torch/optim/rmsprop.h>
#include <torch/optim/sgd.h>

#include <array>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace thalweg::inline v0_1::libtorch {

/// A member of LibTorch's options class `Theirs`, by the name that it has here.
template <class Theirs>
struct Member {
  std::string_view option;
  std::string_view key;  ///< LibTorch's name
  double (*get)(const Theirs&);
  void (*set)(Theirs&, double);
};

// The accessors are overloaded, so that no pointer to a member tells which.
#define THALWEG_MEMBER(NAME)                                                                                  \
  {                                                                                                           \
#NAME, #NAME, [](const Theirs& options) { return static_cast<double>(options.NAME()); },                    \
        [](Theirs& options, double value) {                                                                     \
          options.NAME(static_cast<std::remove_cvref_t<decltype(std::as_const(options).NAME())>>(value));       \
        } \
  }
#define THALWEG_BETA(NAME, INDEX)                                                          \
  {                                                                                        \
    NAME, "betas", [](const Theirs& options) { return std::get<INDEX>(options.betas()); }, \
        [](Theirs& options, double value) { std::get<INDEX>(options.betas()) = value; }    \
  }

/// Its members; none of the base class, which stands for "LibTorch has no such optimizer".
template <class Theirs>
inline constexpr std::array<Member<Theirs>, 0> kMembers{};

template <class Theirs>
struct MembersOfSGD {
  static constexpr std::array<Member<Theirs>, 5> value{{THALWEG_MEMBER(lr), THALWEG_MEMBER(momentum),
                                                        THALWEG_MEMBER(dampening), THALWEG_MEMBER(weight_decay),
                                                        THALWEG_MEMBER(nesterov)}};
};
template <class Theirs>
struct MembersOfRMSprop {
  static constexpr std::array<Member<Theirs>, 6> value{{THALWEG_MEMBER(lr), THALWEG_MEMBER(alpha), THALWEG_MEMBER(eps),
                                                        THALWEG_MEMBER(weight_decay), THALWEG_MEMBER(momentum),
                                                        THALWEG_MEMBER(centered)}};
};
template <class Theirs>
struct MembersOfAdagrad {
  static constexpr std::array<Member<Theirs>, 5> value{
      {THALWEG_MEMBER(lr), THALWEG_MEMBER(lr_decay), THALWEG_MEMBER(weight_decay),
       THALWEG_MEMBER(initial_accumulator_value), THALWEG_MEMBER(eps)}};
};
template <class Theirs>
struct MembersOfAdam {
  static constexpr std::array<Member<Theirs>, 6> value{{THALWEG_MEMBER(lr), THALWEG_BETA("beta1", 0),
                                                        THALWEG_BETA("beta2", 1), THALWEG_MEMBER(eps),
                                                        THALWEG_MEMBER(weight_decay), THALWEG_MEMBER(amsgrad)}};
};
#undef THALWEG_MEMBER
#undef THALWEG_BETA

template <>
inline constexpr auto kMembers<torch::optim::SGDOptions> = MembersOfSGD<torch::optim::SGDOptions>::value;
template <>
inline constexpr auto kMembers<torch::optim::RMSpropOptions> = MembersOfRMSprop<torch::optim::RMSpropOptions>::value;
template <>
inline constexpr auto kMembers<torch::optim::AdagradOptions> = MembersOfAdagrad<torch::optim::AdagradOptions>::value;
template <>
inline constexpr auto kMembers<torch::optim::AdamOptions> = MembersOfAdam<torch::optim::AdamOptions>::value;
template <>
inline constexpr auto kMembers<torch::optim::AdamWOptions> = MembersOfAdam<torch::optim::AdamWOptions>::value;

/// What the function gives for `std::type_identity<Theirs>`, where `Theirs` is LibTorch's options class for the rule;
/// `OptimizerOptions` itself if LibTorch has no such optimizer.
template <class Function>
decltype(auto) with_libtorch_class(const RuleInfo& rule, const Function& function) {
  namespace optim = torch::optim;
  if (rule.name == "sgd") return function(std::type_identity<optim::SGDOptions>());
  if (rule.name == "rmsprop") return function(std::type_identity<optim::RMSpropOptions>());
  if (rule.name == "adagrad") return function(std::type_identity<optim::AdagradOptions>());
  if (rule.name == "adam" || rule.name == "amsgrad") return function(std::type_identity<optim::AdamOptions>());
  if (rule.name == "adamw") return function(std::type_identity<optim::AdamWOptions>());
  return function(std::type_identity<optim::OptimizerOptions>());
}

/// The options with LibTorch's members in them. Throws Error for a value that the rule does not allow.
template <class Theirs>
Options with_members(Options ours, const Theirs& theirs) {
  for (const Member<Theirs>& member : kMembers<Theirs>) ours.set(member.option, member.get(theirs));
  return ours;
}

/// LibTorch's options with the values of these.
template <class Theirs>
void write_members(const Options& ours, Theirs& theirs) {
  for (const Member<Theirs>& member : kMembers<Theirs>) member.set(theirs, ours.get(member.option));
}

/// Options of a group in an optimizer whose own are `defaults`: of its rule, where LibTorch's class is that rule's, and
/// otherwise of the rule that LibTorch's class says. Throws Error as `from_libtorch`.
Options group_options_from_libtorch(const torch::optim::OptimizerOptions& theirs, const Options& defaults);

/// LibTorch's name of its options class for the rule: `torch::optim::AdamWOptions`; empty if it has none.
std::string libtorch_class_name(const RuleInfo& rule);

/// What LibTorch's archives call a state column; the same for all of its optimizers.
struct LibTorchColumn {
  std::string_view theirs, ours;
};
inline constexpr std::array kLibTorchColumns{LibTorchColumn{"momentum_buffer", "b"}, LibTorchColumn{"square_avg", "v"},
                                             LibTorchColumn{"grad_avg", "m"},        LibTorchColumn{"sum", "v"},
                                             LibTorchColumn{"exp_avg", "m"},         LibTorchColumn{"exp_avg_sq", "v"},
                                             LibTorchColumn{"max_exp_avg_sq", "x"}};

/// Those of the rule's optimizer; empty if LibTorch has none.
std::span<const LibTorchColumn> libtorch_columns(const RuleInfo& rule);

}  // namespace thalweg::inline v0_1::libtorch

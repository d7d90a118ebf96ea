// LibTorch's options as thalweg's, and which of its state columns belong to which rule.
#include "libtorch_class.h"

#include <thalweg/libtorch.h>

#include <c10/util/Type.h>

#include <typeinfo>

namespace thalweg::inline v0_1::libtorch {

std::string libtorch_class_name(const RuleInfo& rule) {
  return with_libtorch_class(rule, []<class Theirs>(std::type_identity<Theirs>) {
    return kMembers<Theirs>.empty() ? std::string() : c10::demangle(typeid(Theirs).name());
  });
}

std::span<const LibTorchColumn> libtorch_columns(const RuleInfo& rule) {
  const std::span<const LibTorchColumn> all(kLibTorchColumns);
  if (rule.name == "sgd") return all.subspan(0, 1);
  if (rule.name == "rmsprop") return all.subspan(0, 3);
  if (rule.name == "adagrad") return all.subspan(3, 1);
  return libtorch_class_name(rule).empty() ? all.subspan(0, 0) : all.subspan(4, 3);
}

Options from_libtorch(const torch::optim::OptimizerOptions& theirs) {
  for (const char* name : {"sgd", "rmsprop", "adagrad", "adam", "adamw"}) {
    const RuleInfo& found = rule(name);
    const bool fits = with_libtorch_class(found, [&]<class Theirs>(std::type_identity<Theirs>) {
      return dynamic_cast<const Theirs*>(&theirs) != nullptr;
    });
    if (!fits) continue;
    const auto* adam = dynamic_cast<const torch::optim::AdamOptions*>(&theirs);
    return from_libtorch(theirs, Options::of(adam != nullptr && adam->amsgrad() ? "amsgrad" : name));
  }
  throw Error(c10::demangle(typeid(theirs).name()) +
              " are options of no rule that thalweg has; allowed are those of SGD, RMSprop, Adagrad, Adam and AdamW");
}

Options from_libtorch(const torch::optim::OptimizerOptions& theirs, Options ours) {
  const RuleInfo& rule = ours.rule();
  return with_libtorch_class(rule, [&]<class Theirs>(std::type_identity<Theirs>) {
    const auto* options = dynamic_cast<const Theirs*>(&theirs);
    if (kMembers<Theirs>.empty() || options == nullptr) {
      const std::string name = libtorch_class_name(rule);
      throw Error("options are " + c10::demangle(typeid(theirs).name()) + ", the rule is " + std::string(rule.name) +
                  "; allowed: " + (name.empty() ? "" : name + ", ") + "thalweg's own");
    }
    Options result = with_members<Theirs>(std::move(ours), *options);
    if (rule.name == "amsgrad" && result.get("amsgrad") == 0) {
      throw Error(
          "options are torch::optim::AdamOptions without amsgrad, the rule is amsgrad; write .amsgrad(true), or "
          "take thalweg::libtorch::Adam");
    }
    return result;
  });
}

Options group_options_from_libtorch(const torch::optim::OptimizerOptions& theirs, const Options& defaults) {
  const bool is_same_class = with_libtorch_class(defaults.rule(), [&]<class Theirs>(std::type_identity<Theirs>) {
    return !kMembers<Theirs>.empty() && dynamic_cast<const Theirs*>(&theirs) != nullptr;
  });
  return is_same_class ? from_libtorch(theirs, defaults) : from_libtorch(theirs);
}

}  // namespace thalweg::inline v0_1::libtorch

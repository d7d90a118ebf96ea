// Every way in which the frameworks write some options.
#include "dialects/dialect.h"

#include <thalweg/kernels/engine_rule.h>

#include <algorithm>

namespace thalweg::inline v0_1 {
namespace {

using dialects::Dialect;
using dialects::Texts;

/// The same values under another name of the formula.
Options renamed(const Options& options, std::string_view rule) {
  Options result = Options::of(rule);
  for (std::size_t i = 0; i < options.values().size(); ++i) {
    result.set(options.rule().options[i].name, options.values()[i]);
  }
  return result;
}

/// The arguments of the constructor.
Texts arguments(const Dialect& dialect, const dialects::Optimizer& optimizer, Options options) {
  if (&dialect == &dialects::tf1() && options.has("nesterov_same_step") && options.get("nesterov") != 0) {
    // Its look-ahead is always this one.
    if (options.get("nesterov_same_step") == 0) throw Error("adam: nesterov has another meaning in TensorFlow");
    options.set("nesterov_same_step", 0.0);
  }
  if (&dialect == &dialects::keras2()) {
    if (options.has("eps") && options.get("eps") == 0) throw Error("keras2: an epsilon of 0 is the backend's there");
    if (options.rule().name == "rmsprop") {
      if ((options.get("eps_inside") != 0) != (options.get("momentum") > 0)) {
        throw Error("rmsprop: epsilon stands elsewhere in keras2");
      }
      options.set("eps_inside", 0.0);  // as its table has it
    }
  }
  if (&dialect == &dialects::timm()) return dialects::write_timm(optimizer, options);
  if (&dialect != &dialects::torch()) return dialects::write(dialect, optimizer, options);
  Texts texts = dialects::write_torch(optimizer, options);
  if (optimizer.name == "AdamW") {
    // Its param group has the key, its constructor sets it.
    if (options.get("weight_decay") != 0 && options.get("decoupled_weight_decay") == 0) {
      throw Error("adamw: decoupled_weight_decay = false has no counterpart in torch's AdamW");
    }
    std::erase_if(texts, [](const auto& entry) { return entry.first == "decoupled_weight_decay"; });
  }
  return texts;
}

}  // namespace

std::vector<Expression> express(const Options& options) {
  const std::string_view family = engine_rule(options.rule()).family;
  std::vector<Expression> result;
  for (const Dialect* dialect : dialects::all()) {
    for (const dialects::Optimizer& optimizer : dialect->optimizers) {
      if (engine_rule(rule(optimizer.rule)).family != family) continue;
      try {
        const Texts texts = arguments(*dialect, optimizer, renamed(options, optimizer.rule));
        result.push_back({std::string(dialect->name), std::string(optimizer.name), dialects::to_json(texts),
                          step_count_of(*dialect, optimizer)});
      } catch (const Error&) {
        continue;  // this one cannot say it
      }
    }
  }
  return result;
}

}  // namespace thalweg::inline v0_1

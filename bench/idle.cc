// Targets of idle parameters: a step after 100,000 without a gradient costs no more than one with ordinary gradients.
#include "target.h"

#include <thalweg/thalweg.h>

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace thalweg::bench {

namespace {

constexpr std::size_t kParameters = 4096;
constexpr int kSteps = 500;          // in one half of a pair
constexpr int kIdleSteps = 100'000;  // by which all state has decayed as far as it does

template <class T>
Measurement measure(const Options& options, int pairs) {
  std::vector<T> parameters[2], gradient(kParameters);
  for (std::size_t i = 0; i < kParameters; ++i) gradient[i] = static_cast<T>(static_cast<int>(i % 1999) - 999) / 1000;
  const std::vector<T> zero(kParameters);
  for (std::vector<T>& each : parameters) each.assign(kParameters, 1);
  Optimizer optimizer(options, {}, {.threads = 1});
  const Handle busy = optimizer.add("busy", parameters[0]), idle = optimizer.add("idle", parameters[1]);
  optimizer.step({{busy, gradient}, {idle, gradient}});
  const std::vector<Gradient> ordinary{{busy, gradient}}, none{{idle, zero}};
  for (int i = 0; i < kIdleSteps; ++i) optimizer.step(none);

  const Pairs result = measure_pairs(
      pairs, [&] { return seconds_each(kSteps, [&] { optimizer.step(none); }); },
      [&] { return seconds_each(kSteps, [&] { optimizer.step(ordinary); }); });
  const double to_nanoseconds = 1e9 / static_cast<double>(kParameters);
  return {time(result),
          fmt::format("{:.3f} ns a parameter, with gradients {:.3f}; {}", spread(result.ours).median * to_nanoseconds,
                      spread(result.baseline).median * to_nanoseconds, optimizer.target())};
}

template <class T>
void add(const Settings& settings, const std::string& name, const Options& options, std::vector<Target>& targets) {
  const char* type = std::is_same_v<T, float> ? "f32" : "f64";
  targets.push_back({fmt::format("idle.{}.{}", name, type),
                     fmt::format("{}, {} {}, a step after {} without a gradient against an ordinary one",
                                 options.text(), kParameters, type, kIdleSteps),
                     /*at_least=*/false, 1.1, "×", [=, pairs = settings.pairs] { return measure<T>(options, pairs); }});
}

}  // namespace

void add_idle_targets(const Settings& settings, std::vector<Target>& targets) {
  // All state that a rule can have.
  const std::vector<std::pair<std::string, Options>> rules{
      {"sgd", SGD{.momentum = 0.9, .nesterov = true}},
      {"rmsprop", RMSprop{.momentum = 0.9, .centered = true}},
      {"adagrad", Adagrad{}},
      {"adadelta", Adadelta{}},
      {"adam", Adam{}},
      {"adamw", AdamW{.weight_decay = 0}},  // decay would take the parameter itself, which is the user's, to 0
      {"amsgrad", AMSGrad{}},
      {"adamax", AdaMax{.eps_beside = true}},
      {"nadam", Nadam{}},
      {"radam", RAdam{}},
      {"rprop", Rprop{}},
      {"lion", Lion{}},
      {"lamb", LAMB{}},
      {"lars", LARS{.momentum = 0.9, .always_adapt = true}},
      {"adafactor", Adafactor{.momentum = 0.9}},
  };
  for (const auto& [name, options] : rules) {
    add<float>(settings, name, options, targets);
    add<double>(settings, name, options, targets);
  }
}

}  // namespace thalweg::bench

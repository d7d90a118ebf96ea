// Targets of the engine: a step on 16.8 million parameters against a loop that touches the same bytes.
#include "roof.h"
#include "target.h"

#include <thalweg/thalweg.h>

#include <fmt/format.h>

namespace thalweg::bench {

namespace {

constexpr std::size_t kParameters = std::size_t{1} << 24;
constexpr int kSteps = 5;  // in one half of a pair

std::vector<float> waves(std::size_t count) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(static_cast<int>(i % 1999) - 999) / 1000;
  return values;
}

Measurement measure(const Options& options, thalweg::Settings surroundings, int threads, int pairs) {
  std::vector<float> parameters(kParameters, 1.0f), gradient = waves(kParameters);
  surroundings.threads = threads;
  Optimizer optimizer(options, surroundings);
  const Handle handle = optimizer.add("parameters", parameters);
  const std::vector<Gradient> gradients{{handle, gradient}};
  optimizer.step(gradients);
  // The very same memory for both: huge pages and placement make a difference.
  std::vector<float*> written{parameters.data()};
  for (const ColumnInfo& column : optimizer.rule().columns) {
    if (const auto values = optimizer.column<float>(handle, column.name); !values.empty())
      written.push_back(values.data());
  }
  if (const auto average = optimizer.average<float>(handle); !average.empty()) written.push_back(average.data());
  const bool reads_twice = optimizer.report().gradient_norm.has_value();
  volatile float zero = 0;

  const Pairs result = measure_pairs(
      pairs, [&] { return seconds_each(kSteps, [&] { optimizer.step(gradients); }); },
      [&] {
        return seconds_each(kSteps, [&] {
          if (reads_twice) run_reading_roof(gradient.data(), kParameters, threads);
          run_roof(gradient.data(), written, kParameters, zero, threads);
        });
      });
  const double to_nanoseconds = 1e9 / static_cast<double>(kParameters);
  return {speed(result),
          fmt::format("{:.3f} ns a parameter, the loop {:.3f}; {}", spread(result.ours).median * to_nanoseconds,
                      spread(result.baseline).median * to_nanoseconds, optimizer.target())};
}

}  // namespace

void add_engine_targets(const Settings& settings, std::vector<Target>& targets) {
  const std::vector<std::pair<std::string, Options>> rules{
      {"rmsprop", RMSprop{.lr = 1e-6}},
      {"adam", Adam{.lr = 1e-6}},
      {"sgd", SGD{.lr = 1e-6, .momentum = 0.9}},
      {"nadam", Nadam{.lr = 1e-6}},
      {"adagrad", Adagrad{.lr = 1e-6}},
      {"adadelta", Adadelta{.lr = 1e-6}},
      {"adamax", AdaMax{.lr = 1e-6}},
      {"amsgrad", AMSGrad{.lr = 1e-6}},
      {"radam", RAdam{.lr = 1e-6, .beta2 = 0.9}},  // rectified soon, so that it divides
      {"rprop", Rprop{.lr = 1e-6, .step_max = 1e-6}},
      {"lion", Lion{.lr = 1e-6}},
  };
  for (const int threads : thread_counts(settings)) {
    for (const auto& [name, options] : rules) {
      targets.push_back({fmt::format("roof.{}.{}", name, threads),
                         fmt::format("{}{}, 16.8M f32, {} thread{}, against a loop over the same bytes", name,
                                     name == "sgd" ? " with momentum" : "", threads, threads == 1 ? "" : "s"),
                         /*at_least=*/true, 0.9, "×",
                         [=, pairs = settings.pairs] { return measure(options, {}, threads, pairs); }});
    }
    const thalweg::Settings all{
        .clip = {ClipBy::global_norm, 1}, .average = {.kind = AverageKind::ema}, .check = Check::guard};
    targets.push_back({fmt::format("roof.surrounded.{}", threads),
                       fmt::format("rmsprop with clipping by the global norm, guard, decay and average, {} thread{}, "
                                   "against a loop that reads the gradient and one over the step's bytes",
                                   threads, threads == 1 ? "" : "s"),
                       /*at_least=*/true, 0.8, "×", [=, pairs = settings.pairs] {
                         return measure(RMSprop{.lr = 1e-6, .weight_decay = 1e-4}, all, threads, pairs);
                       }});
  }
}

}  // namespace thalweg::bench

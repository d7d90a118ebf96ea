// Targets of the engine: a step on 16.8 million parameters against a loop that touches the same bytes.
#include "roof.h"
#include "target.h"

#include <thalweg/thalweg.h>

#include <fmt/format.h>

namespace thalweg::bench {

namespace {

constexpr std::int64_t kSide = 4096;  // of a matrix
constexpr std::size_t kParameters = kSide * kSide;
constexpr int kSteps = 5;  // in one half of a pair

std::vector<float> waves(std::size_t count) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(static_cast<int>(i % 1999) - 999) / 1000;
  return values;
}

/// What a step's passes read in front of the one that writes.
enum class Reads { gradient, parameters_and_gradient, all };

Measurement measure(const Options& options, const thalweg::Settings& surroundings, const std::vector<Reads>& passes,
                    int threads, int pairs) {
  std::vector<float> parameters(kParameters, 1.0f), gradient = waves(kParameters);
  Optimizer optimizer(options, surroundings, {.threads = threads});
  const Handle handle = optimizer.add("parameters", parameters, {kSide, kSide});
  const std::vector<Gradient> gradients{{handle, gradient}};
  optimizer.step(gradients);
  // The very same memory for both: huge pages and placement make a difference.
  std::vector<float*> written{parameters.data()};
  for (const ColumnInfo& column : optimizer.rule().columns) {
    if (const auto values = optimizer.column<float>(handle, column.name); values.size() == kParameters)
      written.push_back(values.data());
  }
  if (const auto average = optimizer.average<float>(handle); !average.empty()) written.push_back(average.data());
  std::vector<std::vector<const float*>> read;
  for (const Reads reads : passes) {
    std::vector<const float*>& arrays = read.emplace_back(1, gradient.data());
    if (reads == Reads::parameters_and_gradient) arrays.push_back(parameters.data());
    if (reads == Reads::all) arrays.insert(arrays.end(), written.begin(), written.end());
  }
  volatile float zero = 0;

  const Pairs result = measure_pairs(
      pairs, [&] { return seconds_each(kSteps, [&] { optimizer.step(gradients); }); },
      [&] {
        return seconds_each(kSteps, [&] {
          for (const std::vector<const float*>& arrays : read) run_reading_roof(arrays, kParameters, threads);
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
  struct Row {
    std::string name;
    Options options;
    std::vector<Reads> passes = {};
  };
  const std::vector<Row> rows{
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
      {"lamb", LAMB{.lr = 1e-6}, {Reads::all}},
      {"lars", LARS{.lr = 1e-6, .momentum = 0.9, .weight_decay = 1e-4}, {Reads::parameters_and_gradient}},
      {"adafactor", Adafactor{.lr = 1e-6}, {Reads::parameters_and_gradient, Reads::gradient}},
  };
  for (const int threads : thread_counts(settings)) {
    for (const auto& [name, options, passes] : rows) {
      targets.push_back(
          {fmt::format("roof.{}.{}", name, threads),
           fmt::format("{}{}, 16.8M f32, {} thread{}, against {} over the same bytes", name,
                       name == "sgd" || name == "lars" ? " with momentum" : "", threads, threads == 1 ? "" : "s",
                       passes.empty() ? "a loop" : fmt::format("{} loops", passes.size() + 1)),
           /*at_least=*/true, 0.9, "×",
           [=, pairs = settings.pairs] { return measure(options, {}, passes, threads, pairs); }});
    }
    const thalweg::Settings all{
        .clip = {ClipBy::global_norm, 1}, .average = {.kind = AverageKind::ema}, .check = Check::guard};
    targets.push_back({fmt::format("roof.surrounded.{}", threads),
                       fmt::format("rmsprop with clipping by the global norm, guard, decay and average, {} thread{}, "
                                   "against a loop that reads the gradient and one over the step's bytes",
                                   threads, threads == 1 ? "" : "s"),
                       /*at_least=*/true, 0.8, "×", [=, pairs = settings.pairs] {
                         return measure(RMSprop{.lr = 1e-6, .weight_decay = 1e-4}, all, {Reads::gradient}, threads,
                                        pairs);
                       }});
  }
}

}  // namespace thalweg::bench

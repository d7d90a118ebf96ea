// Targets of whole training steps in C++ against the same in Python, as PyTorch's tutorials write them.
#include "peer.h"
#include "target.h"

#include <fmt/format.h>

namespace thalweg::bench {

namespace {

Measurement measure(const std::string& task, int steps, int threads, const Settings& settings) {
  const std::string count = std::to_string(threads);
  Peer ours({settings.training_steps.string(), count});
  Peer pytorch({settings.python, (settings.peers / "training_steps.py").string(), count});
  const Pairs pairs = measure_pairs(
      settings.pairs, [&] { return ours.seconds_each(task, steps); },
      [&] { return pytorch.seconds_each(task, steps); });
  return {time(pairs), fmt::format("{:.4g} ms a step with LibTorch {}, PyTorch {} {:.4g} ms, {} thread{}",
                                   1e3 * spread(pairs.ours).median, ours.version(), pytorch.version(),
                                   1e3 * spread(pairs.baseline).median, threads, threads == 1 ? "" : "s")};
}

/// What diagnostics cost.
Measurement measure_diagnostics(int threads, const Settings& settings) {
  constexpr int kSteps = 300;
  Peer both({settings.training_steps.string(), std::to_string(threads)});
  const Pairs pairs = measure_pairs(
      settings.pairs, [&] { return both.seconds_each("mlp_looked_into", kSteps); },
      [&] { return both.seconds_each("mlp", kSteps); });
  return {time(pairs), fmt::format("{:.4g} ms a step, without {:.4g} ms", 1e3 * spread(pairs.ours).median,
                                   1e3 * spread(pairs.baseline).median)};
}

}  // namespace

void add_training_targets(const Settings& settings, std::vector<Target>& targets) {
  const auto add = [&](const std::string& task, const std::string& what, double limit, int steps) {
    for (const int threads : thread_counts(settings)) {
      targets.push_back({fmt::format("step.{}.{}", task, threads), what + ", training step against PyTorch in Python",
                         /*at_least=*/false, limit, "×", [=] { return measure(task, steps, threads, settings); }});
    }
  };
  for (const int threads : thread_counts(settings)) {
    targets.push_back({fmt::format("diagnostics.mlp.{}", threads), "MLP, a step in ten looked into, against none",
                       /*at_least=*/false, 1.01, "×", [=] { return measure_diagnostics(threads, settings); }});
  }
  add("mlp", "MLP 784-128-10, batch 64", 0.85, 300);
  add("linear", "linear regression, batch 100", 0.3, 1000);
  add("cnn", "CNN, batch 64", 1.05, 10);
  add("lstm", "LSTM 28 × 28-128-10, batch 64", 1.0, 50);
  add("gru", "GRU 28 × 28-128-10, batch 64", 1.0, 50);
}

}  // namespace thalweg::bench

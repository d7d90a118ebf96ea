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

}  // namespace

void add_training_targets(const Settings& settings, std::vector<Target>& targets) {
  const auto add = [&](const std::string& task, const std::string& what, double limit, int steps) {
    for (const int threads : thread_counts(settings)) {
      targets.push_back({fmt::format("step.{}.{}", task, threads), what + ", training step against PyTorch in Python",
                         /*at_least=*/false, limit, "×", [=] { return measure(task, steps, threads, settings); }});
    }
  };
  add("mlp", "MLP 784-128-10, batch 64", 0.85, 300);
  add("linear", "linear regression, batch 100", 0.3, 1000);
  add("cnn", "CNN, batch 64", 1.05, 10);
  add("lstm", "LSTM 28 × 28-128-10, batch 64", 1.0, 50);
  add("gru", "GRU 28 × 28-128-10, batch 64", 1.0, 50);
}

}  // namespace thalweg::bench

// Targets of whole trainings in C++, their steps and epochs, against the same in Python, as tutorials write them.
#include "peer.h"
#include "target.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace thalweg::bench {

namespace {

/// What one of the peers does beside ours, and what it took.
struct Rival {
  Peer* peer;
  std::string task;
  std::string name;    ///< for people
  bool counts = true;  ///< for the target; else its time is only told
  std::vector<double> seconds = {};
};

std::string milliseconds(const std::vector<double>& seconds) {
  return fmt::format("{:.4g} ms", 1e3 * spread(seconds).median);
}

/// Ours against the rival with the least median, all of them measured beside each of ours.
Measurement against_best(int pairs, const std::string& unit, const std::string& ours_name, const Timed& ours,
                         std::vector<Rival> rivals, int count) {
  Pairs result = measure_pairs(pairs, ours, [&] {
    for (Rival& rival : rivals) rival.seconds.push_back(rival.peer->seconds_each(rival.task, count));
    return 0.0;  // which of them counts is not known before the end
  });
  const Rival* best = nullptr;
  std::string detail = fmt::format("{} {} with {}", milliseconds(result.ours), unit, ours_name);
  for (const Rival& rival : rivals) {
    detail += fmt::format(", {} {}", rival.name, milliseconds(rival.seconds));
    if (!rival.counts) detail += " (no target)";
    const bool is_better = best == nullptr || spread(rival.seconds).median < spread(best->seconds).median;
    if (rival.counts && is_better) best = &rival;
  }
  result.baseline = best->seconds;
  return {time(result), detail};
}

std::string threads_text(int threads) { return fmt::format(", {} thread{}", threads, threads == 1 ? "" : "s"); }

/// The processes of one comparison.
class Sides {
 public:
  Sides(int threads, const Settings& settings) : threads_(std::to_string(threads)), settings_(settings) {
    ours_ = &start({settings.training_steps.string()});
    pytorch_ = &start({settings.python, (settings.peers / "training_steps.py").string()});
  }

  Peer& ours() const { return *ours_; }
  std::string ours_name() const { return "LibTorch " + ours_->version(); }
  Rival pytorch(const std::string& task, const std::string& how = "") const {
    return {pytorch_, task, "PyTorch " + pytorch_->version() + how};
  }
  /// By `fit`; and by a jitted function of the user's own, which no trainer surrounds.
  std::vector<Rival> keras(const std::string& task) {
    Peer& keras = start({settings_.python, (settings_.peers / "keras_steps.py").string()});
    return {{&keras, task, keras.version() + ", fit"},
            {&keras, task + "_jitted", "a jitted loop on one batch", /*counts=*/false}};
  }

 private:
  Peer& start(std::vector<std::string> command) {
    command.push_back(threads_);
    return peers_.emplace_back(std::move(command));
  }

  std::string threads_;
  const Settings& settings_;
  std::deque<Peer> peers_;
  Peer *ours_, *pytorch_;
};

/// A row of training steps.
struct StepRow {
  std::string id, task, peer_task, what;
  double limit;
  int steps;               ///< that are timed at once
  bool has_keras = false;  ///< is Keras a peer, too?
};

Measurement measure(const StepRow& row, int threads, const Settings& settings) {
  Sides sides(threads, settings);
  std::vector<Rival> rivals{sides.pytorch(row.peer_task)};
  std::string missing;
  if (row.has_keras) {
    try {
      for (Rival& rival : sides.keras(row.task)) rivals.push_back(std::move(rival));
    } catch (const Error& error) {
      missing = fmt::format("; Keras is not measured: {}", error.what());
    }
  }
  Measurement result = against_best(
      settings.pairs, "a step", sides.ours_name(), [&] { return sides.ours().seconds_each(row.task, row.steps); },
      std::move(rivals), row.steps);
  result.detail += threads_text(threads) + missing;
  return result;
}

constexpr int kMostWorkers = 2;
constexpr int kEpochPairs = 3;  // at most: an epoch takes seconds

/// A whole epoch, with PyTorch's DataLoader at its best number of workers, by one epoch each.
Measurement measure_epoch(const std::string& model, int threads, const Settings& settings) {
  Sides sides(threads, settings);
  std::vector<std::pair<double, Rival>> tried;
  for (int workers = 0; workers <= kMostWorkers; ++workers) {
    Rival rival = sides.pytorch(fmt::format("{}.epoch.{}", model, workers), fmt::format(", {} workers", workers));
    const double seconds = rival.peer->seconds_each(rival.task, 1);
    tried.emplace_back(seconds, std::move(rival));
  }
  const auto best = std::ranges::min_element(tried, {}, &std::pair<double, Rival>::first);
  Measurement result = against_best(
      std::min(settings.pairs, kEpochPairs), "an epoch", sides.ours_name(),
      [&] { return sides.ours().seconds_each(model + ".epoch", 1); }, {best->second}, 1);
  result.detail += threads_text(threads);
  for (const auto& [seconds, rival] : tried) {
    if (rival.task != best->second.task) result.detail += fmt::format("; {} {:.4g} ms", rival.name, 1e3 * seconds);
  }
  return result;
}

/// What diagnostics cost.
Measurement measure_diagnostics(int threads, const Settings& settings) {
  constexpr int kSteps = 300;
  Peer both({settings.training_steps.string(), std::to_string(threads)});
  const Pairs pairs = measure_pairs(
      settings.pairs, [&] { return both.seconds_each("looked_into_mlp", kSteps); },
      [&] { return both.seconds_each("plain_mlp", kSteps); });
  return {time(pairs), fmt::format("{} a step, without {}", milliseconds(pairs.ours), milliseconds(pairs.baseline))};
}

}  // namespace

void add_training_targets(const Settings& settings, std::vector<Target>& targets) {
  const std::vector<StepRow> rows{
      {"mlp", "mlp", "mlp", "MLP 784-128-10, batch 64, against the best of PyTorch and Keras", 0.6, 300, true},
      {"linear", "linear", "linear", "linear regression, batch 100, against the best of PyTorch and Keras", 0.2, 1000,
       true},
      {"cnn", "cnn", "cnn", "CNN, batch 64, against PyTorch as a tutorial writes it", 0.6, 10},
      {"cnn_channels_last", "cnn", "cnn_channels_last", "CNN, batch 64, against PyTorch in channels-last", 1.0, 10},
      {"lstm", "lstm", "lstm", "LSTM 28 × 28-128-10, batch 64, against PyTorch", 1.0, 50},
      {"gru", "gru", "gru", "GRU 28 × 28-128-10, batch 64, against PyTorch", 1.0, 50},
      {"tabular", "tabular", "tabular", "20 numbers and 10 categories-128-2, batch 256, against PyTorch", 0.5, 200},
      {"factorization", "factorization", "factorization",
       "factorization of 6,040 × 3,706, 64 factors, batch 1024, by RMSprop, against PyTorch with sparse gradients and "
       "SparseAdam",
       0.5, 50},
      {"factorization_adam", "factorization_adam", "factorization", "the same by Adam", 0.5, 50},
  };
  for (const int threads : thread_counts(settings)) {
    const auto add = [&](const std::string& id, const std::string& what, double limit,
                         const std::function<Measurement()>& measured) {
      targets.push_back({fmt::format("{}.{}", id, threads), what, /*at_least=*/false, limit, "×", measured});
    };
    add("diagnostics.mlp", "MLP, a step in ten looked into, against none", 1.01,
        [=] { return measure_diagnostics(threads, settings); });
    for (const StepRow& row : rows) {
      add("step." + row.id, "training step: " + row.what, row.limit, [=] { return measure(row, threads, settings); });
    }
    for (const auto& [model, title, limit] : {std::tuple{"mlp", "MLP", 0.25}, {"cnn", "CNN", 0.7}}) {
      add(fmt::format("epoch.{}", model),
          fmt::format("{}, an epoch of Fashion-MNIST and its test, against PyTorch with a DataLoader", title), limit,
          [=, model = model] { return measure_epoch(model, threads, settings); });
    }
  }
}

}  // namespace thalweg::bench

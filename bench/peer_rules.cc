// Targets of rules that sum over a parameter, against the fastest that Python offers: LAMB in Optax, Adafactor in
// PyTorch.
#include "peer.h"
#include "target.h"

#include <thalweg/thalweg.h>

#include <fmt/format.h>

#include <limits>
#include <sstream>

namespace thalweg::bench {

namespace {

constexpr std::int64_t kSide = 2048;  // of a matrix: 4.2M parameters
constexpr std::size_t kParameters = kSide * kSide;
constexpr int kSteps = 10, kTheirSteps = 3;  // in one half of a pair

/// The fastest of the modes that follow the peer's version in its first line.
std::string fastest_mode(Peer& peer) {
  std::istringstream line(peer.version());
  std::string mode, best;
  std::getline(line, mode, ';');
  double least = std::numeric_limits<double>::infinity();
  while (line >> mode) {
    if (mode.back() == ';') mode.pop_back();
    if (const double seconds = peer.seconds_each(mode, kTheirSteps); seconds < least) {
      least = seconds;
      best = mode;
    }
  }
  return best;
}

Measurement measure(const std::string& rule, const Options& options, int threads, const Settings& settings) {
  Peer peer({settings.python, (settings.peers / "optimizer_steps.py").string(), std::to_string(threads),
             std::to_string(kSide), rule});
  const std::string mode = fastest_mode(peer);
  std::vector<float> parameters(kParameters, 1.0f), gradient(kParameters);
  for (std::size_t i = 0; i < kParameters; ++i) gradient[i] = static_cast<float>(static_cast<int>(i % 1999) - 999);
  Optimizer optimizer(options, {}, {.threads = threads});
  const Handle handle = optimizer.add("parameters", parameters, {kSide, kSide});
  const Pairs pairs = measure_pairs(
      settings.pairs, [&] { return seconds_each(kSteps, [&] {
                              optimizer.step({{handle, gradient}});
                            }); },
      [&] { return peer.seconds_each(mode, kTheirSteps); });
  return {speed(pairs), fmt::format("{:.3g} ms a step, {} ({}) {:.3g} ms, {} thread{}", 1e3 * spread(pairs.ours).median,
                                    peer.version().substr(0, peer.version().find(';')), mode,
                                    1e3 * spread(pairs.baseline).median, threads, threads == 1 ? "" : "s")};
}

}  // namespace

void add_peer_targets(const Settings& settings, std::vector<Target>& targets) {
  const auto add = [&](const std::string& rule, const std::string& what, const Options& options, double limit) {
    for (const int threads : thread_counts(settings)) {
      targets.push_back({fmt::format("peer.{}.{}", rule, threads), what + ", 4.2M f32",
                         /*at_least=*/true, limit, "×", [=] { return measure(rule, options, threads, settings); }});
    }
  };
  add("lamb", "LAMB against Optax on JAX, jitted, buffers donated", LAMB{.lr = 1e-6}, 3.5);
  add("adafactor", "Adafactor against PyTorch's fastest mode", Adafactor{.lr = 1e-6}, 12);
}

}  // namespace thalweg::bench

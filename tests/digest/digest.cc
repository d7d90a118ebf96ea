// digest: prints a hash of parameters and state for each rule and type after some steps with fixed inputs, one after
// late steps, whose numbers are large, and both of what surrounds rules: clipping and averages.
//
//   digest [--target NAME] [--threads N]     one line each: rule or rule.late, type, 64-bit FNV-1a
//   digest --list                            the instruction sets this machine can run, the fastest first
//
// The lines promise bits: they are the same for every instruction set, number of threads and machine, and those of f64
// for `--target reference` too. expected.txt has them; where one changes, CHANGELOG owes a line **numerics changed**.
#include "engine/numbers.h"
#include "engine/samples.h"
#include "engine/state_head.h"

#include <thalweg/optimizer.h>
#include <thalweg/rules/rmsprop.h>

#include <cinttypes>
#include <cstdio>
#include <exception>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace thalweg::tests {
namespace {

/// Multiples of 2⁻¹⁰ in [−2, 2): exact in both types, and made without a call of libm.
template <class T>
std::vector<T> exact_numbers(std::size_t count, std::string_view what, std::uint32_t step) {
  const Random random(6, RandomPurpose::test, what, step);
  std::vector<T> numbers(count);
  for (std::size_t i = 0; i < count; ++i) {
    numbers[i] = static_cast<T>(static_cast<double>(random.bits(i) % 4096) / 1024 - 2);
  }
  return numbers;
}

constexpr std::size_t kSizes[] = {150'001, 4097, 1, 100, 0, 33};
/// The first so many of them with rows and columns, for rules whose sums know of these.
const Shape kShapes[] = {{7, 21'428}, {241, 17}, {1, 1}, {4, 5, 5}, {0, 5}, {33}};
constexpr std::uint32_t kEarlySteps = 7;

/// What every rule begins with and is given; made once, which takes longer than the steps.
template <class T>
struct Inputs {
  std::vector<std::vector<T>> parameters;                           // one of each size
  std::vector<std::vector<std::vector<T>>> gradients{kEarlySteps};  // of each step

  Inputs() {
    for (const std::size_t size : kSizes) {
      parameters.push_back(exact_numbers<T>(size, "theta", 0));
      for (std::uint32_t step = 0; step < kEarlySteps; ++step) {
        gradients[step].push_back(exact_numbers<T>(size, "gradient", step + 1));
      }
    }
  }
};

/// Hashes a parameter with its state and average.
template <class T>
std::uint64_t digest(Optimizer& optimizer, Handle handle, std::span<const T> parameter, std::uint64_t hash) {
  const std::vector<T> all = everything<T>(optimizer, handle, parameter);
  hash = hash_bytes(std::as_bytes(std::span(all)), hash);
  return hash_bytes(std::as_bytes(optimizer.average<T>(handle)), hash);
}

Optimizer make_optimizer(const Options& options, const Settings& settings, const Execution& execution) {
  Optimizer optimizer(options, settings, execution);
  if (execution.backend != "auto" && optimizer.target() != execution.backend) throw Error("another target ran");
  return optimizer;
}

/// Parameters and state after these steps.
template <class T>
std::uint64_t digest(const Options& options, const Settings& settings, const Execution& execution, std::uint32_t steps,
                     std::uint64_t hash) {
  static const Inputs<T> inputs;
  Optimizer optimizer = make_optimizer(options, settings, execution);
  std::vector<std::vector<T>> parameters = inputs.parameters;
  std::vector<Handle> handles;
  const auto shape = [&](std::size_t i) {
    return options.rule().sums.empty() ? Shape{static_cast<std::int64_t>(kSizes[i])} : kShapes[i];
  };
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    parameters[i].resize(shape(i).elements());
    handles.push_back(optimizer.add(std::to_string(i), parameters[i], shape(i)));
  }
  for (std::uint32_t step = 0; step < steps; ++step) {
    std::vector<Gradient> all;
    for (std::size_t i = 0; i < handles.size(); ++i) {
      all.emplace_back(handles[i], std::span(inputs.gradients.at(step)[i]).first(parameters[i].size()));
    }
    if (step == 2) optimizer.set("lr", options.get("lr") / 4);
    optimizer.step(all);
  }
  for (std::size_t i = 0; i < parameters.size(); ++i) hash = digest<T>(optimizer, handles[i], parameters[i], hash);
  return hash;
}

/// Where glibc's pow(kDecay, t), whose last bit is not ours, shows in 1 − βᵗ: with fused multiply-add at 494, without
/// it at 1823. And steps without end.
constexpr std::int64_t kLateSteps[] = {494, 1823, 100'000};
constexpr double kDecay = 0.9999;

/// The same of two steps from each of these numbers on, of a small parameter.
template <class T>
std::uint64_t digest_late(Options options, const Settings& settings, const Execution& execution, std::uint64_t hash) {
  for (const char* decay : {"beta1", "beta2", "alpha"}) {
    if (options.has(decay)) options.set(decay, kDecay);
  }
  Optimizer optimizer = make_optimizer(options, settings, execution);
  std::vector<T> parameter = exact_numbers<T>(33, "theta", 0);
  const Handle handle = optimizer.add("late", parameter);
  const auto step = [&](std::uint32_t number) {
    optimizer.step({{handle, exact_numbers<T>(parameter.size(), "gradient", number)}});
  };
  step(1);
  step(2);
  for (const std::int64_t late : kLateSteps) {
    const std::string before = std::to_string(late - 1);
    State state = optimizer.state();
    for (const char* key : {"steps", "step"}) state = with_number(std::move(state), key, before);
    if (!optimizer.average<T>(handle).empty()) state = with_number(std::move(state), "averaged", before);
    optimizer.load(state);
    step(3);
    step(4);
    if (optimizer.step_number(handle) != late + 1) throw Error("another step number than the one that was loaded");
    hash = digest<T>(optimizer, handle, parameter, hash);
  }
  return hash;
}

/// Of one kind of steps: early and large, or late and small.
enum class Steps { early, late };

/// All of a rule's option sets, one after another, in one hash.
template <class T>
std::uint64_t digest(const Sample& sample, const Execution& execution, Steps steps) {
  std::uint64_t hash = hash_bytes({});
  for (const Options& options : pairwise_option_sets(sample)) {
    hash = steps == Steps::early ? digest<T>(options, {}, execution, sample.steps, hash)
                                 : digest_late<T>(options, {}, execution, hash);
  }
  return hash;
}

/// What surrounds rules: every kind of clipping and average.
template <class T>
std::uint64_t digest_surroundings(const Execution& execution, Steps steps) {
  const Options options = RMSprop{.momentum = 0.9, .centered = true};
  std::uint64_t hash = hash_bytes({});
  Settings settings{.loss_scale = 3};
  for (const ClipBy by : {ClipBy::value, ClipBy::norm, ClipBy::global_norm}) {
    settings.clip = {.by = by, .limit = by == ClipBy::value ? 0.3 : 20, .eps = 1e-6};
    for (const Average& average : {Average{.kind = AverageKind::ema, .decay = 0.9, .overwrite_every = 3},
                                   Average{.kind = AverageKind::ema, .decay = 0.7, .bias_correction = true},
                                   Average{.kind = AverageKind::mean, .start = 2, .every = 2}}) {
      settings.average = average;
      if (steps == Steps::late) settings.average.decay = average.bias_correction ? kDecay : average.decay;
      hash = steps == Steps::early ? digest<T>(options, settings, execution, kEarlySteps, hash)
                                   : digest_late<T>(options, settings, execution, hash);
    }
  }
  return hash;
}

void print(const std::string& name, Steps steps, std::uint64_t f32, std::uint64_t f64) {
  const std::string line = name + (steps == Steps::late ? ".late" : "");
  std::printf("%s f32 %016" PRIx64 "\n", line.c_str(), f32);
  std::printf("%s f64 %016" PRIx64 "\n", line.c_str(), f64);
}

int run(std::span<char*> arguments) {
  Execution execution;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    if (argument == "--list") {
      for (const std::string& target : cpu_targets()) std::puts(target.c_str());
      return 0;
    }
    if (i + 1 < arguments.size() && argument == "--target") {
      execution.backend = arguments[++i];
    } else if (i + 1 < arguments.size() && argument == "--threads") {
      execution.threads = std::stoi(arguments[++i]);
    } else {
      std::fprintf(stderr, "digest [--list] [--target NAME] [--threads N]\n");
      return 2;
    }
  }
  for (const Steps steps : {Steps::early, Steps::late}) {
    for (const Sample& sample : samples()) {
      print(sample.rule(), steps, digest<float>(sample, execution, steps), digest<double>(sample, execution, steps));
    }
    print("surroundings", steps, digest_surroundings<float>(execution, steps),
          digest_surroundings<double>(execution, steps));
  }
  return 0;
}

}  // namespace
}  // namespace thalweg::tests

int main(int count, char** arguments) {
  try {
    return thalweg::tests::run({arguments, static_cast<std::size_t>(count)});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "digest: %s\n", error.what());
    return 1;
  }
}

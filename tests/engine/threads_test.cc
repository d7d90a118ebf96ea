// The same bits for 1, 2, 3 and 8 threads and on every instruction set, with sizes at which threads are really used.
#include "engine/numbers.h"
#include "engine/samples.h"

#include <thalweg/optimizer.h>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

namespace thalweg::tests {
namespace {

constexpr std::uint64_t kSeed = 2;

/// Big and small parameters mixed: more than enough work for eight threads.
std::vector<std::size_t> mixed_sizes() {
  std::vector<std::size_t> sizes = {300'001, 4096, 65'537, 1, 0, 200'000};
  sizes.insert(sizes.end(), 1000, 100);
  return sizes;
}

constexpr std::uint32_t kSteps = 3;

/// Parameters and gradients, the same for all runs.
template <class T>
struct Inputs {
  explicit Inputs(const std::vector<std::size_t>& sizes) {
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      const auto which = static_cast<std::uint32_t>(i);
      parameters.push_back(random_numbers<T>(sizes[i], kSeed, "theta", which));
      for (std::uint32_t step = 0; step < kSteps; ++step) {
        gradients[step].push_back(random_numbers<T>(sizes[i], kSeed + 1 + step, "gradient", which));
      }
    }
  }
  std::vector<std::vector<T>> parameters;
  std::array<std::vector<std::vector<T>>, kSteps> gradients;
};

/// Returns the bits of all parameters and all state after some steps.
template <class T>
std::vector<T> run(const Options& options, const Execution& execution, const Inputs<T>& inputs) {
  Optimizer optimizer(options, {}, execution);
  std::vector<std::vector<T>> parameters = inputs.parameters;
  std::vector<Handle> handles;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    handles.push_back(optimizer.add(std::to_string(i), parameters[i]));
  }
  for (const auto& gradients : inputs.gradients) {
    std::vector<Gradient> all;
    for (std::size_t i = 0; i < parameters.size(); ++i) all.emplace_back(handles[i], gradients[i]);
    optimizer.step(all);
  }
  std::vector<T> bits;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const std::vector<T> one = everything<T>(optimizer, handles[i], parameters[i]);
    bits.insert(bits.end(), one.begin(), one.end());
  }
  return bits;
}

class Threads : public ::testing::TestWithParam<Sample> {};

template <class T>
void expect_same_bits(const Options& options, const Inputs<T>& inputs) {
  const std::vector<T> alone = run<T>(options, {.threads = 1}, inputs);
  std::vector<Execution> others;
  for (const int threads : {2, 3, 8}) others.push_back({.threads = threads});
  for (const std::string& target : cpu_targets()) others.push_back({.threads = 3, .backend = target});
  if (std::is_same_v<T, double>) others.push_back({.threads = 3, .backend = "reference"});
  for (const Execution& execution : others) {
    EXPECT_EQ(first_bit_difference<T>(alone, run<T>(options, execution, inputs)), "")
        << options.text() << ", " << type_name<T> << ", " << execution.threads << " threads, " << execution.backend;
  }
}

TEST_P(Threads, SameBits) {
  const Options options = parse_options(GetParam().options);
  static const Inputs<float> floats(mixed_sizes());
  static const Inputs<double> doubles(mixed_sizes());
  expect_same_bits<float>(options, floats);
  expect_same_bits<double>(options, doubles);
}

INSTANTIATE_TEST_SUITE_P(Rules, Threads, ::testing::ValuesIn(samples()),
                         [](const auto& info) { return info.param.rule(); });

TEST(ThreadsOption, MoreThreadsThanWork) {
  const Options options = RMSprop{.lr = 0.02, .alpha = 0.85};
  expect_same_bits<float>(options, Inputs<float>({3}));
  expect_same_bits<float>(options, Inputs<float>(std::vector<std::size_t>{}));
}

TEST(ThreadsOption, OptimizersInManyThreadsAtOnce) {
  // They share one pool: helpers go from one caller to another in the middle of their steps.
  const Inputs<float> inputs({150'000});
  std::vector<Options> options = {RMSprop{.lr = 0.02, .alpha = 0.85, .momentum = 0.7}, Adam{.lr = 0.02}};
  std::vector<std::vector<float>> alone;
  for (const Options& one : options) alone.push_back(run<float>(one, {.threads = 1}, inputs));
  std::vector<std::thread> callers;
  std::atomic<int> different{0};
  for (std::size_t caller = 0; caller < 6; ++caller) {
    callers.emplace_back([&, caller] {
      const std::size_t which = caller % 2;
      for (int i = 0; i < 5; ++i) {
        const int threads = 2 + static_cast<int>(caller) % 3;
        const std::vector<float> here = run<float>(options[which], {.threads = threads}, inputs);
        different += !first_bit_difference<float>(alone[which], here).empty();
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(different, 0);
}

}  // namespace
}  // namespace thalweg::tests

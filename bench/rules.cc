// Micro-benchmarks: one step of every rule, in the second-level cache and in memory, by Google Benchmark.
#include <thalweg/thalweg.h>

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

namespace {

void step(benchmark::State& state, const thalweg::RuleInfo* rule) {
  const auto size = static_cast<std::size_t>(state.range(0));
  std::vector<float> parameters(size, 1.0f), gradient(size);
  for (std::size_t i = 0; i < size; ++i) gradient[i] = static_cast<float>(i % 1999) / 1000 - 1;
  thalweg::Options options(*rule);
  options.set("lr", 1e-6);
  thalweg::Optimizer optimizer(options, {}, {.threads = static_cast<int>(state.range(1))});
  const thalweg::Handle handle = optimizer.add("parameters", parameters);
  const std::vector<thalweg::Gradient> gradients{{handle, gradient}};
  for (auto _ : state) optimizer.step(gradients);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

}  // namespace

int main(int count, char** arguments) {
  for (const thalweg::RuleInfo* rule : thalweg::rules()) {
    benchmark::RegisterBenchmark(std::string(rule->name).c_str(), step, rule)
        ->ArgNames({"size", "threads"})
        ->ArgsProduct({{1 << 14, 1 << 24}, {1, 2}})
        ->UseRealTime();
  }
  benchmark::Initialize(&count, arguments);
  if (benchmark::ReportUnrecognizedArguments(count, arguments)) return 2;
  benchmark::RunSpecifiedBenchmarks();
}

// Targets against LibTorch's own optimizers: one large parameter, and a thousand small ones.
#include "target.h"

#include <thalweg/libtorch.h>

#include <fmt/format.h>
#include <torch/optim/adam.h>
#include <torch/optim/rmsprop.h>
#include <torch/utils.h>
#include <torch/version.h>

#include <memory>
#include <span>

namespace thalweg::bench {

namespace {

struct Work {
  std::int64_t tensors, elements;
  int steps, their_steps;  // in one half of a pair
};

constexpr Work kLarge{1, std::int64_t{1} << 24, 5, 2};
constexpr Work kSmall{1000, 100, 200, 5};

std::vector<torch::Tensor> make_parameters(const Work& work) {
  torch::manual_seed(1);
  std::vector<torch::Tensor> parameters;
  for (std::int64_t i = 0; i < work.tensors; ++i) {
    parameters.push_back(torch::randn({work.elements}).requires_grad_());
    parameters.back().mutable_grad() = torch::randn({work.elements});
  }
  return parameters;
}

std::span<float> span_of(const torch::Tensor& tensor) {
  return {tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
}

Timed theirs(bool adam, const std::vector<torch::Tensor>& parameters, const Work& work) {
  std::shared_ptr<torch::optim::Optimizer> optimizer;
  if (adam) {
    optimizer = std::make_shared<torch::optim::Adam>(parameters, torch::optim::AdamOptions(1e-6));
  } else {
    optimizer = std::make_shared<torch::optim::RMSprop>(parameters, torch::optim::RMSpropOptions(1e-6));
  }
  return [=] { return seconds_each(work.their_steps, [&] { optimizer->step(); }); };
}

Timed engine(const Options& options, const std::vector<torch::Tensor>& parameters, const Work& work, int threads) {
  const auto optimizer = std::make_shared<Optimizer>(options, thalweg::Settings{}, Execution{.threads = threads});
  std::vector<Gradient> gradients;
  for (const torch::Tensor& parameter : parameters) {
    const Handle handle = optimizer->add(fmt::format("parameter{}", gradients.size()), span_of(parameter));
    gradients.emplace_back(handle, span_of(parameter.grad()));
  }
  return [=] { return seconds_each(work.steps, [&] { optimizer->step(gradients); }); };
}

Timed adapter(const Options& options, const std::vector<torch::Tensor>& parameters, const Work& work, int threads) {
  const auto optimizer = std::make_shared<libtorch::Optimizer>(libtorch::Parameters(parameters), options,
                                                               thalweg::Settings{}, Execution{.threads = threads});
  return [=] { return seconds_each(work.steps, [&] { optimizer->step(); }); };
}

Measurement measure(bool adam, bool through_adapter, const Work& work, int threads, int count) {
  torch::set_num_threads(threads);
  const std::vector<torch::Tensor> ours = make_parameters(work), others = make_parameters(work);
  const Options options = adam ? Options(Adam{.lr = 1e-6}) : Options(RMSprop{.lr = 1e-6});
  const Pairs pairs = measure_pairs(
      count, through_adapter ? adapter(options, ours, work, threads) : engine(options, ours, work, threads),
      theirs(adam, others, work));
  return {speed(pairs), fmt::format("{:.4g} ms a step, LibTorch {} {:.4g} ms", 1e3 * spread(pairs.ours).median,
                                    TORCH_VERSION, 1e3 * spread(pairs.baseline).median)};
}

}  // namespace

void add_libtorch_targets(const Settings& settings, std::vector<Target>& targets) {
  const auto add = [&](const std::string& id, const std::string& what, double limit, bool adam, bool through_adapter,
                       const Work& work) {
    for (const int threads : thread_counts(settings)) {
      targets.push_back({fmt::format("{}.{}", id, threads),
                         fmt::format("{}, {} thread{}", what, threads, threads == 1 ? "" : "s"), /*at_least=*/true,
                         limit, "×",
                         [=, count = settings.pairs] { return measure(adam, through_adapter, work, threads, count); }});
    }
  };
  for (const bool adam : {false, true}) {
    const std::string rule = adam ? "adam" : "rmsprop";
    const std::string what = fmt::format("{}, 16.8M f32, against LibTorch's own, ", rule);
    add("large." + rule + ".engine", what + "engine", 4, adam, /*through_adapter=*/false, kLarge);
    add("large." + rule + ".adapter", what + "adapter", 4, adam, /*through_adapter=*/true, kLarge);
  }
  const std::string what = "rmsprop, 1000 tensors of 100 floats, against LibTorch's own, ";
  add("small.engine", what + "engine", 100, /*adam=*/false, /*through_adapter=*/false, kSmall);
  add("small.adapter", what + "adapter", 60, /*adam=*/false, /*through_adapter=*/true, kSmall);
}

}  // namespace thalweg::bench

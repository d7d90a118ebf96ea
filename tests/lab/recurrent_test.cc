// Recurrent layers: the functions and gradients of LibTorch's own layers and of an oracle in double, on every
// instruction set.
#include "models/recurrent.h"

#include "on_each_target.h"
#include "recurrent_oracle.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <torch/nn/modules/rnn.h>
#include <torch/utils.h>

namespace thalweg::lab {
namespace {

using RecurrentFunctions = tests::OnEachTarget;
INSTANTIATE_TEST_SUITE_P(Targets, RecurrentFunctions, tests::each_target(), tests::target_name);

std::shared_ptr<RecurrentLayers> make(Cell cell, std::int64_t inputs, std::int64_t hidden, std::int64_t layers = 1) {
  if (cell == Cell::lstm) return std::make_shared<Lstm>("recurrent", inputs, hidden, layers, /*seed=*/1);
  return std::make_shared<Gru>("recurrent", inputs, hidden, layers, /*seed=*/1);
}

constexpr std::array kCells{Cell::lstm, Cell::gru};

/// Relative to the largest number: a sum's error goes by its terms.
void expect_close(const torch::Tensor& ours, const torch::Tensor& expected, double tolerance, const std::string& what) {
  ASSERT_EQ(ours.sizes(), expected.sizes()) << what;
  const double scale = std::max(1e-3, expected.detach().abs().max().item().toDouble());
  const double error = (ours.detach().to(torch::kFloat64) - expected.detach()).abs().max().item().toDouble();
  EXPECT_LE(error, tolerance * scale) << what;
}

struct Sizes {
  std::int64_t batch, time, inputs, hidden, layers;
};

/// What a caller sees of a run: outputs, states [layers, batch, hidden], and after `differentiate` gradients.
struct Observed {
  torch::Tensor x, first_h, first_c, steps, last_h, last_c;
  std::map<std::string, torch::Tensor> gradients;

  explicit Observed(const Sizes& sizes)
      : x(torch::randn({sizes.batch, sizes.time, sizes.inputs})),
        first_h(torch::randn({sizes.layers, sizes.batch, sizes.hidden})),
        first_c(torch::randn({sizes.layers, sizes.batch, sizes.hidden})) {}

  /// The same inputs, from which gradients flow.
  Observed begin() const {
    Observed copy = *this;
    for (torch::Tensor* tensor : {&copy.x, &copy.first_h, &copy.first_c}) {
      *tensor = tensor->detach().clone().set_requires_grad(true);
    }
    return copy;
  }

  /// Gradients of a sum of all outputs, each times a number of its own.
  void differentiate(const torch::nn::Module& module, bool last_step_alone) {
    torch::manual_seed(2);
    torch::Tensor loss = (last_h * torch::randn(last_h.sizes())).sum();
    if (last_c.defined()) loss = loss + (last_c * torch::randn(last_c.sizes())).sum();
    if (!last_step_alone) loss = loss + (steps * torch::randn(steps.sizes())).sum();
    loss.backward();
    for (const auto& item : module.named_parameters()) gradients[item.key()] = item.value().grad();
    gradients["x"] = x.grad();
    gradients["first h"] = first_h.grad();
    if (last_c.defined()) gradients["first c"] = first_c.grad();
  }
};

void run(const RecurrentLayers& layers, Cell cell, Observed& run) {
  std::vector<RecurrentState> first;
  for (std::int64_t k = 0; k < layers.layers(); ++k) {
    first.push_back({run.first_h[k], cell == Cell::lstm ? run.first_c[k] : torch::Tensor()});
  }
  const auto output = layers.forward(run.x, first);
  std::vector<torch::Tensor> h, c;
  for (const RecurrentState& state : output.last) h.push_back(state.h), c.push_back(state.c);
  run.steps = output.steps;
  run.last_h = torch::stack(h);
  if (cell == Cell::lstm) run.last_c = torch::stack(c);
}

/// LibTorch's own layers, with our weights.
template <class Module, class Options>
Module with_weights_of(const RecurrentLayers& ours, const Sizes& sizes) {
  Module module(Options(sizes.inputs, sizes.hidden).num_layers(sizes.layers).batch_first(true));
  const torch::NoGradGuard no_grad;
  for (auto& item : module->named_parameters()) item.value().copy_(ours.named_parameters()[item.key()]);
  return module;
}

std::shared_ptr<torch::nn::Module> run_libtorch(const RecurrentLayers& ours, Cell cell, const Sizes& sizes,
                                                Observed& run) {
  if (cell == Cell::lstm) {
    auto module = with_weights_of<torch::nn::LSTM, torch::nn::LSTMOptions>(ours, sizes);
    std::tuple<torch::Tensor, torch::Tensor> last;
    std::tie(run.steps, last) = module->forward(run.x, std::tuple(run.first_h, run.first_c));
    std::tie(run.last_h, run.last_c) = last;
    return module.ptr();
  }
  auto module = with_weights_of<torch::nn::GRU, torch::nn::GRUOptions>(ours, sizes);
  std::tie(run.steps, run.last_h) = module->forward(run.x, run.first_h);
  return module.ptr();
}

void expect_libtorchs_function(Cell cell, const Sizes& sizes, bool last_step_alone) {
  const std::string what = fmt::format("{}, batch {}, time {}, inputs {}, hidden {}, layers {}, {}",
                                       cell == Cell::lstm ? "LSTM" : "GRU", sizes.batch, sizes.time, sizes.inputs,
                                       sizes.hidden, sizes.layers, last_step_alone ? "last step" : "all steps");
  const auto layers = make(cell, sizes.inputs, sizes.hidden, sizes.layers);
  const Observed inputs(sizes);
  Observed ours = inputs.begin(), theirs = inputs.begin();
  run(*layers, cell, ours);
  const auto module = run_libtorch(*layers, cell, sizes, theirs);
  expect_close(ours.steps, theirs.steps, 2e-6, what + ", steps");
  expect_close(ours.last_h, theirs.last_h, 2e-6, what + ", last h");
  if (cell == Cell::lstm) expect_close(ours.last_c, theirs.last_c, 2e-6, what + ", last c");
  ours.differentiate(*layers, last_step_alone);
  theirs.differentiate(*module, last_step_alone);
  ASSERT_EQ(ours.gradients.size(), theirs.gradients.size());
  for (const auto& [name, gradient] : theirs.gradients) {
    expect_close(ours.gradients[name], gradient, 1e-5, what + ", gradient of " + name);
  }
}

TEST_P(RecurrentFunctions, AreLibTorchsFunctions) {
  for (const Cell cell : kCells) {
    for (const std::int64_t hidden : {1, 7, 8, 16, 33, 65}) {
      for (const auto& [batch, time, inputs] : {std::tuple{1, 1, 1}, {3, 2, 5}, {1, 28, 5}, {14, 3, 1}, {2, 2, 1}}) {
        expect_libtorchs_function(cell, {batch, time, inputs, hidden, 1}, /*last_step_alone=*/false);
      }
    }
    expect_libtorchs_function(cell, {3, 5, 5, 17, 3}, /*last_step_alone=*/false);
    expect_libtorchs_function(cell, {3, 5, 5, 17, 2}, /*last_step_alone=*/true);
    expect_libtorchs_function(cell, {64, 28, 28, 128, 1}, /*last_step_alone=*/true);
  }
}

/// The oracle's outputs, all times a number of their own, summed.
double oracle_loss(Cell cell, const tests::OracleInputs& inputs) {
  torch::manual_seed(3);
  const tests::OracleOutput output = tests::recurrent_oracle(cell, inputs);
  const auto weighted = [](const torch::Tensor& x) { return (x * torch::randn(x.sizes(), torch::kFloat64)).sum(); };
  const torch::Tensor loss = weighted(output.steps);
  return (cell == Cell::lstm ? loss + weighted(output.c) : loss).item().toDouble();
}

// Gradients against differences of the oracle: nothing that LibTorch computes.
TEST_P(RecurrentFunctions, GradientsAreTheSlopesOfTheOracle) {
  for (const Cell cell : kCells) {
    const auto layers = make(cell, /*inputs=*/2, /*hidden=*/3);
    Observed ours = Observed({.batch = 2, .time = 4, .inputs = 2, .hidden = 3, .layers = 1}).begin();
    run(*layers, cell, ours);
    std::vector<torch::Tensor> floats{ours.x};
    for (const torch::Tensor& parameter : layers->parameters()) floats.push_back(parameter);
    floats.push_back(ours.first_h);
    if (cell == Cell::lstm) floats.push_back(ours.first_c);
    tests::OracleInputs inputs;
    for (const torch::Tensor& tensor : floats) inputs.push_back(tensor.detach().to(torch::kFloat64));
    for (std::size_t i = inputs.size() - (cell == Cell::lstm ? 2 : 1); i < inputs.size(); ++i) inputs[i] = inputs[i][0];
    expect_close(ours.steps, tests::recurrent_oracle(cell, inputs).steps, 5e-7, "steps");

    torch::manual_seed(3);
    torch::Tensor loss = (ours.steps * torch::randn(ours.steps.sizes(), torch::kFloat64)).sum();
    if (cell == Cell::lstm)
      loss = loss + (ours.last_c[0] * torch::randn(ours.last_c[0].sizes(), torch::kFloat64)).sum();
    loss.backward();
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const torch::Tensor slopes = torch::zeros_like(inputs[i]);
      for (std::int64_t k = 0; k < slopes.numel(); ++k) {
        double& value = inputs[i].data_ptr<double>()[k];
        const double before = value, step = 1e-5;
        value = before + step;
        const double above = oracle_loss(cell, inputs);
        value = before - step;
        slopes.data_ptr<double>()[k] = (above - oracle_loss(cell, inputs)) / (2 * step);
        value = before;
      }
      expect_close(floats[i].grad().view_as(slopes), slopes, 2e-6, fmt::format("input {}", i));
    }
  }
}

}  // namespace
}  // namespace thalweg::lab

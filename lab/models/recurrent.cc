// Recurrent layers: LSTM and GRU.
#include "models/recurrent.h"

#include "models/first_values.h"
#include "models/onnx_weight.h"
#include "models/recurrent_function.h"

#include <thalweg/error.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

namespace thalweg::lab {

namespace {

const char* name_of(Cell cell) { return cell == Cell::lstm ? "LSTM" : "GRU"; }

void check_tensor(Cell cell, const char* what, const torch::Tensor& x, torch::IntArrayRef shape) {
  const bool fits = x.dim() == static_cast<std::int64_t>(shape.size()) && x.sizes() == shape;
  if (fits && x.scalar_type() == torch::kFloat32 && x.device().is_cpu()) return;
  throw Error(fmt::format("{}: {} is [{}], {}, {}; expected [{}], Float, cpu", name_of(cell), what,
                          fmt::join(x.sizes(), ", "), c10::toString(x.scalar_type()), x.device().str(),
                          fmt::join(shape, ", ")));
}

}  // namespace

RecurrentLayers::RecurrentLayers(Cell cell, const std::string& name, std::int64_t inputs, std::int64_t hidden,
                                 std::int64_t layers, std::uint64_t seed)
    : cell_(cell), inputs_(inputs), hidden_(hidden) {
  for (const auto& [what, value] : {std::pair{"inputs", inputs}, {"hidden", hidden}, {"layers", layers}}) {
    if (value < 1) throw Error(fmt::format("{}: {} = {}; expected at least 1", name, what, value));
  }
  const double bound = 1 / std::sqrt(static_cast<double>(hidden));
  const std::int64_t rows = gate_count(cell) * hidden;
  for (std::int64_t layer = 0; layer < layers; ++layer) {
    const auto parameter = [&](const char* kind, torch::IntArrayRef shape) {
      const std::string own = fmt::format("{}_l{}", kind, layer);
      return register_parameter(own, draw(name + '.' + own, shape, bound, seed));
    };
    layers_.push_back({parameter("weight_ih", {rows, layer == 0 ? inputs : hidden}),
                       parameter("weight_hh", {rows, hidden}), parameter("bias_ih", {rows}),
                       parameter("bias_hh", {rows})});
  }
}

std::vector<RecurrentState> RecurrentLayers::checked(const torch::Tensor& x,
                                                     const std::vector<RecurrentState>& first) const {
  const std::int64_t batch = x.dim() == 3 ? x.size(0) : -1, time = x.dim() == 3 ? x.size(1) : -1;
  check_tensor(cell_, "x (batch, time, inputs)", x, {batch, time, inputs_});
  if (time < 1) throw Error(fmt::format("{}: a sequence of {} steps; expected at least 1", name_of(cell_), time));
  if (first.empty()) return std::vector<RecurrentState>(layers_.size());
  if (first.size() != layers_.size()) {
    throw Error(fmt::format("{}: first states of {} layers; expected {}", name_of(cell_), first.size(), layers()));
  }
  for (const RecurrentState& state : first) {
    if (state.h.defined()) check_tensor(cell_, "first h (batch, hidden)", state.h, {batch, hidden_});
    if (state.c.defined()) check_tensor(cell_, "first c (batch, hidden)", state.c, {batch, hidden_});
  }
  return first;
}

RecurrentLayers::Output RecurrentLayers::forward(const torch::Tensor& x, const std::vector<RecurrentState>& first,
                                                 const Between& between) const {
  const std::vector<RecurrentState> before = checked(x, first);
  Output output{x, {}};
  for (std::size_t k = 0; k < layers_.size(); ++k) {
    if (k > 0 && between) output.steps = between(output.steps);
    const Layer& layer = layers_[k];
    LayerOutput ran = run_layer(cell_, output.steps, layer.weight_ih, layer.weight_hh, layer.bias_ih, layer.bias_hh,
                                before[k].h, before[k].c);
    output.steps = std::move(ran.steps);
    output.last.push_back({std::move(ran.h), std::move(ran.c)});
  }
  return output;
}

std::string RecurrentLayers::onnx(OnnxGraph& graph, const std::string& name, std::string x, bool every_step) const {
  // ONNX's order of gates is i, o, f, g of LSTM and z, r, n of GRU. Its first axis is that of the directions.
  const std::vector<std::int64_t> gates =
      cell_ == Cell::lstm ? std::vector<std::int64_t>{0, 3, 1, 2} : std::vector<std::int64_t>{1, 0, 2};
  const auto reordered = [&](const torch::Tensor& weight) {
    std::vector<torch::Tensor> blocks;
    for (const std::int64_t gate : gates) blocks.push_back(weight.narrow(0, gate * hidden_, hidden_));
    return torch::cat(blocks).unsqueeze(0);
  };
  OnnxAttributes attributes{{"hidden_size", hidden_}};
  if (cell_ == Cell::gru) attributes.emplace_back("linear_before_reset", 1);  // the reset gate behind the product
  for (std::size_t k = 0; k < layers_.size(); ++k) {
    const Layer& layer = layers_[k];
    const auto weight = [&](const char* kind, const torch::Tensor& values) {
      return onnx_weight(graph, fmt::format("{}.{}_l{}", name, kind, k), values);
    };
    const torch::Tensor biases = torch::cat({reordered(layer.bias_ih), reordered(layer.bias_hh)}, 1);
    const bool is_every = every_step || k + 1 < layers_.size();
    x = graph.add(
        name_of(cell_),
        {x, weight("W", reordered(layer.weight_ih)), weight("R", reordered(layer.weight_hh)), weight("B", biases)},
        attributes, is_every ? 0 : 1);  // Y [time, 1, batch, hidden], or Y_h [1, batch, hidden]
    x = graph.add("Squeeze", {x, graph.constant(std::vector<std::int64_t>{is_every ? 1 : 0})});
  }
  return x;
}

}  // namespace thalweg::lab

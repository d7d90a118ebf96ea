// One recurrent layer over a whole sequence, as one step of autograd's.
#include "models/recurrent_function.h"

#include "models/share_rows.h"

#include <thalweg/error.h>

#include <torch/csrc/autograd/custom_function.h>
#include <torch/utils.h>

#include <algorithm>

namespace thalweg::lab {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// How many threads are worth waking.
std::int64_t threads_for(const RecurrentShape& shape) {
  constexpr std::int64_t kLeast = 1 << 20;  // multiplications of a thread
  const std::int64_t all =
      shape.batch * shape.steps * gate_count(shape.cell) * shape.hidden * (shape.inputs + shape.hidden);
  return std::clamp<std::int64_t>(all / kLeast, 1, torch::get_num_threads());
}

/// x [..., hidden] as [..., width], contiguous. An undefined x, or one that needs no copy, stays.
torch::Tensor padded(const torch::Tensor& x, const RecurrentShape& shape) {
  const std::int64_t width = padded_width(shape.hidden);
  if (!x.defined()) return x;
  return width == shape.hidden ? x.contiguous() : torch::constant_pad_nd(x, {0, width - shape.hidden});
}

const float* data(const torch::Tensor& x) { return x.defined() ? x.data_ptr<float>() : nullptr; }

RecurrentShape shape_of(Cell cell, const torch::Tensor& x, const torch::Tensor& weight_hh) {
  return {.cell = cell, .steps = x.size(1), .batch = x.size(0), .inputs = x.size(2), .hidden = weight_hh.size(1)};
}

/// What a forward pass leaves: time-major, padded.
struct Activations {
  torch::Tensor h;     ///< [steps + 1, batch, width]
  torch::Tensor c;     ///< LSTM: the same, or where nothing is kept the last step's alone
  torch::Tensor kept;  ///< or undefined
};

Activations compute(Cell cell, const torch::Tensor& inputs, const torch::Tensor& weight_ih,
                    const torch::Tensor& weight_hh, const torch::Tensor& bias_ih, const torch::Tensor& bias_hh,
                    const torch::Tensor& h, const torch::Tensor& c, bool keep) {
  const RecurrentShape shape = shape_of(cell, inputs, weight_hh);
  const std::int64_t width = padded_width(shape.hidden);
  const auto states = [&](std::int64_t steps, const torch::Tensor& first) {
    torch::Tensor all = torch::empty({steps, shape.batch, width});
    if (first.defined()) {
      all[0].copy_(padded(first, shape));
    } else {
      all[0].zero_();
    }
    return all;
  };
  const torch::Tensor x = inputs.stride(2) == 1 ? inputs : inputs.contiguous();
  Activations result{.h = states(shape.steps + 1, h), .c = {}, .kept = {}};
  if (cell == Cell::lstm) result.c = states(keep ? shape.steps + 1 : 1, c);
  if (keep) result.kept = torch::empty({shape.steps, shape.batch, kept_count(cell), width});

  const torch::Tensor packed = torch::empty({packed_forward_size(shape)});
  const torch::Tensor w_ih = weight_ih.contiguous(), w_hh = weight_hh.contiguous();
  pack_forward(shape, {data(w_ih), data(w_hh), data(bias_ih), data(bias_hh)}, packed.data_ptr<float>());
  const ForwardPass pass{.shape = shape,
                         .x = data(x),
                         .x_step = x.stride(1),
                         .x_row = x.stride(0),
                         .packed = data(packed),
                         .h = result.h.data_ptr<float>(),
                         .c = result.c.defined() ? result.c.data_ptr<float>() : nullptr,
                         .c_step = keep ? shape.batch * width : 0,
                         .kept = keep ? result.kept.data_ptr<float>() : nullptr};
  share_rows(shape.batch, threads_for(shape),
             [&](std::int64_t first, std::int64_t end) { run_forward(pass, first, end); });
  return result;
}

/// What the caller of the layer gets of it.
variable_list views(const Activations& from, const RecurrentShape& shape) {
  const torch::Tensor h = from.h.narrow(2, 0, shape.hidden);
  variable_list result{h.narrow(0, 1, shape.steps).transpose(0, 1), h[shape.steps]};
  if (from.c.defined()) result.push_back(from.c[from.c.size(0) - 1].narrow(1, 0, shape.hidden));
  return result;
}

/// Rows of W_ih, or of its gradient, between PyTorch's order r, z, n and the kernels' n, r, z.
torch::Tensor rotated(const torch::Tensor& rows, std::int64_t by) { return torch::roll(rows, by, 0); }

struct LayerFunction : torch::autograd::Function<LayerFunction> {
  enum Input : std::size_t { kX, kWeightIh, kWeightHh, kBiasIh, kBiasHh, kH, kC };

  /// `states`: none, or h and where the cell has it c.
  static variable_list forward(AutogradContext* context, const torch::Tensor& x, const torch::Tensor& weight_ih,
                               const torch::Tensor& weight_hh, const torch::Tensor& bias_ih,
                               const torch::Tensor& bias_hh, const torch::TensorList& states, Cell cell) {
    const Activations computed =
        compute(cell, x, weight_ih, weight_hh, bias_ih, bias_hh, states.empty() ? torch::Tensor() : states[0],
                states.size() < 2 ? torch::Tensor() : states[1], /*keep=*/true);
    context->set_materialize_grads(false);
    context->save_for_backward({x, weight_ih, weight_hh, computed.h, computed.c, computed.kept});
    context->saved_data["cell"] = static_cast<std::int64_t>(cell);
    context->saved_data["states"] = static_cast<std::int64_t>(states.size());
    return views(computed, shape_of(cell, x, weight_hh));
  }

  static variable_list backward(AutogradContext* context, variable_list gradients);
};

/// Runs the kernels: gradients at the gates [steps × batch, blocks × hidden], and the carry.
struct GateGradients {
  torch::Tensor gates, carry;
};

GateGradients gate_gradients(const RecurrentShape& shape, const variable_list& saved, const variable_list& gradients) {
  const std::int64_t width = padded_width(shape.hidden);
  const torch::Tensor w_hh = saved[2].contiguous(), packed = torch::empty({packed_backward_size(shape)});
  pack_backward(shape, data(w_hh), packed.data_ptr<float>());
  const torch::Tensor steps = padded(gradients[0].defined() ? gradients[0].transpose(0, 1) : gradients[0], shape);
  const torch::Tensor last = padded(gradients[1], shape);
  torch::Tensor carry = torch::zeros({shape.batch, width});
  if (gradients.size() > 2 && gradients[2].defined()) carry.narrow(1, 0, shape.hidden).copy_(gradients[2]);
  torch::Tensor gates = torch::empty({shape.steps, shape.batch, kGradientBlocks, width});
  const BackwardPass pass{.shape = shape,
                          .packed = data(packed),
                          .h = data(saved[3]),
                          .c = data(saved[4]),
                          .kept = data(saved[5]),
                          .steps_gradient = data(steps),
                          .last_gradient = data(last),
                          .carry = carry.data_ptr<float>(),
                          .gates = gates.data_ptr<float>()};
  share_rows(shape.batch, threads_for(shape),
             [&](std::int64_t first, std::int64_t end) { run_backward(pass, first, end); });
  return {gates.narrow(3, 0, shape.hidden).reshape({shape.steps * shape.batch, kGradientBlocks * shape.hidden}),
          carry.narrow(1, 0, shape.hidden)};
}

variable_list LayerFunction::backward(AutogradContext* context, variable_list gradients) {
  if (torch::GradMode::is_enabled()) throw Error("recurrent layers have no second derivatives (create_graph)");
  const variable_list saved = context->get_saved_variables();
  const Cell cell = static_cast<Cell>(context->saved_data["cell"].toInt());
  const torch::Tensor &x = saved[0], &weight_ih = saved[1], &weight_hh = saved[2];
  const RecurrentShape shape = shape_of(cell, x, weight_hh);
  const std::int64_t rows = shape.steps * shape.batch, width = gate_count(cell) * shape.hidden;
  const auto [gates, carry] = gate_gradients(shape, saved, gradients);
  const bool rotate = cell == Cell::gru;
  const torch::Tensor inputs_side = gates.narrow(1, 0, width);
  const torch::Tensor hidden_side = gates.narrow(1, kGradientBlocks * shape.hidden - width, width);
  const auto in_order = [&](const torch::Tensor& result) { return rotate ? rotated(result, -shape.hidden) : result; };

  // One for each argument; the cell's stays undefined.
  const auto inputs = static_cast<std::size_t>(kH + context->saved_data["states"].toInt());
  variable_list result(inputs + 1);
  const auto wanted = [&](Input input) { return input < inputs && context->needs_input_grad(input); };
  if (wanted(kX)) {
    const torch::Tensor w = rotate ? rotated(weight_ih, shape.hidden) : weight_ih;
    result[kX] = inputs_side.mm(w).view({shape.steps, shape.batch, shape.inputs}).transpose(0, 1);
  }
  if (wanted(kWeightIh)) {
    result[kWeightIh] = in_order(inputs_side.t().mm(x.transpose(0, 1).reshape({rows, shape.inputs})));
  }
  if (wanted(kWeightHh)) {
    const torch::Tensor before = saved[3].narrow(0, 0, shape.steps).flatten(0, 1).narrow(1, 0, shape.hidden);
    result[kWeightHh] = hidden_side.t().mm(before);
  }
  if (wanted(kBiasIh) || wanted(kBiasHh)) {
    const torch::Tensor sums = gates.sum(0);
    if (wanted(kBiasIh)) result[kBiasIh] = in_order(sums.narrow(0, 0, width)).clone();
    if (wanted(kBiasHh)) result[kBiasHh] = sums.narrow(0, sums.size(0) - width, width).clone();
  }
  if (wanted(kH)) {
    result[kH] = hidden_side.narrow(0, 0, shape.batch).mm(weight_hh);
    if (cell == Cell::gru) result[kH] += carry;
  }
  if (wanted(kC)) result[kC] = carry;
  return result;
}

}  // namespace

LayerOutput run_layer(Cell cell, const torch::Tensor& x, const torch::Tensor& weight_ih, const torch::Tensor& weight_hh,
                      const torch::Tensor& bias_ih, const torch::Tensor& bias_hh, const torch::Tensor& h,
                      const torch::Tensor& c) {
  variable_list states;
  if (h.defined() || c.defined()) {
    const auto or_zeros = [&](const torch::Tensor& state) {
      return state.defined() ? state : torch::zeros({x.size(0), weight_hh.size(1)});
    };
    states.push_back(or_zeros(h));
    if (cell == Cell::lstm) states.push_back(or_zeros(c));
  }
  const auto wants_gradient = [](const torch::Tensor& tensor) { return tensor.defined() && tensor.requires_grad(); };
  const auto tensors = {&x, &weight_ih, &weight_hh, &bias_ih, &bias_hh, &h, &c};
  const bool keep =
      torch::GradMode::is_enabled() &&
      std::any_of(tensors.begin(), tensors.end(), [&](const auto* tensor) { return wants_gradient(*tensor); });
  variable_list result =
      keep ? LayerFunction::apply(x, weight_ih, weight_hh, bias_ih, bias_hh, torch::TensorList(states), cell)
           : views(compute(cell, x, weight_ih, weight_hh, bias_ih, bias_hh, h, c, /*keep=*/false),
                   shape_of(cell, x, weight_hh));
  return {.steps = result[0], .h = result[1], .c = result.size() > 2 ? result[2] : torch::Tensor()};
}

}  // namespace thalweg::lab

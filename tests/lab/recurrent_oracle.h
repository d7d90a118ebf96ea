// The oracle of recurrent layers: one layer in double, as its formulas say, number by number.
#pragma once

#include "models/recurrent_kernels.h"

#include <torch/types.h>

#include <cmath>
#include <vector>

namespace thalweg::tests {

/// x, W_ih, W_hh, b_ih, b_hh, first h, first c (LSTM alone): f64, of the sizes that lab::RecurrentLayers has.
using OracleInputs = std::vector<torch::Tensor>;

/// The states after each step: [batch, time, hidden], and the last c.
struct OracleOutput {
  torch::Tensor steps, c;
};

inline OracleOutput recurrent_oracle(lab::Cell cell, const OracleInputs& in) {
  const auto x = in[0].accessor<double, 3>();
  const auto w_ih = in[1].accessor<double, 2>(), w_hh = in[2].accessor<double, 2>();
  const auto b_ih = in[3].accessor<double, 1>(), b_hh = in[4].accessor<double, 1>();
  const std::int64_t batch = x.size(0), time = x.size(1), inputs = x.size(2), hidden = w_hh.size(1);
  const auto sigmoid = [](double value) { return 1 / (1 + std::exp(-value)); };
  OracleOutput output{torch::zeros({batch, time, hidden}, torch::kFloat64),
                      torch::zeros({batch, hidden}, torch::kFloat64)};
  if (cell == lab::Cell::lstm) output.c.copy_(in[6]);
  auto steps = output.steps.accessor<double, 3>();
  auto c = output.c.accessor<double, 2>();
  for (std::int64_t b = 0; b < batch; ++b) {
    std::vector<double> h(in[5][b].data_ptr<double>(), in[5][b].data_ptr<double>() + hidden);
    for (std::int64_t t = 0; t < time; ++t) {
      const auto of_inputs = [&](std::int64_t row) {
        double sum = b_ih[row];
        for (std::int64_t k = 0; k < inputs; ++k) sum += w_ih[row][k] * x[b][t][k];
        return sum;
      };
      const auto of_states = [&](std::int64_t row) {
        double sum = b_hh[row];
        for (std::int64_t k = 0; k < hidden; ++k) sum += w_hh[row][k] * h[static_cast<std::size_t>(k)];
        return sum;
      };
      std::vector<double> next(h.size());
      for (std::int64_t u = 0; u < hidden; ++u) {
        const auto gate = [&](std::int64_t number) {
          return of_inputs(number * hidden + u) + of_states(number * hidden + u);
        };
        double& result = next[static_cast<std::size_t>(u)];
        if (cell == lab::Cell::lstm) {
          c[b][u] = sigmoid(gate(1)) * c[b][u] + sigmoid(gate(0)) * std::tanh(gate(2));
          result = sigmoid(gate(3)) * std::tanh(c[b][u]);
        } else {
          const double r = sigmoid(gate(0)), z = sigmoid(gate(1));
          const double n = std::tanh(of_inputs(2 * hidden + u) + r * of_states(2 * hidden + u));
          result = (1 - z) * n + z * h[static_cast<std::size_t>(u)];
        }
      }
      h = next;
      for (std::int64_t u = 0; u < hidden; ++u) steps[b][t][u] = h[static_cast<std::size_t>(u)];
    }
  }
  return output;
}

}  // namespace thalweg::tests

// One recurrent layer over a whole sequence, as one step of autograd's.
#pragma once

#include "models/recurrent_kernels.h"

#include <torch/types.h>

namespace thalweg::lab {

struct LayerOutput {
  torch::Tensor steps;  ///< [batch, time, hidden], a view of time-major memory
  torch::Tensor h, c;   ///< after the last step; c: LSTM alone
};

/// x: [batch, time, inputs]; weights as in RecurrentWeights; `h` and `c` [batch, hidden], or undefined: zeros. All are
/// f32 and of fitting sizes. Parallel over the batch.
LayerOutput run_layer(Cell cell, const torch::Tensor& x, const torch::Tensor& weight_ih, const torch::Tensor& weight_hh,
                      const torch::Tensor& bias_ih, const torch::Tensor& bias_hh, const torch::Tensor& h,
                      const torch::Tensor& c);

}  // namespace thalweg::lab

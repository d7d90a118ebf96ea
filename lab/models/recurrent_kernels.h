// Steps of recurrent layers on plain memory: products with the weights and gates in one pass, vectorised.
//
// Rows of the batch are independent of one another, all steps long: so each thread takes some rows through all steps,
// and threads meet once a sequence, not once a step. The bits of a row depend neither on how rows are shared out nor on
// which others there are.
//
// Memory is time-major, and a row has `width` = padded_width(hidden) floats: so vectors have no rests. What stands
// behind the first `hidden` of them has no meaning and reaches no other number.
#pragma once

#include <cstdint>

namespace thalweg::lab {

enum class Cell { lstm, gru };

/// A multiple of what the widest vector holds.
constexpr std::int64_t padded_width(std::int64_t hidden) { return (hidden + 15) / 16 * 16; }

/// Rows of weights and biases come in blocks of `hidden`, one a gate, in PyTorch's order: i, f, g, o or r, z, n.
constexpr std::int64_t gate_count(Cell cell) { return cell == Cell::lstm ? 4 : 3; }

/// Numbers of a row that a forward pass keeps for its backward pass, in blocks of `width`:
/// LSTM: i, f, g, o, tanh(c); GRU: n, r, z and what r multiplies, W_hn h + b_hn.
constexpr std::int64_t kept_count(Cell cell) { return cell == Cell::lstm ? 5 : 4; }

/// Blocks of a row of gradients at the gates, before their sigmoid or tanh. LSTM: i, f, g, o. GRU: n as the inputs'
/// weights see it, r, z, n as the hidden weights see it: so both have theirs side by side.
constexpr std::int64_t kGradientBlocks = 4;

struct RecurrentShape {
  Cell cell;
  std::int64_t steps, batch, inputs, hidden;
};

/// As in torch::nn::LSTM and GRU: [gates × hidden, inputs], [gates × hidden, hidden], [gates × hidden] twice.
struct RecurrentWeights {
  const float *input, *hidden, *input_bias, *hidden_bias;
};

/// Weights in the order in which the forward pass reads them.
std::int64_t packed_forward_size(const RecurrentShape& shape);
void pack_forward(const RecurrentShape& shape, const RecurrentWeights& weights, float* packed);

struct ForwardPass {
  RecurrentShape shape;
  const float* x;  ///< row b of step t begins at x + t × x_step + b × x_row
  std::int64_t x_step, x_row;
  const float* packed;
  float* h;  ///< [steps + 1, batch, width]; step 0 is given
  float* c;  ///< LSTM: [batch, width], c_step apart, step 0 given; c_step is 0 where only the last is wanted
  std::int64_t c_step;
  float* kept;  ///< [steps, batch, kept_count, width], or nullptr
};

/// Takes the rows first … end − 1 of the batch through all steps.
void run_forward(const ForwardPass& pass, std::int64_t first, std::int64_t end);

/// The hidden weights, in the order in which the backward pass reads them.
std::int64_t packed_backward_size(const RecurrentShape& shape);
void pack_backward(const RecurrentShape& shape, const float* hidden_weights, float* packed);

struct BackwardPass {
  RecurrentShape shape;
  const float* packed;
  const float *h, *c, *kept;    ///< of the forward pass, c of all steps
  const float* steps_gradient;  ///< [steps, batch, width], or nullptr: zeros
  const float* last_gradient;   ///< of the last step alone: [batch, width], or nullptr
  /// [batch, width], in and out. LSTM: the gradient of the last c, and then of the first. GRU: zeros, and then the
  /// part of the first h's gradient that did not go through the hidden weights.
  float* carry;
  float* gates;  ///< out: [steps, batch, kGradientBlocks, width]
};

void run_backward(const BackwardPass& pass, std::int64_t first, std::int64_t end);

}  // namespace thalweg::lab

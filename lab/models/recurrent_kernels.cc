// Steps of recurrent layers on plain memory, compiled once for each instruction set by Highway.
//
// The unit of work is a tile: some rows of the batch and one panel of columns, whose sums stay in registers while the
// products with one row of inputs or states run through. Then the gates are computed from the sums at once. A matrix
// product of its own would write and read them, and pack the weights anew in every step.
#include "models/recurrent_kernels.h"

#include <thalweg/kernels/targets.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "models/recurrent_kernels.cc"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();

namespace thalweg::lab::HWY_NAMESPACE {
namespace {

#include "models/gate_math-inl.h"
#include "models/recurrent_tiles-inl.h"

template <Cell cell>
void forward_rows(const ForwardPass& pass, std::int64_t first, std::int64_t end) {
  const std::int64_t panels = (pass.shape.hidden + kUnits - 1) / kUnits;
  for (std::int64_t t = 0; t < pass.shape.steps; ++t) {
    for (std::int64_t panel = 0; panel < panels; ++panel) {
      for_tiles(first, end, [&](std::int64_t row, std::int64_t rows) HWY_ATTR {
        kForwardTiles<cell>[static_cast<std::size_t>(rows)](pass, t, panel, row);
      });
    }
  }
}

template <Cell cell>
void backward_rows(const BackwardPass& pass, std::int64_t first, std::int64_t end) {
  const std::int64_t vectors = (pass.shape.hidden + kUnits - 1) / kUnits;
  for (std::int64_t t = pass.shape.steps - 1; t >= 0; --t) {
    for (std::int64_t vector = 0; vector < vectors;) {
      const std::int64_t wide = vectors - vector >= kWidePanel ? kWidePanel : 1;
      const auto& tiles = wide == 1 ? kBackwardTiles<cell, 1> : kBackwardTiles<cell, kWidePanel>;
      for_tiles(first, end, [&](std::int64_t row, std::int64_t rows) HWY_ATTR {
        tiles[static_cast<std::size_t>(rows)](pass, t, vector, row);
      });
      vector += wide;
    }
  }
}

void pack_forward_weights(const RecurrentShape& shape, const RecurrentWeights& weights, float* to) {
  const std::int64_t gates = gate_count(shape.cell), hidden = shape.hidden;
  const auto put = [&](std::int64_t unit, std::int64_t lanes, auto&& value) {
    for (std::int64_t lane = 0; lane < kUnits; ++lane) *to++ = lane < lanes ? value(unit + lane) : 0.0F;
  };
  for (std::int64_t unit = 0; unit < hidden; unit += kUnits) {
    const std::int64_t lanes = std::min(kUnits, hidden - unit);
    // Biases, one for each sum: those of inputs and states apart only where r comes between them.
    for (std::int64_t sum = 0; sum < kSums; ++sum) {
      put(unit, lanes, [&](std::int64_t u) {
        if (shape.cell == Cell::gru && sum >= 2)
          return (sum == 2 ? weights.input_bias : weights.hidden_bias)[2 * hidden + u];
        return weights.input_bias[sum * hidden + u] + weights.hidden_bias[sum * hidden + u];
      });
    }
    const auto put_matrix = [&](const float* matrix, std::int64_t columns) {
      for (std::int64_t k = 0; k < columns; ++k) {
        for (std::int64_t gate = 0; gate < gates; ++gate) {
          put(unit, lanes, [&](std::int64_t u) { return matrix[(gate * hidden + u) * columns + k]; });
        }
      }
    };
    put_matrix(weights.input, shape.inputs);
    put_matrix(weights.hidden, hidden);
  }
}

void pack_backward_weights(const RecurrentShape& shape, const float* weights, float* to) {
  const std::int64_t rows = gate_count(shape.cell) * shape.hidden, hidden = shape.hidden;
  const std::int64_t vectors = (hidden + kUnits - 1) / kUnits;
  for (std::int64_t vector = 0; vector < vectors;) {
    const std::int64_t wide = vectors - vector >= kWidePanel ? kWidePanel : 1;
    const std::int64_t column = vector * kUnits, columns = std::min(wide * kUnits, hidden - column);
    for (std::int64_t k = 0; k < rows; ++k, to += wide * kUnits) {
      std::copy_n(weights + k * hidden + column, columns, to);
      std::fill(to + columns, to + wide * kUnits, 0.0F);
    }
    vector += wide;
  }
}

std::int64_t units() { return kUnits; }
void forward_lstm(const ForwardPass& pass, std::int64_t first, std::int64_t end) {
  forward_rows<Cell::lstm>(pass, first, end);
}
void forward_gru(const ForwardPass& pass, std::int64_t first, std::int64_t end) {
  forward_rows<Cell::gru>(pass, first, end);
}
void backward_lstm(const BackwardPass& pass, std::int64_t first, std::int64_t end) {
  backward_rows<Cell::lstm>(pass, first, end);
}
void backward_gru(const BackwardPass& pass, std::int64_t first, std::int64_t end) {
  backward_rows<Cell::gru>(pass, first, end);
}

}  // namespace
}  // namespace thalweg::lab::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace thalweg::lab {
namespace {

HWY_EXPORT(units);
HWY_EXPORT(pack_forward_weights);
HWY_EXPORT(pack_backward_weights);
HWY_EXPORT(forward_lstm);
HWY_EXPORT(forward_gru);
HWY_EXPORT(backward_lstm);
HWY_EXPORT(backward_gru);

// Hidden units, and the zeros that fill the last vector.
std::int64_t whole_vectors(std::int64_t hidden) {
  const std::int64_t units = HWY_DYNAMIC_DISPATCH(units)();
  return (hidden + units - 1) / units * units;
}

}  // namespace

std::int64_t packed_forward_size(const RecurrentShape& shape) {
  return whole_vectors(shape.hidden) * (4 + gate_count(shape.cell) * (shape.inputs + shape.hidden));
}

void pack_forward(const RecurrentShape& shape, const RecurrentWeights& weights, float* packed) {
  HWY_DYNAMIC_DISPATCH(pack_forward_weights)(shape, weights, packed);
}

void run_forward(const ForwardPass& pass, std::int64_t first, std::int64_t end) {
  if (pass.shape.cell == Cell::lstm) {
    HWY_DYNAMIC_DISPATCH(forward_lstm)(pass, first, end);
  } else {
    HWY_DYNAMIC_DISPATCH(forward_gru)(pass, first, end);
  }
}

std::int64_t packed_backward_size(const RecurrentShape& shape) {
  return whole_vectors(shape.hidden) * gate_count(shape.cell) * shape.hidden;
}

void pack_backward(const RecurrentShape& shape, const float* hidden_weights, float* packed) {
  HWY_DYNAMIC_DISPATCH(pack_backward_weights)(shape, hidden_weights, packed);
}

void run_backward(const BackwardPass& pass, std::int64_t first, std::int64_t end) {
  if (pass.shape.cell == Cell::lstm) {
    HWY_DYNAMIC_DISPATCH(backward_lstm)(pass, first, end);
  } else {
    HWY_DYNAMIC_DISPATCH(backward_gru)(pass, first, end);
  }
}

}  // namespace thalweg::lab
#endif

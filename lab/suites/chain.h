// Chain: what rules make of gradients that vanish and explode along a product of weights, on the engine alone.
#pragma once

#include "suites/claim.h"

#include <span>
#include <string>
#include <vector>

namespace thalweg::lab {

/// A network without data: 30 weights in a row, all begun at `start`, in single precision as networks are trained; the
/// loss is (w₁ w₂ … w₃₀ − 1)² / 2, its gradients are computed as by backpropagation. Away from 1 they vanish or explode
/// with the depth.
inline constexpr std::size_t kChainLength = 30;

struct ChainStart {
  float start;
  float first_gradient;  ///< of each weight; 0, infinite or NaN where single precision does not hold it

  bool has_gradient() const;
};

/// One rule from one start, with the best of a grid of rates (10⁻¹², 10⁻¹⁰, … 10¹²), each over 2000 steps in which it
/// falls linearly to 0.
struct ChainRun {
  std::string label;  ///< of the rule, for people
  bool is_adaptive;
  ChainStart from;
  bool arrived;  ///< the product ended within 0.1 of 1
};

/// `optimizer` with this rate: the product of the weights at its end, NaN once it is not finite.
float run_chain(const std::string& optimizer, double lr, float start);

/// SGD, SGD with its gradient clipped to norm 1, RMSprop and Adam from five starts at which gradients vanish and five
/// at which they explode.
std::vector<ChainRun> chain_runs();

/// Of the runs from starts below (`vanishing`) or above 1: how often each rule arrived, as rows and in words. yes: an
/// adaptive one from every start that has a gradient at all; no otherwise; cannot_tell without such runs.
Judgement judge_chain(std::span<const ChainRun> runs, bool vanishing);

}  // namespace thalweg::lab

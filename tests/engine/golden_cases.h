// The recordings of other frameworks (tests/goldens/*.json.gz), read once.
#pragma once

#include "checkpoint/json.h"

#include <thalweg/optimizer.h>

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::tests {

/// One step of a recording.
struct GoldenStep {
  std::optional<double> lr;                          ///< new from this step on
  std::vector<double> gradient;                      ///< empty: the parameters have none in this step
  std::vector<std::int64_t> rows;                    ///< of a table: those that are not zero
  std::vector<double> theta;                         ///< after the step
  std::map<std::string, std::vector<double>> state;  ///< columns after the step, where the framework has them
};

/// What recordings need that thalweg does not have yet. This is the one list of it: shorten it when something comes.
inline constexpr std::array<std::string_view, 5> kNotThereYet = {
    "clip",                // clipped gradients
    "ema",                 // averaged parameters
    "dampen_first_step",   // sgd, MLX: b₀ = 0 and dampening from step 1 on
    "correct_mean",        // adamax, MLX: no division by 1 − β₁ᵗ
    "nesterov_same_step",  // adam, TensorFlow: looks ahead with this step's correction
};

/// What a framework computed in some steps; everything as double, also what it computed in float.
struct GoldenCase {
  std::string id, peer, rule;
  std::string peer_name;     ///< class or function, where it says more than `rule`
  json::Value peer_options;  ///< in the framework's own words
  Options options;           ///< in thalweg's, without those that are not there yet
  StepCount step_count;
  /// What it needs beside the rule and its options of today: `clip`, `ema`, `schedule`, `first_state`, ….
  std::vector<std::string> needs;
  bool is_float64;
  std::vector<double> start;
  std::vector<std::size_t> lengths;           ///< of the parameters that `start` is made of, one after another
  std::size_t row_width = 0;                  ///< of a table whose gradients are handed over as rows; 0 if dense
  std::map<std::string, double> first_state;  ///< first values of columns that no option of thalweg sets
  std::vector<GoldenStep> steps;

  /// Does it need something that is not there yet?
  bool waits() const;
};

/// All of them: PyTorch, Keras, Optax, TensorFlow 1, MLX.
const std::vector<GoldenCase>& golden_cases();

/// What GoogleTest calls it.
inline void PrintTo(const GoldenCase& golden, std::ostream* stream) { *stream << golden.id; }

}  // namespace thalweg::tests

// The recordings of other frameworks (tests/goldens/*.json.gz), read once.
#pragma once

#include "checkpoint/json.h"

#include <thalweg/optimizer.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace thalweg::tests {

/// One step of a recording.
struct GoldenStep {
  std::optional<double> lr;                          ///< new from this step on
  std::vector<double> gradient;                      ///< empty: the parameter has none in this step
  std::vector<double> theta;                         ///< after the step
  std::map<std::string, std::vector<double>> state;  ///< columns after the step, where the framework has them
};

/// What a framework computed in some steps; everything in double.
struct GoldenCase {
  std::string id, peer, rule;
  std::string peer_name;     ///< class or function, where it says more than `rule`
  json::Value peer_options;  ///< in the framework's own words
  Options options;           ///< in thalweg's
  StepCount step_count;
  /// What beside the rule it needs: `clip`, `ema`, `schedule`, `first_state`.
  std::vector<std::string> needs;
  std::vector<double> start;
  std::map<std::string, double> first_state;  ///< first values of columns that no option of thalweg sets
  std::vector<GoldenStep> steps;

  bool needs_any_of(std::initializer_list<std::string_view> what) const;
};

/// All of them: PyTorch, Keras, Optax, TensorFlow 1.
const std::vector<GoldenCase>& golden_cases();

/// What GoogleTest calls it.
inline void PrintTo(const GoldenCase& golden, std::ostream* stream) { *stream << golden.id; }

}  // namespace thalweg::tests

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
  std::vector<double> gradient;                      ///< empty: the parameters have none in this step
  std::vector<std::size_t> without;                  ///< parameters, by number, that alone have none
  std::vector<std::int64_t> rows;                    ///< of a table: those that are not zero
  std::vector<double> theta;                         ///< after the step
  std::map<std::string, std::vector<double>> state;  ///< columns after the step, where the framework has them
  std::vector<double> average;                       ///< of the parameters after the step, where it was recorded
};

/// What a framework computed in some steps; everything as double, also what it computed in float.
struct GoldenCase {
  std::string id, peer, rule;
  std::string peer_name;     ///< class or function, where it says more than `rule`
  json::Value peer_options;  ///< in the framework's own words
  Options options;           ///< in thalweg's, written down by hand
  Settings settings;         ///< likewise; Keras' clipping and averages as the dialect reads them
  bool has_schedule;         ///< the framework computed the learning rates itself: steps have what it used
  bool is_float64;
  double rtol = 0;  ///< the relative error that the framework itself allows, where it computed some part in float
  std::vector<double> start;
  std::vector<std::size_t> lengths;  ///< of the parameters that `start` is made of, one after another
  std::vector<Shape> shapes;         ///< of the parameters, where they matter
  std::size_t row_width = 0;         ///< of a table whose gradients are handed over as rows; 0 if dense
  std::vector<GoldenStep> steps;

  /// Is there more around the rule than its options say: clipping or averages?
  bool is_surrounded() const { return settings.clip.by != ClipBy::none || settings.average.kind != AverageKind::none; }
};

/// All of them: PyTorch, Keras 3 and 2, Optax, TensorFlow 1, MLX, timm; without those of rules that are still to come.
const std::vector<GoldenCase>& golden_cases();

/// What GoogleTest calls it.
inline void PrintTo(const GoldenCase& golden, std::ostream* stream) { *stream << golden.id; }

}  // namespace thalweg::tests

// Task: what is predicted, the loss that trains it and the metrics that judge it.
#pragma once

#include "data/dataset.h"
#include "tasks/metric.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::lab {

class Objective;
struct ObjectiveOptions;

/// A kind of prediction: the registry's entry.
struct Task {
  std::string name;                  ///< in stores: `classification`
  std::string loss;                  ///< what its loss is, with its unit: `cross-entropy (nats)`
  std::vector<std::string> metrics;  ///< that may be measured, beside the loss; the first is the primary one
  std::string example;               ///< what is counted, in the singular: `example`, `character`
  std::optional<TargetKind> target;  ///< that it predicts; none: a program's, which the lab does not train
  std::unique_ptr<Objective> (*objective)(const Target& target, const ObjectiveOptions& options);

  /// By which trainings are compared, and which goals are of.
  const Metric& primary() const { return find_metric(metrics.front()); }
};

/// All tasks.
const std::vector<Task>& tasks();

/// The task of this name. Throws thalweg::Error that names the nearest ones.
const Task& find_task(std::string_view name);

/// The task that predicts such a target.
const Task& task_of(const Target& target);

}  // namespace thalweg::lab

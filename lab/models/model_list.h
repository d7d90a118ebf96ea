// The models: names, what each takes and how it is made.
#pragma once

#include "data/dataset.h"
#include "models/options.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace thalweg::lab {

class Model;

/// What a model must know of its data.
struct ModelShape {
  std::vector<Input> inputs;  ///< in the order in which a batch has them
  TargetKind target = TargetKind::label;
  std::int64_t outputs = 1;  ///< classes, or 1 for a number

  const Input& only() const { return inputs.front(); }
};

/// A model: the registry's entry.
struct ModelEntry {
  std::string name;                  ///< `mlp`
  std::string meaning;               ///< one line
  std::vector<InputKind> inputs;     ///< that it takes
  bool several;                      ///< of them at once
  std::vector<TargetKind> targets;   ///< that it predicts
  std::vector<std::string> options;  ///< those of ModelOptions that it uses
  std::shared_ptr<Model> (*make)(const ModelShape& shape, const ModelOptions& options, std::uint64_t seed);
  double lr = 1e-3;  ///< of RMSprop, where none is said
};

/// In the order of `--help`.
const std::vector<ModelEntry>& models();

/// The model of this name, or that of a TorchScript file. Throws thalweg::Error that suggests the nearest names.
const ModelEntry& find_model(const std::string& name);

/// Throws thalweg::Error that names the flag, what the model takes and which models take such data.
void check_fits(const ModelEntry& model, const Dataset& dataset);

}  // namespace thalweg::lab

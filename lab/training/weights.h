// A model's weights and its optimizer's state, into checkpoints and out of them.
#pragma once

#include "models/model.h"
#include "training/checkpoint.h"

#include <thalweg/libtorch.h>
#include <thalweg/safetensors.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace thalweg::lab {

/// A model's parameters and buffers by name.
using Weights = std::vector<std::pair<std::string, torch::Tensor>>;

/// Those of the model, which share its memory.
Weights weights_of(const Model& model);

/// Replaces `file` atomically; `checkpoint.contents` is not used. `best`: of the best epoch; may be empty.
void write_checkpoint(const std::filesystem::path& file, const Checkpoint& checkpoint, const Model& model,
                      const Weights& best, const libtorch::Optimizer& optimizer);

/// Weights of a model by name, with `exported_text` as metadata `training`: for other programs.
safetensors::Contents exported_weights(const Checkpoint& checkpoint, const Model& model);

/// Outputs of the checkpoint's model, where its last layer says so: earlier versions gave it at least 10 classes.
std::optional<std::int64_t> outputs_of(const Checkpoint& checkpoint);
/// Those of the model that a training goes on with, which has `outputs` if it began today. Throws Error if the
/// checkpoint's are others (of labels it may have more).
std::int64_t resumed_outputs(const Checkpoint& checkpoint, const Dataset& dataset, std::int64_t outputs);

/// Copies weights and optimizer state out of `checkpoint.contents`. Throws Error, which names tensor and sizes, if they
/// do not fit.
void restore(const Checkpoint& checkpoint, Model& model, libtorch::Optimizer& optimizer);

/// The weights of the best epoch, if the checkpoint has them. Throws Error as `restore`.
Weights best_weights(const Checkpoint& checkpoint, const Model& model);

/// Copies weights into a model of the same.
void set_weights(Model& model, const Weights& weights);

}  // namespace thalweg::lab

// A TorchScript module from a file as a model: --model FILE.pt.
#pragma once

#include "models/model_list.h"

#include <cstdint>
#include <memory>
#include <string>

namespace thalweg::lab {

/// Does the name of a model name a file?
bool is_script_file(const std::string& model);

/// What such a model takes: anything; its outputs are checked when it is made.
const ModelEntry& script_entry();

/// The file's module with the weights that it holds, as `torch.jit.script(…).save(FILE)` or `torch.jit.trace` writes
/// it; of a version that this LibTorch reads. Its `forward` takes the inputs of a batch in their order (scaled; codes
/// as int64) and gives [batch, classes] logits, of a number [batch] or [batch, 1], of characters [batch, length,
/// classes]; other outputs are an Error of the model's own `forward`. What it draws itself (dropout) comes from
/// LibTorch's generator, which each training step seeds by `seed` and its number, and each batch of an evaluation
/// alike. Buffers of float32 and int64 are the model's, others stay as the file has them. Throws thalweg::Error, which
/// names the file, if it is missing or no module, if a parameter is not of float32, if none is to be trained, and if it
/// does not take two examples.
std::shared_ptr<Model> load_script_model(const std::string& file, const ModelShape& shape, std::uint64_t seed);

}  // namespace thalweg::lab

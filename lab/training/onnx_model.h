// A trained model as ONNX, which onnxruntime and others run without thalweg.
#pragma once

#include "training/trained_model.h"

#include <string>

namespace thalweg::lab {

/// The bytes of an ONNX file (OnnxGraph). Inputs `x` and `codes`, and output `y`, are what the `forward` of
/// to_torch_script takes and gives; the batch may have any size, called `n`, texts any length. Metadata `training` is
/// that of exported weights. Throws thalweg::Error for a TorchScript module, a model that does not say its nodes, and
/// one that is too large.
std::string to_onnx(const TrainedModel& trained);

}  // namespace thalweg::lab

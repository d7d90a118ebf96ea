// A trained model as TorchScript, which Python and C++ load without thalweg.
#pragma once

#include "training/trained_model.h"

#include <string>

namespace thalweg::lab {

/// The bytes of a TorchScript file. Its `forward` takes what the data hold, and scales it as the training was: images
/// in [0, 1] as float [n, channels, height, width]; numbers or series (NaN: missing); codes as int64; of tables with
/// both kinds of columns (numbers, codes). It gives logits, of numbers the prediction in the target's units. Throws
/// thalweg::Error where the model has no such text.
std::string to_torch_script(const TrainedModel& trained);

}  // namespace thalweg::lab

// Writes texts with a model of characters: each is drawn from what the model says of those before it.
#pragma once

#include "data/dataset.h"
#include "models/model.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace thalweg::lab {

struct WritingOptions {
  std::int64_t characters = 500;  ///< to write
  double temperature = 0.7;       ///< by which logits are divided, [0, 10]; 0: always the likeliest character
  std::uint64_t seed = 1;         ///< of the draws: the same seed writes the same text
};

/// What follows the prompt (UTF-8), without the prompt. The model sees as many characters before each as a window of
/// its training had. Characters that it does not know are one to it, and are never written. `input` and `target`: of
/// the data that the model was trained on. Throws thalweg::Error for a prompt that is empty or no UTF-8, for one that
/// is shorter than a window if the model is a TorchScript module, and for options out of range.
std::string write_text(Model& model, const Input& input, const Target& target, std::string_view prompt,
                       const WritingOptions& options);

}  // namespace thalweg::lab

// ModelOptions: how a model is sized.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace thalweg::lab {

/// What a model is built by. Each model uses some of them (ModelEntry::options).
struct ModelOptions {
  std::vector<std::int64_t> dense{128};  ///< widths of the hidden dense layers
  std::string activation = "relu";       ///< behind hidden dense layers: relu, tanh, sigmoid, gelu
  double dropout = 0;                    ///< share of hidden units that a step leaves out, in [0, 1)
  bool batch_norm = false;               ///< normalises hidden dense layers over the batch
  std::int64_t hidden = 128;             ///< width of recurrent layers
  std::int64_t layers = 1;               ///< number of recurrent layers
  std::int64_t factors = 64;             ///< of each user and item
};

/// Their names as ModelEntry::options and flags have them.
inline constexpr const char* kModelOptions[] = {"dense",  "activation", "dropout", "batch_norm",
                                                "hidden", "layers",     "factors"};

}  // namespace thalweg::lab

// mlp: a multi-layer perceptron, hidden dense layers with an activation each.
#include "models/dense_model.h"
#include "models/entries.h"

namespace thalweg::lab {

ModelEntry mlp_model() {
  return {.name = "mlp",
          .meaning = "hidden dense layers, then one to the outputs",
          .inputs = {InputKind::image, InputKind::numbers, InputKind::series},
          .several = false,
          .targets = {TargetKind::label, TargetKind::number},
          .options = {"dense", "activation", "dropout", "batch_norm"},
          .make = make_dense_model};
}

}  // namespace thalweg::lab

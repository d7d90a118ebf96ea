// linear: linear regression, one dense layer from inputs to a number.
#include "models/dense_model.h"
#include "models/entries.h"

namespace thalweg::lab {

ModelEntry linear_model() {
  return {.name = "linear",
          .meaning = "linear regression: one dense layer",
          .inputs = {InputKind::image, InputKind::numbers, InputKind::series},
          .several = false,
          .targets = {TargetKind::number},
          .options = {},
          .make = make_single_layer,
          .lr = 1e-2};
}

}  // namespace thalweg::lab

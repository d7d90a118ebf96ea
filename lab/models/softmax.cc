// softmax: multinomial logistic regression, one dense layer from inputs to scores.
#include "models/dense_model.h"
#include "models/entries.h"

namespace thalweg::lab {

ModelEntry softmax_model() {
  return {.name = "softmax",
          .meaning = "multinomial logistic regression: one dense layer",
          .inputs = {InputKind::image, InputKind::numbers, InputKind::series},
          .several = false,
          .targets = {TargetKind::label},
          .options = {},
          .make = make_single_layer};
}

}  // namespace thalweg::lab

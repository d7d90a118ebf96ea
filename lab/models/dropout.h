// Dropout whose draws come from a counter, so that a resumed training drops the same units.
#pragma once

#include "models/model.h"

#include <torch/types.h>

#include <memory>
#include <string>

namespace thalweg::lab {

/// Inverted dropout (Srivastava et al. 2014): each element is 0 with probability `share`, the others are divided by
/// 1 − share.
class Dropout {
 public:
  /// `name` is the layer's name in its model; share in [0, 1).
  Dropout(std::string name, double share, std::shared_ptr<const DrawPlace> place);
  torch::Tensor forward(const torch::Tensor& x) const;

 private:
  std::string name_;
  double share_;
  std::shared_ptr<const DrawPlace> place_;
};

}  // namespace thalweg::lab

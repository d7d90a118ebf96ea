// Scores a model on images it is not trained with.
#pragma once

#include "data/dataset.h"
#include "models/model.h"
#include "training/cross_entropy.h"

#include <cstdint>
#include <span>

namespace thalweg::lab {

/// Loss and accuracy over the images of these indices, without autograd.
Score evaluate(Model& model, const Dataset& dataset, const ImageSet& set, std::span<const std::int64_t> indices,
               const Normalisation& normalisation);

}  // namespace thalweg::lab

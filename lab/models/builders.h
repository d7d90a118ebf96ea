// The models' own constructors, one a file; make_model chooses among them.
#pragma once

#include "models/model.h"

namespace thalweg::lab {

std::shared_ptr<Model> make_softmax(const ImageShape& shape, std::uint64_t seed);
std::shared_ptr<Model> make_mlp(const ImageShape& shape, const std::vector<std::int64_t>& dense, std::uint64_t seed);
std::shared_ptr<Model> make_cnn(const ImageShape& shape, const std::vector<std::int64_t>& dense, std::uint64_t seed);

}  // namespace thalweg::lab

// Model: a network from images to class scores, by name.
#include "models/model.h"

#include "models/builders.h"
#include "models/model_names.h"

#include <thalweg/error.h>
#include <thalweg/suggest.h>

#include <fmt/format.h>

namespace thalweg::lab {

std::shared_ptr<Model> make_model(const std::string& name, const ImageShape& shape,
                                  const std::vector<std::int64_t>& dense, std::uint64_t seed) {
  for (const std::int64_t width : dense) {
    if (width < 1) throw Error(fmt::format("{}: dense layer of width {}; expected at least 1", name, width));
  }
  if (name == "softmax") return make_softmax(shape, seed);
  if (name == "mlp") return make_mlp(shape, dense, seed);
  if (name == "cnn") return make_cnn(shape, dense, seed);
  std::vector<std::string> names;
  for (const auto& [known, line] : model_names()) names.push_back(known);
  throw Error(fmt::format("unknown model '{}'{}", name, suggest(name, names)));
}

std::vector<std::pair<std::string, std::string>> model_names() {
  return {{"softmax", "linear: one dense layer"},
          {"mlp", "dense layers with ReLU"},
          {"cnn", "two convolutions of 3 × 3 with 32 and 64 channels, two pools, then dense layers"}};
}

}  // namespace thalweg::lab

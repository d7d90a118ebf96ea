// Model: made by name.
#include "models/model.h"

#include "models/script_model.h"

#include <thalweg/error.h>

#include <fmt/format.h>

namespace thalweg::lab {

std::string Model::onnx(OnnxGraph& /*graph*/, const std::vector<std::string>& /*inputs*/) const {
  throw Error(
      "the model does not say its ONNX nodes; export it as TorchScript (NAME.pt) or its weights (NAME.safetensors)");
}

std::shared_ptr<Model> make_model(const std::string& name, const ModelShape& shape, const ModelOptions& options,
                                  std::uint64_t seed) {
  if (is_script_file(name)) return load_script_model(name, shape, seed);
  ModelOptions used = options;
  if (used.dense == std::vector<std::int64_t>{0}) used.dense.clear();
  for (const std::int64_t width : used.dense) {
    if (width < 1)
      throw Error(fmt::format("{}: dense layer of width {}; expected at least 1, or 0 alone for none", name, width));
  }
  return find_model(name).make(shape, used, seed);
}

}  // namespace thalweg::lab

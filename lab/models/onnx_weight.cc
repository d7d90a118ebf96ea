// A model's weights in an ONNX graph.
#include "models/onnx_weight.h"

#include <cstddef>
#include <span>

namespace thalweg::lab {

std::string onnx_weight(OnnxGraph& graph, const std::string& name, const torch::Tensor& weight) {
  const torch::Tensor rows = weight.detach().contiguous();  // not channels-last
  return graph.weight(name, rows.sizes().vec(),
                      std::span(rows.data_ptr<float>(), static_cast<std::size_t>(rows.numel())));
}

}  // namespace thalweg::lab

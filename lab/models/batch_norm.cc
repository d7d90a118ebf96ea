// A layer that normalises over the batch, in what is exported.
#include "models/batch_norm.h"

#include "models/onnx_weight.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace thalweg::lab {

std::string batch_norm_script(const std::string& name, const torch::nn::BatchNorm1dImpl& norm) {
  return fmt::format(
      "x = torch.batch_norm(x, self.{0}_weight, self.{0}_bias, self.{0}_running_mean, self.{0}_running_var, False, "
      "0.1, {1}, False)\n",
      name, norm.options.eps());
}

std::string batch_norm_onnx(OnnxGraph& graph, const std::string& name, const torch::nn::BatchNorm1dImpl& norm,
                            const std::string& x) {
  std::vector<std::string> inputs{x};
  for (const auto& [part, tensor] : {std::pair{"weight", norm.weight},
                                     {"bias", norm.bias},
                                     {"running_mean", norm.running_mean},
                                     {"running_var", norm.running_var}})
    inputs.push_back(onnx_weight(graph, fmt::format("{}.{}", name, part), tensor));
  return graph.add("BatchNormalization", inputs, {{"epsilon", norm.options.eps()}});
}

}  // namespace thalweg::lab

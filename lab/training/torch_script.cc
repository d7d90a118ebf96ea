// A trained model as TorchScript.
#include "training/torch_script.h"

#include <thalweg/error.h>

#include <fmt/format.h>
#include <torch/csrc/jit/api/module.h>

#include <algorithm>
#include <sstream>

namespace thalweg::lab {
namespace {

std::string attribute(std::string name) {
  std::ranges::replace(name, '.', '_');
  return name;
}

torch::Tensor tensor_of(const std::vector<double>& values) {
  return torch::tensor(values, torch::kFloat64).to(torch::kFloat32);
}

/// `forward` around the model's own lines.
std::string source_of(const TrainedModel& trained) {
  const Checkpoint& checkpoint = trained.checkpoint;
  const std::vector<Input>& inputs = checkpoint.dataset.inputs;
  const bool is_real = inputs.front().is_real();
  const bool is_script = trained.model->inner() != nullptr;
  const std::string arguments = inputs.size() == 2                             ? "x, codes"
                                : inputs.front().kind == InputKind::categories ? "codes"
                                                                               : "x";
  std::string lines = is_script ? fmt::format("y = self.inner.forward({})\n", arguments) : trained.model->script();
  if (inputs.front().kind == InputKind::image) {
    lines = fmt::format("x = (x - {:.17g}) / {:.17g}\n", checkpoint.scaling.mean.front(),
                        checkpoint.scaling.deviation.front()) +
            lines;
  } else if (is_real) {
    lines = "x = torch.nan_to_num((x - self.mean) / self.deviation, 0.0)\n" + lines;
  }
  if (checkpoint.dataset.target.kind == TargetKind::number) {
    lines += fmt::format("y = torch.flatten(y) * {:.17g} + {:.17g}\n", checkpoint.scaling.target_deviation,
                         checkpoint.scaling.target_mean);
  }
  std::string source = fmt::format("def forward(self, {}):\n", arguments);
  std::istringstream each(lines + "return y\n");
  for (std::string line; std::getline(each, line);) source += "    " + line + "\n";
  return source;
}

}  // namespace

std::string to_torch_script(const TrainedModel& trained) {
  const torch::jit::Module* const inner = trained.model->inner();
  torch::jit::Module module("thalweg_" + (inner != nullptr ? "model" : trained.checkpoint.config.model));
  if (inner != nullptr) {
    module.register_module("inner", inner->deepcopy());
  } else {
    for (const auto& parameter : trained.model->named_parameters())
      module.register_parameter(attribute(parameter.key()), parameter.value().detach().contiguous().clone(), false);
    for (const auto& buffer : trained.model->named_buffers())
      module.register_buffer(attribute(buffer.key()), buffer.value().clone());
  }
  module.register_buffer("mean", tensor_of(trained.checkpoint.scaling.mean));
  module.register_buffer("deviation", tensor_of(trained.checkpoint.scaling.deviation));
  try {
    module.define(source_of(trained));
    module.eval();
    std::ostringstream stream;
    module.save(stream);
    return stream.str();
  } catch (const c10::Error& error) {
    throw Error(fmt::format("TorchScript: {}", error.what_without_backtrace()));
  }
}

}  // namespace thalweg::lab

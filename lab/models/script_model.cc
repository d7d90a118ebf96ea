// Trains what a TorchScript file holds.
#include "models/script_model.h"

#include "models/model.h"

#include <thalweg/error.h>
#include <thalweg/random.h>
#include <thalweg/text.h>

#include <ATen/CPUGeneratorImpl.h>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/script.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <map>
#include <utility>
#include <vector>

namespace thalweg::lab {
namespace {

/// What LibTorch says, on one line: of an error while a script ran the last one, which stands behind all the places
/// that led there; else the first.
std::string reason(const std::exception& error) {
  const auto* const own = dynamic_cast<const c10::Error*>(&error);
  std::string text = own != nullptr ? own->what_without_backtrace() : error.what();
  text.erase(text.find_last_not_of('\n') + 1);
  const bool has_places = text.find("Traceback of TorchScript") != std::string::npos;
  return printable(has_places ? text.substr(text.rfind('\n') + 1) : text.substr(0, text.find('\n')));
}

torch::jit::Module read_module(const std::string& file) {
  if (!std::filesystem::is_regular_file(file)) throw Error(fmt::format("--model {}: there is no such file", file));
  try {
    // Profiled and fused code would round otherwise than what a resumed run begins with.
    torch::jit::setGraphExecutorOptimize(false);
    return torch::jit::load(file, torch::kCPU);
  } catch (const std::exception& error) {
    throw Error(
        fmt::format("--model {}: no TorchScript module that LibTorch {} reads; torch.jit.script(model).save(FILE) "
                    "writes one ({})",
                    file, TORCH_VERSION, reason(error)));
  }
}

/// Holds parameters and buffers, and what holds those whose names have dots.
class Part : public torch::nn::Module {
 public:
  void add(const std::string& name, const torch::Tensor& tensor, bool is_parameter) {
    add_to(*this, parts_, name, tensor, is_parameter);
  }

  using Parts = std::map<std::string, std::shared_ptr<Part>>;
  /// In `module`, whose children are `parts`.
  static void add_to(torch::nn::Module& module, Parts& parts, const std::string& name, const torch::Tensor& tensor,
                     bool is_parameter) {
    const std::size_t dot = name.find('.');
    if (dot == std::string::npos) {
      if (is_parameter) {
        module.register_parameter(name, tensor, tensor.requires_grad());
      } else {
        module.register_buffer(name, tensor);
      }
      return;
    }
    std::shared_ptr<Part>& part = parts[name.substr(0, dot)];
    if (!part) part = module.register_module(name.substr(0, dot), std::make_shared<Part>());
    part->add(name.substr(dot + 1), tensor, is_parameter);
  }

 private:
  Parts parts_;
};

class ScriptModel : public Model {
 public:
  ScriptModel(const std::string& file, std::uint64_t seed) : Model(seed), file_(file), module_(read_module(file)) {
    for (const auto& parameter : module_.named_parameters()) {
      if (parameter.value.scalar_type() != torch::kFloat32) {
        throw Error(fmt::format("--model {}: its parameter {} is of {}; expected float32 (model.float())", file,
                                printable(parameter.name), c10::toString(parameter.value.scalar_type())));
      }
      add(parameter.name, parameter.value, /*is_parameter=*/true);
    }
    for (const auto& buffer : module_.named_buffers()) {
      const torch::ScalarType type = buffer.value.scalar_type();
      if (type != torch::kFloat32 && type != torch::kInt64) {
        throw Error(fmt::format("--model {}: its buffer {} is of {}; expected float32 or int64", file,
                                printable(buffer.name), c10::toString(type)));
      }
      add(buffer.name, buffer.value, /*is_parameter=*/false);
    }
    const std::vector<torch::Tensor> all = parameters();
    if (std::ranges::none_of(all, [](const torch::Tensor& each) { return each.requires_grad(); })) {
      throw Error(fmt::format("--model {}: it has no parameters to be trained (with requires_grad)", file));
    }
  }

  torch::Tensor forward(const std::vector<torch::Tensor>& inputs) override {
    if (is_training()) {
      const Random random(place()->seed, RandomPurpose::dropout, "script");
      torch::Generator generator = at::detail::getDefaultCPUGenerator();
      generator.set_current_seed(random.bits(static_cast<std::uint64_t>(place()->step)));
    }
    try {
      const torch::IValue output = module_.forward({inputs.begin(), inputs.end()});
      if (!output.isTensor()) throw Error(fmt::format("--model {}: gives {}, no tensor", file_, output.tagKind()));
      const torch::Tensor y = output.toTensor();
      return y.dim() == 1 ? y.unsqueeze(1) : y;
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {  // c10::Error, or of the interpreter
      throw Error(fmt::format("--model {}: {}", file_, reason(error)));
    }
  }

  void train(bool on) override {
    Module::train(on);
    module_.train(on);
  }

  const torch::jit::Module* inner() const override { return &module_; }
  std::string script() const override { return {}; }

 private:
  void add(const std::string& name, const torch::Tensor& tensor, bool is_parameter) {
    Part::add_to(*this, parts_, name, tensor, is_parameter);
  }

  std::string file_;
  torch::jit::Module module_;
  Part::Parts parts_;
};

/// What a batch of two examples must become.
std::vector<std::int64_t> expected_sizes(const ModelShape& shape) {
  if (shape.target == TargetKind::characters) return {2, shape.only().shape.front(), shape.outputs};
  return {2, shape.outputs};
}

/// Throws if the model does not take such inputs, or gives other outputs.
void try_out(const std::string& file, Model& model, const ModelShape& shape) {
  std::vector<torch::Tensor> inputs;
  std::vector<std::string> sizes;
  for (const Input& input : shape.inputs) {
    std::vector<std::int64_t> size{2};
    size.insert(size.end(), input.shape.begin(), input.shape.end());
    inputs.push_back(torch::zeros(size, input.is_real() ? torch::kFloat32 : torch::kInt64));
    sizes.push_back(fmt::format("[{}]", fmt::join(size, ", ")));
  }
  const c10::InferenceMode without_autograd;
  model.eval();
  torch::Tensor outputs;
  try {
    outputs = model.forward(inputs);
  } catch (const Error& error) {
    throw Error(fmt::format("{}; it was given {}", error.what(), fmt::join(sizes, " and ")));
  }
  model.train();
  const std::vector<std::int64_t> expected = expected_sizes(shape);
  if (outputs.sizes() == expected && outputs.scalar_type() == torch::kFloat32) return;
  throw Error(fmt::format("--model {}: gives {} [{}] for {}; expected Float [{}]{}", file,
                          c10::toString(outputs.scalar_type()), fmt::join(outputs.sizes(), ", "),
                          fmt::join(sizes, " and "), fmt::join(expected, ", "),
                          shape.target == TargetKind::number ? "" : ", a logit for each class"));
}

}  // namespace

bool is_script_file(const std::string& model) { return model.ends_with(".pt"); }

const ModelEntry& script_entry() {
  static const ModelEntry entry{
      .name = "FILE.pt",
      .meaning = "a TorchScript module, as torch.jit.script(model).save(FILE) writes it",
      .inputs = {InputKind::image, InputKind::numbers, InputKind::categories, InputKind::series, InputKind::characters},
      .several = true,
      .targets = {TargetKind::label, TargetKind::number, TargetKind::characters},
      .options = {},
      .make = nullptr};
  return entry;
}

std::shared_ptr<Model> load_script_model(const std::string& file, const ModelShape& shape, std::uint64_t seed) {
  auto model = std::make_shared<ScriptModel>(file, seed);
  try_out(file, *model, shape);
  return model;
}

}  // namespace thalweg::lab

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
#include <torch/version.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thalweg::lab {
namespace {

/// What LibTorch says, on one line: of an error while a script ran what stands behind the places that led there; else
/// the first line.
std::string reason(const std::exception& error) {
  constexpr std::string_view kHere = "<--- HERE";
  const auto* const own = dynamic_cast<const c10::Error*>(&error);
  const std::string text = own != nullptr ? own->what_without_backtrace() : error.what();
  const std::size_t place = text.rfind(kHere);
  if (place == std::string::npos) return printable(text.substr(0, text.find('\n')));
  std::string words;
  for (const char c : text.substr(std::min(text.find('\n', place), text.size()))) {
    const bool is_space = c == '\n' || c == ' ';
    if (is_space && (words.empty() || words.back() == ' ')) continue;
    words += is_space ? ' ' : c;
  }
  return printable(words, 400);
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
  ScriptModel(const std::string& file, const ModelShape& shape, std::uint64_t seed)
      : Model(seed), file_(file), shape_(shape), module_(read_module(file)) {
    for (const auto& parameter : module_.named_parameters()) {
      if (parameter.value.scalar_type() != torch::kFloat32) {
        fail(fmt::format("its parameter {} is of {}; expected float32 (model.float())", printable(parameter.name),
                         c10::toString(parameter.value.scalar_type())));
      }
      Part::add_to(*this, parts_, parameter.name, parameter.value, /*is_parameter=*/true);
    }
    const std::vector<torch::Tensor> all = parameters();
    if (std::ranges::none_of(all, [](const torch::Tensor& each) { return each.requires_grad(); })) {
      fail("it has no parameters to be trained (with requires_grad)");
    }
    add_buffers("", module_);
    numbers_ = numbers_of(module_);
  }

  torch::Tensor forward(const std::vector<torch::Tensor>& inputs) override {
    // In each step, and in each batch that is evaluated, what it draws is the same again.
    const std::uint64_t position = is_training() ? static_cast<std::uint64_t>(place()->step) : kEvaluation;
    torch::Generator generator = at::detail::getDefaultCPUGenerator();
    generator.set_current_seed(Random(place()->seed, RandomPurpose::dropout, "script").bits(position));
    if (is_training()) return trained(checked(inputs, run(inputs)));
    // What it keeps for later must be of use in training too: no tensors of InferenceMode.
    const c10::InferenceMode off(false);
    const torch::NoGradGuard without_autograd;
    std::vector<torch::Tensor> copies;
    for (const torch::Tensor& input : inputs) copies.push_back(input.clone());
    return checked(inputs, run(copies));
  }

  void train(bool on) override {
    Module::train(on);
    module_.train(on);
  }

  const torch::jit::Module* inner() const override { return &module_; }
  std::string script() const override { return {}; }

 private:
  static constexpr std::uint64_t kEvaluation = ~std::uint64_t{0};

  struct Buffer {
    torch::jit::Module owner;
    std::string name;
    torch::Tensor tensor;
  };
  using Numbers = std::map<std::string, double>;

  [[noreturn]] void fail(const std::string& what) const { throw Error(fmt::format("--model {}: {}", file_, what)); }

  /// Those that a checkpoint can hold; masks of truth values and the like stay as the file has them.
  void add_buffers(const std::string& prefix, const torch::jit::Module& module) {
    for (const auto& buffer : module.named_buffers(/*recurse=*/false)) {
      const torch::ScalarType type = buffer.value.scalar_type();
      if (type != torch::kFloat32 && type != torch::kInt64) continue;
      Part::add_to(*this, parts_, prefix + buffer.name, buffer.value, /*is_parameter=*/false);
      buffers_.push_back({module, buffer.name, buffer.value});
    }
    for (const auto& child : module.named_children()) add_buffers(prefix + child.name + ".", child.value);
  }

  /// Attributes that are numbers or truth values, but whether it is trained.
  static Numbers numbers_of(const torch::jit::Module& module, const std::string& prefix = {}) {
    Numbers numbers;
    for (const auto& attribute : module.named_attributes(/*recurse=*/false)) {
      const torch::IValue& value = attribute.value;
      if (attribute.name == "training") continue;
      if (value.isInt()) numbers[prefix + attribute.name] = static_cast<double>(value.toInt());
      if (value.isDouble()) numbers[prefix + attribute.name] = value.toDouble();
      if (value.isBool()) numbers[prefix + attribute.name] = value.toBool() ? 1 : 0;
    }
    for (const auto& child : module.named_children()) numbers.merge(numbers_of(child.value, prefix + child.name + "."));
    return numbers;
  }

  torch::Tensor run(const std::vector<torch::Tensor>& inputs) {
    torch::IValue output;
    try {
      output = module_.forward({inputs.begin(), inputs.end()});
    } catch (const std::exception& error) {  // c10::Error, or of the interpreter
      fail(reason(error) + "; it was given " + sizes_of(inputs));
    }
    if (!output.isTensor()) fail(fmt::format("gives {}, no tensor", output.tagKind()));
    return output.toTensor();
  }

  static std::string sizes_of(const std::vector<torch::Tensor>& inputs) {
    std::string text;
    for (const torch::Tensor& input : inputs)
      text += fmt::format("{}[{}]", text.empty() ? "" : " and ", fmt::join(input.sizes(), ", "));
    return text;
  }

  /// As the task takes them.
  torch::Tensor checked(const std::vector<torch::Tensor>& inputs, const torch::Tensor& outputs) const {
    const bool is_row = shape_.target == TargetKind::number && outputs.dim() == 1;
    torch::Tensor shaped = is_row ? outputs.unsqueeze(1) : outputs;
    const torch::Tensor& input = inputs.front();
    std::vector<std::int64_t> expected{input.size(0), shape_.outputs};
    if (shape_.target == TargetKind::characters) expected.insert(expected.begin() + 1, input.size(1));
    if (shaped.sizes() == expected && shaped.scalar_type() == torch::kFloat32) return shaped;
    fail(fmt::format("gives {} [{}] for {}; expected Float [{}]{}", c10::toString(outputs.scalar_type()),
                     fmt::join(outputs.sizes(), ", "), sizes_of(inputs), fmt::join(expected, ", "),
                     shape_.target == TargetKind::number ? "" : ", a logit for each class"));
  }

  /// Behind a step's forward: what it has changed in itself is where checkpoints look for it.
  torch::Tensor trained(torch::Tensor outputs) {
    if (!outputs.requires_grad()) fail("its outputs do not depend on parameters with requires_grad when it is trained");
    const torch::NoGradGuard without_autograd;
    for (Buffer& buffer : buffers_) {
      const torch::Tensor now = buffer.owner.attr(buffer.name).toTensor();
      if (now.is_same(buffer.tensor)) continue;
      if (now.sizes() != buffer.tensor.sizes() || now.scalar_type() != buffer.tensor.scalar_type())
        fail(fmt::format("its buffer {} changes its shape or type, which no checkpoint holds", printable(buffer.name)));
      buffer.tensor.copy_(now);
      buffer.owner.setattr(buffer.name, buffer.tensor);
    }
    if (!std::exchange(has_looked_, true)) {
      for (const auto& [name, value] : numbers_of(module_)) {
        if (numbers_[name] != value)
          fail(
              fmt::format("its attribute {} changes while it is trained; only parameters and buffers are kept "
                          "(register_buffer)",
                          printable(name)));
      }
    }
    return outputs;
  }

  std::string file_;
  ModelShape shape_;
  torch::jit::Module module_;
  Part::Parts parts_;
  std::vector<Buffer> buffers_;
  Numbers numbers_;
  bool has_looked_ = false;
};

/// Throws if the model does not take such inputs, or gives other outputs.
void try_out(Model& model, const ModelShape& shape) {
  std::vector<torch::Tensor> inputs;
  for (const Input& input : shape.inputs) {
    std::vector<std::int64_t> size{2};
    size.insert(size.end(), input.shape.begin(), input.shape.end());
    inputs.push_back(torch::zeros(size, input.is_real() ? torch::kFloat32 : torch::kInt64));
  }
  model.eval();
  model.forward(inputs);
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
  ScriptModel first(file, shape, seed);  // which may remember what it was tried with
  try_out(first, shape);
  return std::make_shared<ScriptModel>(file, shape, seed);
}

}  // namespace thalweg::lab

// Runs ONNX graphs in tests: operators as onnx/docs/Operators.md says of opset 13, in double, by LibTorch's functions.
#pragma once

#include "onnx_reader.h"

#include <torch/types.h>

#include <cstdint>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace thalweg::lab::test {

/// Of a file that read_onnx gave: what its output is of these inputs. Throws std::runtime_error for an operator, an
/// attribute or a type that it does not know, and for shapes that are not the declared ones.
class OnnxInterpreter {
 public:
  explicit OnnxInterpreter(const OnnxFile& file) : file_(file) {}

  torch::Tensor run(const std::map<std::string, torch::Tensor>& inputs) {
    values_.clear();
    for (const auto& [name, tensor] : file_.weights) values_[name] = tensor_of(tensor);
    for (const OnnxValue& input : file_.inputs) {
      const torch::Tensor& given = inputs.at(input.name);
      check_shape(input, given);
      values_[input.name] = input.type == 1 ? given.to(torch::kFloat64) : given;
    }
    for (const OnnxNode& node : file_.nodes) {
      left_ = node.attributes;
      values_[node.outputs.at(0)] = result_of(node);
      if (!left_.empty()) throw std::runtime_error(node.name + ": attribute " + left_.begin()->first);
    }
    const torch::Tensor y = values_.at(file_.outputs.at(0).name);
    check_shape(file_.outputs.at(0), y);
    return y;
  }

 private:
  static torch::Tensor tensor_of(const OnnxTensor& tensor) {
    if (tensor.type == 1) return torch::tensor(tensor.floats()).to(torch::kFloat64).reshape(tensor.shape);
    std::vector<std::int64_t> integers;
    for (std::size_t i = 0; i < tensor.raw.size(); i += sizeof(std::int64_t))
      integers.push_back(number_at<std::int64_t>(tensor.raw, i));
    return torch::tensor(integers, torch::kInt64).reshape(tensor.shape);
  }
  /// Axes with names may have any size.
  static void check_shape(const OnnxValue& value, const torch::Tensor& tensor) {
    bool fits = tensor.dim() == std::ssize(value.axes);
    for (std::size_t i = 0; fits && i < value.axes.size(); ++i) {
      const std::string& axis = value.axes[i];
      fits = axis.find_first_not_of("0123456789") != std::string::npos ||
             std::stoll(axis) == tensor.size(static_cast<std::int64_t>(i));
    }
    if (!fits) throw std::runtime_error(value.name + " has another shape than is declared");
  }

  /// An attribute of the node, which is not looked at twice.
  std::string attribute(const std::string& name, const std::string& otherwise) {
    const auto found = left_.find(name);
    if (found == left_.end()) return otherwise;
    const std::string text = found->second;
    left_.erase(found);
    return text;
  }
  std::int64_t integer(const std::string& name, std::int64_t otherwise) {
    return std::stoll(attribute(name, std::to_string(otherwise)));
  }
  std::vector<std::int64_t> integers(const std::string& name, std::vector<std::int64_t> otherwise) {
    const std::string text = attribute(name, "");
    if (text.empty()) return otherwise;
    std::istringstream list(text.substr(1));
    std::vector<std::int64_t> all;
    char comma = 0;
    for (std::int64_t each = 0; list >> each; list >> comma) all.push_back(each);
    return all;
  }
  static std::vector<std::int64_t> integers(const torch::Tensor& tensor) {
    const auto* const first = tensor.data_ptr<std::int64_t>();
    return {first, first + tensor.numel()};
  }

  /// x with what a window sees beside it; pads: of all axes at their begin, then at their end.
  static torch::Tensor padded(const torch::Tensor& x, const std::vector<std::int64_t>& pads, double value) {
    std::vector<std::int64_t> last_axis_first;
    const std::size_t axes = pads.size() / 2;
    for (std::size_t i = axes; i-- > 0;) {
      last_axis_first.push_back(pads[i]);
      last_axis_first.push_back(pads[axes + i]);
    }
    return torch::constant_pad_nd(x, last_axis_first, value);
  }
  torch::Tensor convolution(const std::vector<torch::Tensor>& in) {
    const std::size_t axes = static_cast<std::size_t>(in[0].dim()) - 2;
    const std::vector<std::int64_t> kernel = integers("kernel_shape", {}), ones(axes, 1);
    if (in[1].sizes().slice(2) != torch::IntArrayRef(kernel)) throw std::runtime_error("Conv: another kernel_shape");
    const torch::Tensor x = padded(in[0], integers("pads", std::vector<std::int64_t>(2 * axes, 0)), 0);
    return torch::convolution(x, in[1], in.size() > 2 ? in[2] : torch::Tensor(), integers("strides", ones),
                              std::vector<std::int64_t>(axes, 0), ones, false, ones, 1);
  }
  torch::Tensor batch_norm(const std::vector<torch::Tensor>& in) {
    std::vector<std::int64_t> shape(static_cast<std::size_t>(in[0].dim()), 1);
    shape[1] = -1;
    const auto each = [&](std::size_t i) { return in.at(i).reshape(shape); };
    const torch::Tensor deviation = (each(4) + std::stod(attribute("epsilon", "1e-5"))).sqrt();
    return (in[0] - each(3)) / deviation * each(1) + each(2);
  }
  torch::Tensor gather(const std::vector<torch::Tensor>& in) {
    const std::int64_t axis = integer("axis", 0);
    std::vector<std::int64_t> shape = in[0].sizes().vec();
    shape.erase(shape.begin() + axis);
    shape.insert(shape.begin() + axis, in[1].sizes().begin(), in[1].sizes().end());
    return in[0].index_select(axis, in[1].flatten()).reshape(shape);
  }

  torch::Tensor result_of(const OnnxNode& node) {
    std::vector<torch::Tensor> in;
    for (const std::string& name : node.inputs) in.push_back(values_.at(name));
    const std::string& type = node.type;
    if (type == "Identity") return in[0];
    if (type == "Add") return in.at(0) + in.at(1);
    if (type == "Sub") return in.at(0) - in.at(1);
    if (type == "Mul") return in.at(0) * in.at(1);
    if (type == "Div") return in.at(0) / in.at(1);
    if (type == "IsNaN") return in[0].isnan();
    if (type == "Where") return torch::where(in.at(0), in.at(1), in.at(2));
    if (type == "Clip") return torch::minimum(torch::maximum(in.at(0), in.at(1)), in.at(2));
    if (type == "Log") return in[0].log();
    if (type == "Erf") return in[0].erf();
    if (type == "Relu") return in[0].clamp_min(0);
    if (type == "Tanh") return in[0].tanh();
    if (type == "Sigmoid") return in[0].sigmoid();
    if (type == "MatMul") return torch::matmul(in.at(0), in.at(1));
    if (type == "Gemm") return torch::matmul(in.at(0), integer("transB", 0) == 1 ? in.at(1).t() : in.at(1)) + in.at(2);
    if (type == "Conv") return convolution(in);
    if (type == "BatchNormalization") return batch_norm(in);
    if (type == "GlobalAveragePool") return in[0].flatten(2).mean(2).reshape({in[0].size(0), in[0].size(1), 1});
    if (type == "Flatten") return in[0].flatten(integer("axis", 1));
    if (type == "Reshape") return in.at(0).reshape(integers(in.at(1)));
    if (type == "Unsqueeze" && in.at(1).numel() == 1) return in[0].unsqueeze(integers(in[1])[0]);
    if (type == "Concat") return torch::cat(in, integer("axis", 0));
    if (type == "Gather") return gather(in);
    if (type == "ReduceSum") return in.at(0).sum(integers(in.at(1)), integer("keepdims", 1) == 1);
    throw std::runtime_error("operator " + type);
  }

  const OnnxFile& file_;
  std::map<std::string, torch::Tensor> values_;
  std::map<std::string, std::string> left_;  // of the node's attributes, those that nobody asked for
};

}  // namespace thalweg::lab::test

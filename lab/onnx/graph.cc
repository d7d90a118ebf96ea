// OnnxGraph: protobuf messages of onnx.proto3.
#include "onnx/graph.h"

#include <thalweg/error.h>

#include <fmt/format.h>
#include <protozero/pbf_writer.hpp>

#include <array>
#include <bit>

namespace thalweg::lab {
namespace {

using protozero::pbf_tag_type;
using protozero::pbf_writer;

static_assert(std::endian::native == std::endian::little, "TensorProto.raw_data is little-endian");

/// Fields of the messages, by their numbers in onnx.proto3.
namespace model_field {
enum : pbf_tag_type { ir_version = 1, producer_name = 2, graph = 7, opset_import = 8, metadata_props = 14 };
}
namespace graph_field {
enum : pbf_tag_type { node = 1, name = 2, initializer = 5, input = 11, output = 12 };
}
namespace node_field {
enum : pbf_tag_type { input = 1, output = 2, name = 3, op_type = 4, attribute = 5 };
}
namespace attribute_field {
enum : pbf_tag_type { name = 1, f = 2, i = 3, ints = 8, type = 20 };
}
namespace tensor_field {
enum : pbf_tag_type { dims = 1, data_type = 2, name = 8, raw_data = 9 };
}
constexpr pbf_tag_type kOpsetVersion = 2, kEntryKey = 1, kEntryValue = 2;
constexpr pbf_tag_type kValueName = 1, kValueType = 2, kTensorType = 1, kElementType = 1, kShape = 2, kDimension = 1,
                       kDimensionSize = 1, kDimensionName = 2;
constexpr std::int32_t kFloat = 1, kInt = 2, kInts = 7;  // AttributeProto.AttributeType

constexpr std::size_t kMostBytes = 0x7FFFFFFF;  // of a protobuf message
constexpr std::size_t kMostBesideWeights = std::size_t{16} << 20;

void write_attribute(pbf_writer& node, const std::string& name, const OnnxAttribute& value) {
  pbf_writer attribute(node, node_field::attribute);
  attribute.add_string(attribute_field::name, name);
  if (const auto* const number = std::get_if<std::int64_t>(&value)) {
    attribute.add_int64(attribute_field::i, *number);
    attribute.add_enum(attribute_field::type, kInt);
  } else if (const auto* const real = std::get_if<double>(&value)) {
    attribute.add_float(attribute_field::f, static_cast<float>(*real));
    attribute.add_enum(attribute_field::type, kFloat);
  } else {
    for (const std::int64_t each : std::get<std::vector<std::int64_t>>(value))
      attribute.add_int64(attribute_field::ints, each);
    attribute.add_enum(attribute_field::type, kInts);
  }
}

void write_value(std::string& bytes, pbf_tag_type field, const std::string& name, OnnxType type,
                 const std::vector<OnnxAxis>& axes) {
  pbf_writer graph(bytes);
  pbf_writer value(graph, field);
  value.add_string(kValueName, name);
  pbf_writer value_type(value, kValueType);
  pbf_writer tensor(value_type, kTensorType);
  tensor.add_int32(kElementType, static_cast<std::int32_t>(type));
  pbf_writer shape(tensor, kShape);
  for (const OnnxAxis& axis : axes) {
    pbf_writer dimension(shape, kDimension);
    if (const auto* const size = std::get_if<std::int64_t>(&axis)) {
      dimension.add_int64(kDimensionSize, *size);
    } else {
      dimension.add_string(kDimensionName, std::get<std::string>(axis));
    }
  }
}

}  // namespace

OnnxGraph::OnnxGraph(std::string_view name) {
  pbf_writer(bytes_).add_string(graph_field::name, name.data(), name.size());
}

std::string OnnxGraph::input(const std::string& name, OnnxType type, const std::vector<OnnxAxis>& axes) {
  declare(name);
  write_value(bytes_, graph_field::input, name, type, axes);
  return name;
}

void OnnxGraph::output(const std::string& name, const std::string& value, const std::vector<OnnxAxis>& axes) {
  check_known(value, name);
  declare(name);
  {
    pbf_writer graph(bytes_);
    pbf_writer node(graph, graph_field::node);
    node.add_string(node_field::input, value);
    node.add_string(node_field::output, name);
    node.add_string(node_field::name, name);
    node.add_string(node_field::op_type, "Identity");
  }
  write_value(bytes_, graph_field::output, name, OnnxType::float32, axes);
}

std::string OnnxGraph::weight(const std::string& name, const std::vector<std::int64_t>& shape,
                              std::span<const float> values) {
  return add_tensor(name, OnnxType::float32, shape, std::as_bytes(values));
}

std::string OnnxGraph::weight(const std::string& name, const std::vector<std::int64_t>& shape,
                              std::span<const std::int64_t> values) {
  return add_tensor(name, OnnxType::int64, shape, std::as_bytes(values));
}

std::string OnnxGraph::constant(double number) {
  const std::array values{static_cast<float>(number)};
  return weight(fresh("constant"), {}, values);
}

std::string OnnxGraph::constant(const std::vector<std::int64_t>& integers) {
  return weight(fresh("constant"), {static_cast<std::int64_t>(integers.size())}, integers);
}

std::string OnnxGraph::add(const std::string& type, const std::vector<std::string>& inputs,
                           const OnnxAttributes& attributes, std::size_t place) {
  for (const std::string& input : inputs) check_known(input, type);
  std::string name = fresh(type);
  declare(name);
  pbf_writer graph(bytes_);
  pbf_writer node(graph, graph_field::node);
  for (const std::string& input : inputs) node.add_string(node_field::input, input);
  for (std::size_t i = 0; i < place; ++i) node.add_string(node_field::output, "");
  node.add_string(node_field::output, name);
  node.add_string(node_field::name, name);
  node.add_string(node_field::op_type, type);
  for (const auto& [attribute, value] : attributes) write_attribute(node, attribute, value);
  return name;
}

std::string OnnxGraph::file(std::initializer_list<std::pair<std::string, std::string>> metadata) const {
  std::string bytes;
  pbf_writer model(bytes);
  model.add_int64(model_field::ir_version, kOnnxIrVersion);
  model.add_string(model_field::producer_name, "thalweg");
  {
    pbf_writer opset(model, model_field::opset_import);
    opset.add_int64(kOpsetVersion, kOnnxOpset);
  }
  model.add_message(model_field::graph, bytes_);
  for (const auto& [key, value] : metadata) {
    pbf_writer entry(model, model_field::metadata_props);
    entry.add_string(kEntryKey, key);
    entry.add_string(kEntryValue, value);
  }
  if (bytes.size() > kMostBytes)
    throw Error(fmt::format("{} bytes; a protobuf file has at most {}", bytes.size(), kMostBytes));
  return bytes;
}

void OnnxGraph::declare(const std::string& name) {
  if (!values_.insert(name).second) throw Error(fmt::format("two values are called {}", name));
}

void OnnxGraph::check_known(const std::string& value, const std::string& user) const {
  if (!values_.contains(value)) throw Error(fmt::format("{} takes {}, which is not there", user, value));
}

std::string OnnxGraph::fresh(const std::string& kind) { return fmt::format("{}_{}", kind, ++made_); }

std::string OnnxGraph::add_tensor(const std::string& name, OnnxType type, const std::vector<std::int64_t>& shape,
                                  std::span<const std::byte> bytes) {
  if (bytes.size() > kMostBytes - kMostBesideWeights ||
      bytes_.size() > kMostBytes - kMostBesideWeights - bytes.size()) {
    throw Error(fmt::format("with {} the weights have {} bytes; a protobuf file has at most {}", name,
                            bytes_.size() + bytes.size(), kMostBytes));
  }
  declare(name);
  pbf_writer graph(bytes_);
  pbf_writer tensor(graph, graph_field::initializer);
  for (const std::int64_t size : shape) tensor.add_int64(tensor_field::dims, size);
  tensor.add_int32(tensor_field::data_type, static_cast<std::int32_t>(type));
  tensor.add_string(tensor_field::name, name);
  tensor.add_bytes(tensor_field::raw_data, reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return name;
}

}  // namespace thalweg::lab

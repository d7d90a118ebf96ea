// Reads ONNX files in tests, by the numbers of fields in onnx.proto3 alone.
#pragma once

#include "protobuf_reader.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thalweg::lab::test {

struct OnnxTensor {
  std::vector<std::int64_t> shape{};
  std::int64_t type = 0;  ///< 1: float, 7: int64
  std::string raw{};

  std::vector<float> floats() const {
    std::vector<float> values;
    for (std::size_t i = 0; i < raw.size(); i += sizeof(float)) values.push_back(number_at<float>(raw, i));
    return values;
  }
};

struct OnnxNode {
  std::string type, name;
  std::vector<std::string> inputs, outputs;
  std::map<std::string, std::string> attributes{};  ///< as text: `2`, `[1, 1]`, `1e-05`
};

struct OnnxValue {
  std::string name;
  std::int64_t type = 0;
  std::vector<std::string> axes{};  ///< sizes and names
};

struct OnnxFile {
  std::int64_t ir_version = 0;
  std::string graph_name;
  std::map<std::string, std::int64_t> opsets;  ///< by domain
  std::map<std::string, std::string> metadata;
  std::vector<OnnxValue> inputs, outputs;
  std::map<std::string, OnnxTensor> weights;
  std::vector<OnnxNode> nodes;

  std::size_t count(std::string_view type) const {
    std::size_t found = 0;
    for (const OnnxNode& node : nodes) found += node.type == type ? 1 : 0;
    return found;
  }
  const OnnxNode& node(std::string_view type, std::size_t place = 0) const {
    for (const OnnxNode& node : nodes)
      if (node.type == type && place-- == 0) return node;
    throw std::runtime_error("too few nodes " + std::string(type));
  }
};

namespace onnx_parts {

using Fields = std::multimap<std::uint64_t, std::string>;

inline std::int64_t integer(const std::string& bytes) { return number_at<std::int64_t>(bytes, 0); }

/// Of the fields with this number, in order.
inline std::vector<std::string> all(const Fields& fields, std::uint64_t number) {
  std::vector<std::string> found;
  for (auto [each, end] = fields.equal_range(number); each != end; ++each) found.push_back(each->second);
  return found;
}
inline std::string text(const Fields& fields, std::uint64_t number) {
  return fields.count(number) == 0 ? std::string() : field(fields, number);
}

inline std::string attribute(const Fields& fields) {
  switch (integer(field(fields, 20))) {
    case 1:
      return std::to_string(number_at<float>(field(fields, 2), 0));
    case 2:
      return std::to_string(integer(field(fields, 3)));
    case 7: {
      std::string list;
      for (const std::string& each : all(fields, 8)) list += (list.empty() ? "" : ", ") + std::to_string(integer(each));
      return "[" + list + "]";
    }
    default:
      throw std::runtime_error("an attribute of another type");
  }
}

inline OnnxNode node(const Fields& fields) {
  if (!text(fields, 7).empty()) throw std::runtime_error("another domain");
  OnnxNode node{.type = field(fields, 4), .name = text(fields, 3), .inputs = all(fields, 1), .outputs = all(fields, 2)};
  for (const std::string& each : all(fields, 5)) {
    const Fields parts = fields_of(each);
    node.attributes[field(parts, 1)] = attribute(parts);
  }
  return node;
}

inline OnnxValue value(const Fields& fields) {
  const Fields tensor = fields_of(field(fields_of(field(fields, 2)), 1));
  OnnxValue value{.name = field(fields, 1), .type = integer(field(tensor, 1))};
  for (const std::string& each : all(fields_of(field(tensor, 2)), 1)) {
    const Fields axis = fields_of(each);
    value.axes.push_back(axis.count(1) == 1 ? std::to_string(integer(field(axis, 1))) : field(axis, 2));
  }
  return value;
}

}  // namespace onnx_parts

/// Throws where something is missing, or has a name that another of its kind has.
inline OnnxFile read_onnx(std::string_view bytes) {
  using namespace onnx_parts;
  OnnxFile file;
  const Fields model = fields_of(bytes);
  file.ir_version = integer(field(model, 1));
  for (const std::string& each : all(model, 8)) {
    const Fields opset = fields_of(each);
    file.opsets[text(opset, 1)] = integer(field(opset, 2));
  }
  for (const std::string& each : all(model, 14)) {
    const Fields entry = fields_of(each);
    file.metadata[field(entry, 1)] = field(entry, 2);
  }
  const Fields graph = fields_of(field(model, 7));
  file.graph_name = field(graph, 2);
  for (const std::string& each : all(graph, 1)) file.nodes.push_back(node(fields_of(each)));
  for (const std::string& each : all(graph, 11)) file.inputs.push_back(value(fields_of(each)));
  for (const std::string& each : all(graph, 12)) file.outputs.push_back(value(fields_of(each)));
  for (const std::string& each : all(graph, 5)) {
    const Fields fields = fields_of(each);
    OnnxTensor tensor{.type = integer(field(fields, 2)), .raw = text(fields, 9)};
    for (const std::string& size : all(fields, 1)) tensor.shape.push_back(integer(size));
    if (!file.weights.emplace(field(fields, 8), tensor).second) throw std::runtime_error("two weights of one name");
  }
  return file;
}

/// What is wrong with the graph: a line each. Sound is one whose values have one origin each, stand in front of the
/// nodes that take them, and are all used, and whose weights have as many bytes as their shapes say.
inline std::vector<std::string> faults_of(const OnnxFile& file) {
  std::vector<std::string> faults;
  std::set<std::string> known, used, node_names;
  const auto add = [&](const std::string& name) {
    if (!known.insert(name).second) faults.push_back("two values " + name);
  };
  for (const OnnxValue& input : file.inputs) add(input.name);
  for (const auto& [name, tensor] : file.weights) {
    add(name);
    std::size_t bytes = tensor.type == 1 ? 4 : tensor.type == 7 ? 8 : 0;
    for (const std::int64_t size : tensor.shape) bytes *= static_cast<std::size_t>(size);
    if (bytes == 0 || tensor.raw.size() != bytes) faults.push_back("the bytes of " + name);
  }
  for (const OnnxNode& node : file.nodes) {
    if (!node_names.insert(node.name).second) faults.push_back("two nodes " + node.name);
    for (const std::string& input : node.inputs) {
      if (!known.contains(input)) faults.push_back(node.name + " takes " + input + ", which is not there yet");
      used.insert(input);
    }
    for (const std::string& output : node.outputs)
      if (!output.empty()) add(output);
  }
  for (const OnnxValue& output : file.outputs) {
    if (!known.contains(output.name)) faults.push_back("no node gives " + output.name);
    used.insert(output.name);
  }
  for (const std::string& name : known)
    if (!used.contains(name)) faults.push_back("nothing takes " + name);
  return faults;
}

}  // namespace thalweg::lab::test

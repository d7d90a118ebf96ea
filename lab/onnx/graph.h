// OnnxGraph: a network as operators between named values, and the ONNX file of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace thalweg::lab {

/// The operators' version and the file's, both of ONNX 1.8 (2020): old enough for old readers (onnxruntime since 1.6),
/// and the first in which Squeeze, Unsqueeze and ReduceSum take their axes as an input, as in every later one; the
/// other operators that the lab uses have not changed since in what they are told here.
inline constexpr std::int64_t kOnnxOpset = 13, kOnnxIrVersion = 7;

/// Types of values, by their numbers in onnx.proto3 (TensorProto.DataType).
enum class OnnxType : std::int32_t { float32 = 1, int64 = 7 };

/// A size, or the name of one that each call may choose.
using OnnxAxis = std::variant<std::int64_t, std::string>;

/// What an operator is told beside its inputs.
using OnnxAttribute = std::variant<std::int64_t, double, std::vector<std::int64_t>>;
using OnnxAttributes = std::vector<std::pair<std::string, OnnxAttribute>>;

/// Built from the inputs on: each call gives the name of the value that it adds, for later calls to use. Layout:
/// protobuf messages of onnx/onnx.proto3 (https://github.com/onnx/onnx), without the library. Throws thalweg::Error for
/// a name that is taken, a value that is not there, and weights beyond the 2 GiB of a protobuf message.
class OnnxGraph {
 public:
  explicit OnnxGraph(std::string_view name);

  std::string input(const std::string& name, OnnxType type, const std::vector<OnnxAxis>& axes);
  /// Says that this value, of float32, is an output of that name.
  void output(const std::string& name, const std::string& value, const std::vector<OnnxAxis>& axes);

  /// Row-major values of this shape.
  std::string weight(const std::string& name, const std::vector<std::int64_t>& shape, std::span<const float> values);
  std::string weight(const std::string& name, const std::vector<std::int64_t>& shape,
                     std::span<const std::int64_t> values);
  /// Without a name that anybody needs: a number, and a list of integers.
  std::string constant(double number);
  std::string constant(const std::vector<std::int64_t>& integers);

  /// An operator of ONNX's own domain. Of its outputs the one at `place` is given; the others are not asked for.
  std::string add(const std::string& type, const std::vector<std::string>& inputs,
                  const OnnxAttributes& attributes = {}, std::size_t place = 0);

  /// The file, with metadata by key.
  std::string file(std::initializer_list<std::pair<std::string, std::string>> metadata) const;

 private:
  void declare(const std::string& name);
  void check_known(const std::string& value, const std::string& user) const;
  std::string fresh(const std::string& kind);
  std::string add_tensor(const std::string& name, OnnxType type, const std::vector<std::int64_t>& shape,
                         std::span<const std::byte> bytes);

  std::string bytes_;  // of a GraphProto, whose fields may stand in any order
  std::set<std::string> values_;
  std::size_t made_ = 0;  // names
};

}  // namespace thalweg::lab

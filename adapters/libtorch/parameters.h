// Names of parameters, and the checks that every parameter must pass.
#pragma once

#include <torch/types.h>

#include <sstream>
#include <string>
#include <string_view>
#include <unordered_map>

namespace thalweg::inline v0_1::libtorch {

/// Throws Error, which names the parameter, unless it is a defined leaf of float or double on the CPU.
void check_parameter(const std::string& name, const torch::Tensor& parameter);

/// Where tensors begin in memory: finds two that are one there.
class Places {
 public:
  /// Throws Error, which says what to do, if another tensor begins where this one does.
  void add(const c10::TensorImpl* tensor, const std::string& name);

 private:
  std::unordered_map<const void*, std::string> names_;
};

/// `parameter "fc.weight"`, as errors call it.
std::string parameter_called(std::string_view name);

/// What `<<` writes: LibTorch's sizes, dtypes and devices in errors.
template <class T>
std::string text(const T& value) {
  std::ostringstream stream;
  stream << value;
  return stream.str();
}

}  // namespace thalweg::inline v0_1::libtorch

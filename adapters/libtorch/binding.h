// Binding: one parameter's tensor and what the engine knows of it.
#pragma once

#include <thalweg/optimizer.h>

#include <torch/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thalweg::inline v0_1::libtorch {

/// The gradients of one step. Kept from step to step, so that a step allocates nothing.
struct GradientList {
  std::vector<Gradient> gradients;
  std::vector<torch::Tensor> owned;  ///< tensors made for this step, which gradients refer to

  void clear() {
    gradients.clear();
    owned.clear();
  }
};

/// One parameter's tensor in the engine. The engine sees the tensor's memory in its own order; or, in row-major order,
/// a copy of a tensor that has gaps in its memory, or that is not in row-major order and has rows that must be.
///
/// What every step looks at comes first, in one cache line.
class alignas(64) Binding {
 public:
  /// Adds the parameter to the engine. It must have passed `check_parameter`.
  Binding(thalweg::Optimizer& engine, const std::string& name, const torch::Tensor& parameter, Group group);

  const torch::Tensor& parameter() const { return parameter_; }
  c10::TensorImpl* tensor() const { return parameter_.unsafeGetTensorImpl(); }
  Handle handle() const { return handle_; }
  Group group() const { return group_; }
  /// Puts the parameter into this group, in the engine too.
  void move(thalweg::Optimizer& engine, Group group);

  /// The gradient, if the parameter steps: null if it has none or is frozen.
  const torch::Tensor* gradient() const {
    const torch::Tensor& gradient = tensor()->grad();
    return gradient.defined() && tensor()->requires_grad() ? &gradient : nullptr;
  }

  /// Is the tensor's memory another than the engine's, or ordered otherwise?
  bool has_moved() const {
    // data_ptr() and not the implementation's data(): it also separates memory that is shared until written.
    if (parameter_.data_ptr() != data_ || tensor()->dtype() != dtype_ || tensor()->numel() != elements_) return true;
    // A contiguous tensor of another shape is in the same order.
    return contiguous_ ? !tensor()->is_contiguous() : tensor()->sizes() != sizes_ || tensor()->strides() != strides_;
  }
  /// Throws Error if the state cannot follow the tensor: its type or length has changed.
  void check_move(const thalweg::Optimizer& engine) const;
  /// Has the engine forget the tensor's old memory, where another parameter may be by now.
  void leave(thalweg::Optimizer& engine);
  /// Tells the engine where the tensor now is, and brings the state into its order.
  void follow(thalweg::Optimizer& engine);

  /// Has the tensor take this one's place, once `tell` has told the engine the memory that it steps. Rows are in
  /// row-major order.
  template <class Tell>
  void replace(thalweg::Optimizer& engine, const torch::Tensor& tensor, const Tell& tell) {
    give_rows(engine);
    const Binding before = *this;
    parameter_ = tensor;
    look(/*as_rows=*/true);
    try {
      with_span([&](auto span, const Shape&) { tell(span); });
    } catch (...) {
      *this = before;
      throw;
    }
  }
  /// Has the engine step the tensor in row-major order, where it does not yet.
  void give_rows(thalweg::Optimizer& engine);

  /// Appends the gradient to the list without copying it, where type, shape and order are the parameter's.
  void append(const thalweg::Optimizer& engine, const torch::Tensor& gradient, GradientList& list) {
    const c10::TensorImpl* values = gradient.unsafeGetTensorImpl();
    if (values->layout() == torch::kStrided && values->dtype() == dtype_ && values->is_cpu() &&
        same_sizes(*values, *tensor()) && (row_major_ ? values->is_contiguous() : values->strides() == strides_) &&
        !gradient.is_neg() && !gradient._is_zerotensor()) {
      append_span(values->data(), list);
    } else {
      append_other(engine, gradient, list);
    }
  }

  /// Before and after the engine changes the parameter.
  void begin_step() {
    if (copy_.defined()) copy_.copy_(parameter_);
  }
  void end_step() {
    if (copy_.defined()) parameter_.copy_(copy_);
    // So that a backward pass through the old values is refused, as after LibTorch's own step.
    tensor()->bump_version();
  }

  /// Frees the gradient, and what was made of it.
  void free_gradient() {
    tensor()->mutable_grad().reset();
    ordered_gradient_.reset();
  }

  /// The state column in its shape, mostly the parameter's; undefined if not in use.
  torch::Tensor column(thalweg::Optimizer& engine, std::string_view name) const;
  /// The average in the parameter's shape; undefined before the first.
  torch::Tensor average(thalweg::Optimizer& engine) const;

 private:
  /// What `==` says of their sizes, without the call of memcmp that it is.
  static bool same_sizes(const c10::TensorImpl& a, const c10::TensorImpl& b) {
    const c10::IntArrayRef left = a.sizes(), right = b.sizes();
    if (left.size() != right.size()) return false;
    for (std::size_t i = 0; i < left.size(); ++i) {
      if (left[i] != right[i]) return false;
    }
    return true;
  }
  void look(bool as_rows);
  void follow(thalweg::Optimizer& engine, bool as_rows);
  void check_order(const thalweg::Optimizer& engine, bool as_rows) const;
  template <class T>
  torch::Tensor view(std::span<T> values, ColumnShape shape) const;
  std::vector<std::int64_t> order() const;
  void append_span(const void* values, GradientList& list) const {
    const auto length = static_cast<std::size_t>(elements_);
    if (dtype_ == caffe2::TypeMeta::Make<float>()) {
      list.gradients.emplace_back(handle_, std::span(static_cast<const float*>(values), length));
    } else {
      list.gradients.emplace_back(handle_, std::span(static_cast<const double*>(values), length));
    }
  }
  void append_other(const thalweg::Optimizer& engine, const torch::Tensor& gradient, GradientList& list);
  void append_rows(const torch::Tensor& gradient, GradientList& list) const;
  /// Calls `function` with the span that the engine works on, and its shape.
  template <class Function>
  void with_span(const Function& function) const {
    void* const data = copy_.defined() ? copy_.data_ptr() : data_;
    const auto length = static_cast<std::size_t>(elements_);
    const Shape shape(sizes_, row_major_ ? std::vector<std::int64_t>() : strides_);
    if (dtype_ == caffe2::TypeMeta::Make<float>()) {
      function(std::span(static_cast<float*>(data), length), shape);
    } else {
      function(std::span(static_cast<double*>(data), length), shape);
    }
  }

  torch::Tensor parameter_;
  void* data_ = nullptr;  // of the tensor, when the engine was last told
  torch::Tensor copy_;    // row-major copy that is stepped, if the tensor itself cannot be
  std::int64_t elements_ = 0;
  caffe2::TypeMeta dtype_;
  bool contiguous_ = false;  // is the tensor itself row-major without gaps?
  bool row_major_ = false;   // is the engine's order row-major? Also for a copy.
  Handle handle_;
  Group group_;

  std::vector<std::int64_t> sizes_;    // of the tensor, when the engine was last told
  std::vector<std::int64_t> strides_;  // likewise; of the engine's order, if not row_major_
  torch::Tensor ordered_gradient_;     // the gradient in the engine's order, where its own differs
};

}  // namespace thalweg::inline v0_1::libtorch

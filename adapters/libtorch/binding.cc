// Binding: one parameter's tensor and what the engine knows of it.
#include "binding.h"

#include "parameters.h"

#include <utility>

namespace thalweg::libtorch {

namespace {

std::vector<std::int64_t> row_major_strides(c10::IntArrayRef sizes) {
  std::vector<std::int64_t> strides(sizes.size());
  std::int64_t stride = 1;
  for (std::size_t i = sizes.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= sizes[i];
  }
  return strides;
}

bool is_row_major(const c10::TensorImpl& tensor) {
  // A tensor with gaps is stepped as a copy that has none.
  return tensor.is_contiguous() || !tensor.is_non_overlapping_and_dense();
}

template <class T>
void reorder(std::span<T> values, c10::IntArrayRef sizes, c10::IntArrayRef from, c10::IntArrayRef to) {
  if (values.empty()) return;
  const auto options = torch::dtype(c10::CppTypeToScalarType<T>::value);
  const torch::Tensor old = torch::from_blob(values.data(), sizes, from, options).clone();
  torch::from_blob(values.data(), sizes, to, options).copy_(old);
}

/// Reorders every column of the parameter, and its average, in place.
template <class T>
void reorder(thalweg::Optimizer& engine, Handle handle, c10::IntArrayRef sizes, c10::IntArrayRef from,
             c10::IntArrayRef to) {
  for (const ColumnInfo& info : engine.rule().columns) reorder(engine.column<T>(handle, info.name), sizes, from, to);
  reorder(engine.average<T>(handle), sizes, from, to);
}

void reorder(thalweg::Optimizer& engine, Handle handle, caffe2::TypeMeta dtype, c10::IntArrayRef sizes,
             c10::IntArrayRef from, c10::IntArrayRef to) {
  const torch::NoGradGuard no_grad;
  if (dtype == caffe2::TypeMeta::Make<float>()) {
    reorder<float>(engine, handle, sizes, from, to);
  } else {
    reorder<double>(engine, handle, sizes, from, to);
  }
}

}  // namespace

Binding::Binding(thalweg::Optimizer& engine, const std::string& name, const torch::Tensor& parameter, Group group)
    : parameter_(parameter), group_(group) {
  look();
  with_span([&](auto span) { handle_ = engine.add(name, span, group); });
}

void Binding::move(thalweg::Optimizer& engine, Group group) {
  if (engine.group_of(handle_) != group) engine.move(handle_, group);
  group_ = group;
}

/// Takes over where the tensor is and how it is ordered.
void Binding::look() {
  const torch::NoGradGuard no_grad;
  data_ = parameter_.data_ptr();
  dtype_ = tensor()->dtype();
  elements_ = tensor()->numel();
  contiguous_ = tensor()->is_contiguous();
  sizes_ = tensor()->sizes().vec();
  strides_ = tensor()->strides().vec();
  row_major_ = is_row_major(*tensor());
  copy_ = tensor()->is_non_overlapping_and_dense() ? torch::Tensor() : parameter_.detach().contiguous();
  ordered_gradient_ = torch::Tensor();
}

/// Strides of the engine's order.
std::vector<std::int64_t> Binding::order() const { return row_major_ ? row_major_strides(sizes_) : strides_; }

template <class Function>
void Binding::with_span(const Function& function) const {
  void* data = copy_.defined() ? copy_.data_ptr() : data_;
  const auto length = static_cast<std::size_t>(elements_);
  if (dtype_ == caffe2::TypeMeta::Make<float>()) {
    function(std::span(static_cast<float*>(data), length));
  } else {
    function(std::span(static_cast<double*>(data), length));
  }
}

void Binding::check_move(const thalweg::Optimizer& engine) const {
  const std::string& name = engine.name(handle_);
  if (tensor()->dtype() != dtype_) {
    throw Error(parameter_called(name) + " has become " + text(tensor()->dtype()) + ", its state is " + text(dtype_) +
                "; convert the model before the optimizer is made, or remove and add the parameter, which begins its "
                "state anew");
  }
  check_parameter(name, parameter_);
  if (tensor()->numel() != elements_) {
    throw Error(parameter_called(name) + " has " + std::to_string(tensor()->numel()) + " elements, its state " +
                std::to_string(elements_) + "; remove and add it, which begins its state anew");
  }
  // From one row-major order to another the state stays as it is, whatever the shape.
  if (tensor()->sizes() != sizes_ && !(row_major_ && is_row_major(*tensor()))) {
    throw Error(parameter_called(name) + " has changed its shape from " + text(c10::IntArrayRef(sizes_)) + " to " +
                text(tensor()->sizes()) +
                " together with its memory format; remove and add it, which begins its state anew");
  }
}

void Binding::leave(thalweg::Optimizer& engine) {
  engine.unbind(handle_);
  data_ = &handle_;  // no tensor's memory, so that it counts as moved until it has been followed
}

void Binding::follow(thalweg::Optimizer& engine) {
  const Binding before = *this;
  look();
  try {
    with_span([&](auto span) { engine.rebind(handle_, span); });
  } catch (...) {
    *this = before;
    throw;
  }
  if (sizes_ == before.sizes_ && order() != before.order()) {
    reorder(engine, handle_, dtype_, sizes_, before.order(), order());
  }
}

void Binding::append_other(const thalweg::Optimizer& engine, const torch::Tensor& gradient, GradientList& list) {
  const auto fail = [&](const std::string& has, const std::string& parameter) {
    throw Error("step: gradient of \"" + engine.name(handle_) + "\" " + has + ", the parameter " + parameter);
  };
  if (!gradient.device().is_cpu()) fail("is on " + text(gradient.device()), "on cpu");
  if (gradient.dtype() != dtype_) fail("has dtype " + text(gradient.dtype()), text(dtype_));
  if (gradient.sizes() != tensor()->sizes()) fail("has shape " + text(gradient.sizes()), text(tensor()->sizes()));
  if (gradient.is_sparse() && row_major_) {
    append_rows(gradient, list);
    return;
  }
  if (gradient.layout() != torch::kStrided && !gradient.is_sparse()) {
    throw Error("step: gradient of \"" + engine.name(handle_) + "\" has layout " + text(gradient.layout()) +
                "; allowed: Strided, Sparse");
  }
  if (!ordered_gradient_.defined() || ordered_gradient_.sizes() != tensor()->sizes()) {
    ordered_gradient_ = torch::empty_strided(
        tensor()->sizes(), row_major_ ? row_major_strides(tensor()->sizes()) : strides_, torch::dtype(dtype_));
  }
  ordered_gradient_.copy_(gradient.is_sparse() ? gradient.to_dense() : gradient);
  append_span(ordered_gradient_.data_ptr(), list);
}

void Binding::append_rows(const torch::Tensor& gradient, GradientList& list) const {
  torch::Tensor indices = gradient._indices();
  const torch::Tensor values = gradient._values().contiguous();
  if (indices.size(0) == 1) {
    indices = indices.contiguous();
  } else {
    // Several sparse dimensions: number their combinations, as if they were one.
    const c10::IntArrayRef dimensions = tensor()->sizes().slice(0, static_cast<std::size_t>(indices.size(0)));
    const torch::Tensor strides = torch::tensor(row_major_strides(dimensions), torch::kLong);
    indices = (indices * strides.unsqueeze(1)).sum(0);
  }
  const std::span<const std::int64_t> rows(indices.data_ptr<std::int64_t>(), static_cast<std::size_t>(values.size(0)));
  const auto length = static_cast<std::size_t>(values.numel());
  if (dtype_ == caffe2::TypeMeta::Make<float>()) {
    list.gradients.emplace_back(handle_, Rows<float>{rows, std::span(values.data_ptr<float>(), length)});
  } else {
    list.gradients.emplace_back(handle_, Rows<double>{rows, std::span(values.data_ptr<double>(), length)});
  }
  list.owned.push_back(indices);
  list.owned.push_back(values);
}

template <class T>
torch::Tensor Binding::view(std::span<T> values) const {
  if (values.empty()) return {};
  return torch::from_blob(values.data(), sizes_, order(), torch::dtype(dtype_));
}

torch::Tensor Binding::column(thalweg::Optimizer& engine, std::string_view name) const {
  return dtype_ == caffe2::TypeMeta::Make<float>() ? view(engine.column<float>(handle_, name))
                                                   : view(engine.column<double>(handle_, name));
}

torch::Tensor Binding::average(thalweg::Optimizer& engine) const {
  return dtype_ == caffe2::TypeMeta::Make<float>() ? view(engine.average<float>(handle_))
                                                   : view(engine.average<double>(handle_));
}

void Binding::to_row_major(thalweg::Optimizer& engine) const {
  if (!row_major_) reorder(engine, handle_, dtype_, sizes_, strides_, row_major_strides(sizes_));
}

void Binding::from_row_major(thalweg::Optimizer& engine) const {
  if (!row_major_) reorder(engine, handle_, dtype_, sizes_, row_major_strides(sizes_), strides_);
}

}  // namespace thalweg::libtorch

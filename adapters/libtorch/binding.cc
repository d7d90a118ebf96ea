// Binding: one parameter's tensor and what the engine knows of it.
#include "binding.h"

#include "parameters.h"

#include <algorithm>
#include <type_traits>
#include <utility>

namespace thalweg::inline v0_1::libtorch {

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

/// Must the group's parameters be in row-major order? Their rule sees rows and columns, or their rows count steps.
bool needs_rows(const thalweg::Optimizer& engine, Group group) {
  const RuleInfo& rule = engine.options(group).rule();
  const auto is_of_rows = [](const auto& of) {
    using Of = std::remove_cvref_t<decltype(of)>;
    return of == Of::rows || of == Of::columns;
  };
  return engine.settings().step_count == StepCount::per_row || rule.needs_matrix ||
         std::ranges::any_of(rule.columns, is_of_rows, &ColumnInfo::shape) ||
         std::ranges::any_of(rule.sums, is_of_rows, &SumInfo::scope);
}

/// Is the tensor stepped where it lies? Otherwise a copy of it in row-major order is.
bool steps_in_place(const c10::TensorImpl& tensor, bool as_rows) {
  return tensor.is_contiguous() || (tensor.is_non_overlapping_and_dense() && !as_rows);
}

bool is_row_major(const c10::TensorImpl& tensor, bool as_rows) {
  return tensor.is_contiguous() || !steps_in_place(tensor, as_rows);
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
  for (const ColumnInfo& info : engine.options(engine.group_of(handle)).rule().columns) {
    if (info.shape == ColumnShape::parameter) reorder(engine.column<T>(handle, info.name), sizes, from, to);
  }
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
  look(needs_rows(engine, group));
  with_span([&](auto span, const Shape& shape) { handle_ = engine.add(name, span, shape, group); });
}

void Binding::move(thalweg::Optimizer& engine, Group group) {
  if (engine.group_of(handle_) != group) {
    const bool as_rows = needs_rows(engine, group);
    if (as_rows) give_rows(engine);
    engine.move(handle_, group);
    if (copy_.defined() && steps_in_place(*tensor(), as_rows)) follow(engine, as_rows);
  }
  group_ = group;
}

void Binding::give_rows(thalweg::Optimizer& engine) {
  if (row_major_) return;
  check_order(engine, /*as_rows=*/true);
  follow(engine, /*as_rows=*/true);
}

/// Takes over where the tensor is and how it is ordered.
void Binding::look(bool as_rows) {
  const torch::NoGradGuard no_grad;
  data_ = parameter_.data_ptr();
  dtype_ = tensor()->dtype();
  elements_ = tensor()->numel();
  contiguous_ = tensor()->is_contiguous();
  sizes_ = tensor()->sizes().vec();
  strides_ = tensor()->strides().vec();
  row_major_ = is_row_major(*tensor(), as_rows);
  copy_ = steps_in_place(*tensor(), as_rows) ? torch::Tensor() : parameter_.detach().contiguous();
  ordered_gradient_ = torch::Tensor();
}

/// Strides of the engine's order.
std::vector<std::int64_t> Binding::order() const { return row_major_ ? row_major_strides(sizes_) : strides_; }

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
  check_order(engine, needs_rows(engine, engine.group_of(handle_)));
}

/// Throws Error if the state cannot follow the tensor's elements into their new order.
void Binding::check_order(const thalweg::Optimizer& engine, bool as_rows) const {
  const bool becomes_row_major = is_row_major(*tensor(), as_rows);
  // From one row-major order to another the state stays as it is, whatever the shape.
  if (row_major_ && becomes_row_major) return;
  if (!row_major_ && !becomes_row_major && tensor()->sizes() == sizes_ && tensor()->strides() == strides_) return;
  const auto what = [&] { return parameter_called(engine.name(handle_)); };
  if (tensor()->sizes() != sizes_) {
    throw Error(what() + " has changed its shape from " + text(c10::IntArrayRef(sizes_)) + " to " +
                text(tensor()->sizes()) +
                " together with its memory format; remove and add it, which begins its state anew");
  }
  if (engine.accumulated_calls() > 0) {
    throw Error(what() + " has changed its memory format while gradients of " +
                std::to_string(engine.accumulated_calls()) + " of " +
                std::to_string(engine.settings().accumulation.calls) +
                " calls are accumulated in its old one; change it right after a step");
  }
}

void Binding::leave(thalweg::Optimizer& engine) {
  engine.unbind(handle_);
  data_ = &handle_;  // no tensor's memory, so that it counts as moved until it has been followed
}

void Binding::follow(thalweg::Optimizer& engine) { follow(engine, needs_rows(engine, engine.group_of(handle_))); }

void Binding::follow(thalweg::Optimizer& engine, bool as_rows) {
  const Binding before = *this;
  look(as_rows);
  try {
    with_span([&](auto span, const Shape& shape) { engine.rebind(handle_, span, shape); });
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
torch::Tensor Binding::view(std::span<T> values, ColumnShape shape) const {
  if (values.empty()) return {};
  const auto options = torch::dtype(dtype_);
  if (shape == ColumnShape::parameter) return torch::from_blob(values.data(), sizes_, order(), options);
  // One for each row or column of the matrices of the last two dimensions, or one for all.
  std::vector<std::int64_t> sizes;
  if (shape != ColumnShape::one) {
    sizes = sizes_;
    sizes.erase(shape == ColumnShape::rows ? sizes.end() - 1 : sizes.end() - 2);
  }
  return torch::from_blob(values.data(), sizes, options);
}

torch::Tensor Binding::column(thalweg::Optimizer& engine, std::string_view name) const {
  const std::vector<ColumnInfo>& columns = engine.options(engine.group_of(handle_)).rule().columns;
  const auto info = std::ranges::find(columns, name, &ColumnInfo::name);
  const ColumnShape shape =
      info == columns.end() ? ColumnShape::parameter : info->shape;  // the engine refuses the name
  return dtype_ == caffe2::TypeMeta::Make<float>() ? view(engine.column<float>(handle_, name), shape)
                                                   : view(engine.column<double>(handle_, name), shape);
}

torch::Tensor Binding::average(thalweg::Optimizer& engine) const {
  return dtype_ == caffe2::TypeMeta::Make<float>() ? view(engine.average<float>(handle_), ColumnShape::parameter)
                                                   : view(engine.average<double>(handle_), ColumnShape::parameter);
}

}  // namespace thalweg::inline v0_1::libtorch

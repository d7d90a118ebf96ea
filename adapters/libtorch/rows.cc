// Rows that come and go: a tensor takes another's place, and the state follows.
#include "optimizer_impl.h"
#include "parameters.h"

#include <span>

namespace thalweg::inline v0_1::libtorch {

namespace {

std::vector<std::int64_t> row_numbers(std::string_view what, const torch::Tensor& rows) {
  const auto fail = [&](const std::string& has, const std::string& allowed) {
    throw Error(std::string(what) + ": the rows are " + has + "; allowed: " + allowed);
  };
  if (!rows.defined()) fail("an undefined tensor", "a list of row numbers");
  if (rows.scalar_type() != torch::kLong) fail("of dtype " + text(rows.dtype()), "long");
  if (rows.dim() != 1) fail("of shape " + text(rows.sizes()), "one dimension");
  const torch::Tensor plain = rows.cpu().contiguous();
  const auto* numbers = plain.data_ptr<std::int64_t>();
  return {numbers, numbers + plain.numel()};
}

}  // namespace

/// Throws Error unless the tensor may take the parameter's place: one like it, but for the number of its rows.
void Optimizer::Impl::check_replacement(const std::string& what, const Binding& binding,
                                        const torch::Tensor& tensor) const {
  const std::string& name = engine.name(binding.handle());
  check_parameter(name, tensor);
  const torch::Tensor& before = binding.parameter();
  const std::string called = what + ": the tensor that is to be " + parameter_called(name);
  if (tensor.dtype() != before.dtype()) {
    throw Error(called + " has dtype " + text(tensor.dtype()) + ", the one before " + text(before.dtype()));
  }
  const std::vector<std::int64_t>& sizes = engine.shape(binding.handle()).sizes;
  const bool fits = tensor.dim() > 0 && static_cast<std::size_t>(tensor.dim()) == sizes.size() &&
                    tensor.sizes().slice(1) == c10::IntArrayRef(sizes).slice(1);
  if (!fits) {
    throw Error(called + " has shape " + text(tensor.sizes()) + ", the one before " + text(c10::IntArrayRef(sizes)) +
                ": they may differ in the number of rows, the first dimension, alone");
  }
  if (before.requires_grad() && !tensor.requires_grad()) {
    throw Error(called + " requires no gradient, as the one before does; call requires_grad_() on it");
  }
  for (const Binding& other : bindings) {
    if (other.tensor() != tensor.unsafeGetTensorImpl() || &other == &binding) continue;
    throw Error(called + " is " + parameter_called(engine.name(other.handle())) + " already");
  }
}

/// Has the tensor take the parameter's place, here and in the groups; `tell` tells the engine.
template <class Tell>
void Optimizer::Impl::replace(std::string_view what, std::string_view name, const torch::Tensor& tensor,
                              std::vector<ParamGroup>& groups, const Tell& tell) {
  Binding& bound = binding(name);
  check_replacement(std::string(what), bound, tensor);
  const c10::TensorImpl* before = bound.tensor();
  bound.replace(engine, tensor, [&](auto elements) { tell(bound.handle(), elements); });
  for (ParamGroup& group : groups) {
    for (torch::Tensor& each : group.params()) {
      if (each.unsafeGetTensorImpl() == before) each = tensor;
    }
  }
  if (hooks) hooks->follow(bindings);
}

void Optimizer::keep_rows(std::string_view name, const std::vector<std::int64_t>& rows,
                          const torch::Tensor& replacement) {
  synchronize();
  impl_->check_at_rest("keep_rows");
  impl_->replace("keep_rows", name, replacement, param_groups_,
                 [&](Handle handle, auto elements) { impl_->engine.keep_rows(handle, rows, elements); });
}

void Optimizer::keep_rows(std::string_view name, const torch::Tensor& rows, const torch::Tensor& replacement) {
  keep_rows(name, row_numbers("keep_rows", rows), replacement);
}

void Optimizer::append_rows(std::string_view name, const torch::Tensor& replacement) {
  synchronize();
  impl_->check_at_rest("append_rows");
  impl_->replace("append_rows", name, replacement, param_groups_,
                 [&](Handle handle, auto elements) { impl_->engine.append_rows(handle, elements); });
}

void Optimizer::reset_rows(std::string_view name, const std::vector<std::int64_t>& rows) {
  synchronize();
  impl_->check_at_rest("reset_rows");
  const torch::NoGradGuard no_grad;
  impl_->follow_moved();
  Binding& bound = impl_->binding(name);
  bound.begin_step();  // the averages of these rows are what they are now
  bound.give_rows(impl_->engine);
  impl_->engine.reset_rows(bound.handle(), rows);
}

void Optimizer::reset_rows(std::string_view name, const torch::Tensor& rows) {
  reset_rows(name, row_numbers("reset_rows", rows));
}

}  // namespace thalweg::inline v0_1::libtorch

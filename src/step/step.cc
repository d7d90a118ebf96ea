// One step: check everything, compute coefficients, then one fused pass over all elements.
#include "optimizer_impl.h"
#include "text.h"
#include "threads/environment.h"
#include "threads/pool.h"

#include <thalweg/error.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <type_traits>

namespace thalweg {
namespace {

template <class F>
void for_each_chunk(const Plan& plan, F&& work) {
  parallel_for(
      plan.threads(), plan.chunks(), [](void* context, std::size_t chunk) { (*static_cast<F*>(context))(chunk); },
      &work);
}

template <class T>
std::ptrdiff_t find_non_finite(const void* elements, std::size_t count) {
  const auto* values = static_cast<const T*>(elements);
  for (std::size_t i = 0; i < count; ++i) {
    if (!std::isfinite(values[i])) return static_cast<std::ptrdiff_t>(i);
  }
  return -1;
}

template <class Pointer>
Pointer offset(Pointer base, std::size_t elements, Precision precision) {
  using Byte = std::conditional_t<std::is_const_v<std::remove_pointer_t<Pointer>>, const std::byte, std::byte>;
  return static_cast<Byte*>(base) + elements * bytes_of(precision);
}

}  // namespace

void Optimizer::Impl::step(std::span<const Gradient> gradients) {
  const DefaultEnvironment environment;
  ++serial;
  tasks.clear();
  sizes.clear();
  coefficients.clear();
  scattered.clear();
  for (const Gradient& gradient : gradients) {
    const auto* handle = std::get_if<Handle>(&gradient.parameter);
    const std::uint32_t index =
        handle != nullptr ? index_of(*handle) : index_of(std::get<std::string_view>(gradient.parameter));
    Parameter& parameter = parameters[index];
    if (parameter.last_step == serial) throw Error("step: two gradients for " + in_quotes(records[index].name));
    parameter.last_step = serial;
    tasks.push_back({index, 0, gradient_values(gradient, index)});
    sizes.push_back(parameter.size);
  }
  plan.update(sizes, threads);
  if (settings.check_finite) check_finite();
  for (Task& task : tasks) {
    if (parameters[task.parameter].columns_made_for != groups[parameters[task.parameter].group].version) {
      complete_columns(task.parameter);
    }
    task.coefficients = coefficients_for(task.parameter);
  }
  run();
  commit();
}

template <class T>
const void* Optimizer::Impl::scatter(const Rows<T>& rows, std::uint32_t index) {
  const std::size_t size = parameters[index].size, count = rows.indices.size();
  const auto what = [&] { return "step: gradient of " + in_quotes(records[index].name); };
  if (count == 0 ? !rows.values.empty() : rows.values.size() % count != 0 || rows.values.empty()) {
    throw Error(what() + " has " + std::to_string(rows.values.size()) + " values for " + std::to_string(count) +
                " rows, which is no whole number of values a row");
  }
  const std::size_t width = count == 0 ? 1 : rows.values.size() / count;
  if (size % width != 0) {
    throw Error(what() + " has rows of " + std::to_string(width) + " values, which do not divide the parameter's " +
                std::to_string(size) + " elements");
  }
  for (std::int64_t row : rows.indices) {
    if (row < 0 || static_cast<std::uint64_t>(row) >= size / width) {
      throw Error(what() + " names row " + std::to_string(row) + ", the parameter has rows 0 to " +
                  std::to_string(static_cast<std::int64_t>(size / width) - 1));
    }
  }
  scattered.push_back(make_buffer(std::max<std::size_t>(1, size * sizeof(T))));
  auto* dense = reinterpret_cast<T*>(scattered.back().get());
  std::fill_n(dense, size, T(0));
  for (std::size_t i = 0; i < count; ++i) {
    T* row = dense + static_cast<std::size_t>(rows.indices[i]) * width;
    for (std::size_t j = 0; j < width; ++j) row[j] += rows.values[i * width + j];
  }
  return dense;
}

const void* Optimizer::Impl::gradient_values(const Gradient& gradient, std::uint32_t index) {
  Parameter& parameter = parameters[index];
  const auto what = [&] { return "step: gradient of " + in_quotes(records[index].name); };
  if (parameter.data == nullptr && parameter.size > 0) {
    throw Error(what() + ": the parameter is unbound; rebind it first");
  }
  const auto check_memory = [&](const auto& memory) {
    const std::uint32_t other = find_overlap(memory.data(), memory.size_bytes(), UINT32_MAX);
    if (other != UINT32_MAX) throw overlap_error(what(), other);
  };
  return std::visit(
      [&](const auto& values) -> const void* {
        using Values = std::remove_cvref_t<decltype(values)>;
        constexpr bool kDense =
            std::is_same_v<Values, std::span<const float>> || std::is_same_v<Values, std::span<const double>>;
        constexpr Precision kPrecision =
            std::is_same_v<Values, std::span<const float>> || std::is_same_v<Values, Rows<float>> ? Precision::f32
                                                                                                  : Precision::f64;
        if (parameter.precision != kPrecision) {
          throw Error(what() + " is " + name_of(kPrecision) + ", the parameter " + name_of(parameter.precision));
        }
        if constexpr (kDense) {
          if (values.size() != parameter.size) {
            throw Error(what() + " has " + std::to_string(values.size()) + " elements, the parameter " +
                        std::to_string(parameter.size));
          }
          if (values.data() != parameter.known_gradient || parameter.known_places != places) {
            check_memory(values);
            parameter.known_gradient = values.data();
            parameter.known_places = places;
          }
          return values.data();
        } else {
          check_memory(values.values);
          return scatter(values, index);
        }
      },
      gradient.values);
}

void Optimizer::Impl::check_finite() {
  std::atomic<std::uint32_t> worst{UINT32_MAX};  // the first task that is not finite
  for_each_chunk(plan, [&](std::size_t chunk) {
    for (const Piece& piece : plan.chunk(chunk)) {
      const Task& task = tasks[piece.task];
      const Precision precision = parameters[task.parameter].precision;
      for (std::size_t begin = piece.begin; begin < piece.end; begin += kNormBlock) {
        const std::size_t count = std::min(kNormBlock, piece.end - begin);
        const void* block = offset(task.gradient, begin, precision);
        // A finite sum of squares proves that all is finite. One that is not may have overflowed: look again.
        const bool f32 = precision == Precision::f32;
        if (std::isfinite(f32 ? backend.squares_f32(block, count) : backend.squares_f64(block, count))) continue;
        if ((f32 ? find_non_finite<float>(block, count) : find_non_finite<double>(block, count)) < 0) continue;
        std::uint32_t seen = worst.load();
        while (piece.task < seen && !worst.compare_exchange_weak(seen, piece.task)) {
        }
      }
    }
  });
  if (worst == UINT32_MAX) return;
  const Task& task = tasks[worst];
  const Parameter& parameter = parameters[task.parameter];
  const std::string& name = records[task.parameter].name;
  const bool f32 = parameter.precision == Precision::f32;
  const std::ptrdiff_t at = f32 ? find_non_finite<float>(task.gradient, parameter.size)
                                : find_non_finite<double>(task.gradient, parameter.size);
  const double value =
      f32 ? double{static_cast<const float*>(task.gradient)[at]} : static_cast<const double*>(task.gradient)[at];
  throw NonFiniteError("step: gradient of " + in_quotes(name) + " is not finite: element " + std::to_string(at) +
                           " is " + to_text(value),
                       name);
}

std::uint32_t Optimizer::Impl::coefficients_for(std::uint32_t index) {
  const Parameter& parameter = parameters[index];
  const GroupRecord& group = groups[parameter.group];
  const std::int64_t step = (shares_steps() ? shared_step : parameter.step) + 1;
  const std::array<double, kMaxScalars>& scalars = shares_steps() ? group.shared_scalars : parameter.scalars;
  // Most parameters of a group are at the same step, so the last one made is mostly the one that is looked for.
  for (std::size_t i = coefficients.size(); i-- > 0;) {
    const StepCoefficients& made = coefficients[i];
    if (made.group == parameter.group && made.step == step && made.scalars_before == scalars) {
      return static_cast<std::uint32_t>(i);
    }
  }
  StepCoefficients& fresh = coefficients.emplace_back();
  fresh.group = parameter.group;
  fresh.step = step;
  fresh.scalars_before = fresh.scalars = scalars;
  if (rule->advance != nullptr) rule->advance(group.options, step, fresh.scalars.data());
  fresh.around = around(group.options);
  rule->coefficients(group.options, {step, fresh.scalars.data()}, fresh.bytes.data());
  return static_cast<std::uint32_t>(coefficients.size() - 1);
}

void Optimizer::Impl::run() {
  for_each_chunk(plan, [&](std::size_t chunk) {
    for (const Piece& piece : plan.chunk(chunk)) {
      const Task& task = tasks[piece.task];
      const Parameter& parameter = parameters[task.parameter];
      const StepCoefficients& made = coefficients[task.coefficients];
      const Precision precision = parameter.precision;
      std::array<void*, kMaxColumns> columns = parameter.columns;
      for (void*& column : columns) {
        if (column != nullptr) column = offset(column, piece.begin, precision);
      }
      const Update update = precision == Precision::f32 ? backend.kernels.f32 : backend.kernels.f64;
      update(made.bytes.data(), made.around, offset(parameter.data, piece.begin, precision),
             offset(task.gradient, piece.begin, precision), columns.data(), piece.end - piece.begin);
    }
  });
}

void Optimizer::Impl::commit() {
  if (shares_steps()) {
    ++shared_step;
    for (GroupRecord& group : groups) {
      if (rule->advance != nullptr) rule->advance(group.options, shared_step, group.shared_scalars.data());
    }
    return;
  }
  for (const Task& task : tasks) {
    const StepCoefficients& made = coefficients[task.coefficients];
    parameters[task.parameter].step = made.step;
    parameters[task.parameter].scalars = made.scalars;
  }
}

}  // namespace thalweg

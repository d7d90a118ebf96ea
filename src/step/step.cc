// One step: check everything, compute coefficients, then one fused pass over all elements.
#include "step/passes.h"
#include "text.h"
#include "threads/environment.h"

#include <thalweg/error.h>

#include <algorithm>
#include <type_traits>

namespace thalweg {
void Optimizer::Impl::step(std::span<const Gradient> gradients) {
  const DefaultEnvironment environment;
  check_not_swapped("step");
  if (steps >= kMostSteps) throw Error("step: this optimizer has taken " + std::to_string(steps) + " steps, the most");
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
    if (parameter.step >= kMostSteps) {
      throw Error("step: " + in_quotes(records[index].name) + " has taken " + std::to_string(parameter.step) +
                  " steps, the most");
    }
    tasks.push_back({.parameter = index, .steps = true, .gradient = gradient_values(gradient, index)});
    sizes.push_back(parameter.size);
  }
  if (averages_now()) plan_averages();
  plan.update(sizes, threads);
  if (settings.check_finite || clips_by_norm()) sum_squares();
  if (settings.check_finite) check_finite();
  scale_gradients();
  for (Task& task : tasks) {
    if (!task.steps) continue;
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

std::uint32_t Optimizer::Impl::coefficients_for(std::uint32_t index) {
  const Parameter& parameter = parameters[index];
  const GroupRecord& group = groups[parameter.group];
  const std::int64_t step = step_number(parameter) + 1;
  const std::array<double, kMaxScalars>& scalars = shares_steps() ? group.shared_scalars : parameter.scalars;
  // Most parameters of a group are at the same step, so the last one made is mostly the one that is looked for.
  for (std::size_t i = coefficients.size(); i-- > 0;) {
    const StepCoefficients& made = coefficients[i];
    if (made.group == parameter.group && made.step == step && made.columns_begun == parameter.begun &&
        made.scalars_before == scalars) {
      return static_cast<std::uint32_t>(i);
    }
  }
  StepCoefficients& fresh = coefficients.emplace_back();
  fresh.group = parameter.group;
  fresh.step = step;
  fresh.columns_begun = parameter.begun;
  fresh.columns_begun_after = parameter.begun | needed_bits(group.columns);
  fresh.scalars_before = fresh.scalars = scalars;
  if (rule->advance != nullptr) rule->advance(group.options, step, fresh.scalars.data());
  fresh.around = around(group.options);
  if (settings.clip.by == ClipBy::value) fresh.around.limit = settings.clip.limit;
  rule->coefficients(group.options, {step, fresh.scalars.data(), parameter.begun}, fresh.bytes.data());
  return static_cast<std::uint32_t>(coefficients.size() - 1);
}

void Optimizer::Impl::run() {
  const std::int64_t overwrite_every = settings.average.overwrite_every;
  const bool overwrite = overwrite_every > 0 && (steps + 1) % overwrite_every == 0;
  for_each_chunk(plan, [&](std::size_t chunk) {
    for (const Piece& piece : plan.chunk(chunk)) {
      const Task& task = tasks[piece.task];
      const Parameter& parameter = parameters[task.parameter];
      const Precision precision = parameter.precision;
      const bool f32 = precision == Precision::f32;
      void* const theta = offset(parameter.data, piece.begin, precision);
      void* const average = task.averages ? offset(parameter.average, piece.begin, precision) : nullptr;
      const StepCoefficients* made = task.steps ? &coefficients[task.coefficients] : nullptr;
      Around around = made != nullptr ? made->around : Around{};
      around.scale = task.scale;
      around.average_share = task.average_share;
      around.overwrite = task.averages && overwrite;
      if (made == nullptr) {
        (f32 ? backend.average.f32 : backend.average.f64)(around, theta, average, piece.end - piece.begin);
        continue;
      }
      std::array<void*, kMaxColumns> columns = parameter.columns;
      for (void*& column : columns) {
        if (column != nullptr) column = offset(column, piece.begin, precision);
      }
      const Streams streams{theta, offset(task.gradient, piece.begin, precision), columns.data(), average};
      (f32 ? backend.kernels.f32 : backend.kernels.f64)(made->bytes.data(), around, streams, piece.end - piece.begin);
    }
  });
}

void Optimizer::Impl::commit() {
  ++steps;
  for (const Task& task : tasks) {
    if (task.steps) parameters[task.parameter].begun = coefficients[task.coefficients].columns_begun_after;
  }
  for (const Task& task : tasks) parameters[task.parameter].averaged += task.averages ? 1 : 0;
  if (shares_steps()) {
    for (GroupRecord& group : groups) {
      if (rule->advance != nullptr) rule->advance(group.options, steps, group.shared_scalars.data());
    }
    return;
  }
  for (const Task& task : tasks) {
    if (!task.steps) continue;
    const StepCoefficients& made = coefficients[task.coefficients];
    parameters[task.parameter].step = made.step;
    parameters[task.parameter].scalars = made.scalars;
  }
}

}  // namespace thalweg

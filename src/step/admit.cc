// The gradients of a step: each is checked and becomes a task; rows are spread out; calls are accumulated.
#include "step/step.h"
#include "text.h"

#include <thalweg/error.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

namespace thalweg::inline v0_1 {

void Step::begin(std::optional<double> loss) {
  if (counters_.steps >= kMostSteps) {
    throw Error("step: this optimizer has taken " + std::to_string(counters_.steps) + " steps, the most");
  }
  check_loss(loss);
  if (clips_by_norm()) parameters_.check_no_shards("step: clipping by a norm");
  if (!groups_.patterns_fit()) groups_.check_patterns(parameters_.names());
  groups_.set_factor(schedule_.factor());
  loss_ = loss.value_or(std::numeric_limits<double>::quiet_NaN());
  ++serial_;
  tasks_.clear();
  sizes_.clear();
  coefficients_.clear();
  runs_.clear();
  sums_.clear();
  scattered_.clear();
  block_sums_.clear();
  block_totals_.clear();
  blocks_ = 0;
  scale_ = 1 / gradient_divisor();
  family_scalars_.clear();
  has_seen_non_finite_ = false;
  average_number_ = 0;
  parameters_.keep_columns();
  if (averages_now()) check_averages();
}

void Step::check_loss(std::optional<double> loss) const {
  for (const GroupRecord& group : groups_) {
    if (!group.rule->needs_loss) continue;
    const std::string name(group.rule->name);
    if (!loss) throw Error("step: " + name + " needs the loss: step(gradients, loss)");
    if (!std::isfinite(*loss)) throw Error("step: the loss, which " + name + " needs, is " + to_text(*loss));
  }
}

void Step::admit(const Gradient& gradient) {
  const auto* handle = std::get_if<Handle>(&gradient.parameter);
  const std::uint32_t index = handle != nullptr ? parameters_.index_of(*handle)
                                                : parameters_.index_of(std::get<std::string_view>(gradient.parameter));
  Parameter& parameter = parameters_[index];
  if (parameter.last_step == serial_) {
    throw Error("step: two gradients for " + in_quotes(parameters_.name(index)));
  }
  if (parameter.step >= kMostSteps) {
    throw Error("step: " + in_quotes(parameters_.name(index)) + " has taken " + std::to_string(parameter.step) +
                " steps, the most");
  }
  const void* values = gradient_values(gradient, index);
  add_task(index, values);
}

void Step::add_task(std::uint32_t index, const void* gradient) {
  Parameter& parameter = parameters_[index];
  parameter.last_step = serial_;
  tasks_.push_back({.parameter = index, .steps = true, .gradient = gradient, .first_block = blocks_, .scale = scale_});
  sizes_.push_back(parameter.size);
  blocks_ += count_blocks(parameter.size);
}

template <class T>
const void* Step::scatter(const Rows<T>& rows, std::uint32_t index) {
  const std::size_t size = parameters_[index].size, count = rows.indices.size();
  const auto what = [&] { return "step: gradient of " + in_quotes(parameters_.name(index)); };
  if (count == 0 ? !rows.values.empty() : rows.values.size() % count != 0 || rows.values.empty()) {
    throw Error(what() + " has " + std::to_string(rows.values.size()) + " values for " + std::to_string(count) +
                " rows, which is no whole number of values a row");
  }
  const std::size_t width = count == 0 ? 1 : rows.values.size() / count;
  if (size % width != 0) {
    throw Error(what() + " has rows of " + std::to_string(width) + " values, which do not divide the parameter's " +
                std::to_string(size) + " elements");
  }
  const Shape& shape = parameters_.record(index).shape;
  if (shape.sizes.size() > 1 && !shape.is_row_major()) {
    throw Error(what() + " has rows, but the parameter does not lie row by row in memory; give the gradient whole");
  }
  // Rows of several sparse dimensions are numbered through, so they may be of any of the shape's trailing dimensions.
  std::size_t its_width = 1, trailing = shape.sizes.size();
  while (trailing > 1 && its_width < width) its_width *= static_cast<std::size_t>(shape.sizes[--trailing]);
  if (shape.sizes.size() > 1 && count > 0 && its_width != width) {
    throw Error(what() + " has rows of " + std::to_string(width) + " values, the parameter's shape is " + shape.text());
  }
  for (std::int64_t row : rows.indices) {
    if (row < 0 || static_cast<std::uint64_t>(row) >= size / width) {
      throw Error(what() + " names row " + std::to_string(row) + ", the parameter has rows 0 to " +
                  std::to_string(static_cast<std::int64_t>(size / width) - 1));
    }
  }
  scattered_.push_back(make_buffer(std::max<std::size_t>(1, size * sizeof(T))));
  auto* dense = reinterpret_cast<T*>(scattered_.back().get());
  std::fill_n(dense, size, T(0));
  for (std::size_t i = 0; i < count; ++i) {
    T* row = dense + static_cast<std::size_t>(rows.indices[i]) * width;
    for (std::size_t j = 0; j < width; ++j) row[j] += rows.values[i * width + j];
  }
  return dense;
}

const void* Step::gradient_values(const Gradient& gradient, std::uint32_t index) {
  Parameter& parameter = parameters_[index];
  const auto what = [&] { return "step: gradient of " + in_quotes(parameters_.name(index)); };
  if (parameter.data == nullptr && parameter.size > 0) {
    throw Error(what() + ": the parameter is unbound; rebind it first");
  }
  const auto check_memory = [&](const auto& memory) {
    const std::uint32_t other = parameters_.find_overlap(memory.data(), memory.size_bytes(), UINT32_MAX);
    if (other != UINT32_MAX) throw parameters_.overlap_error(what(), other);
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
          if (values.data() != parameter.known_gradient || parameter.known_places != parameters_.places()) {
            check_memory(values);
            parameter.known_gradient = values.data();
            parameter.known_places = parameters_.places();
          }
          return values.data();
        } else {
          check_memory(values.values);
          return scatter(values, index);
        }
      },
      gradient.values);
}

/// Adds the gradients to those of the calls before. True: this call completes the step, whose tasks are now all that
/// has been accumulated.
bool Step::accumulate() {
  if (counters_.accumulated + 1 >= settings_.accumulation.calls) {
    for (std::uint32_t i = 0; i < parameters_.size(); ++i) {
      const Parameter& parameter = parameters_[i];
      if (!parameter.alive || parameter.accumulated == 0 || parameter.data != nullptr || parameter.size == 0) continue;
      throw Error("step: " + in_quotes(parameters_.name(i)) +
                  ", of which gradients are accumulated, is unbound; rebind it first");
    }
  }
  for (const Task& task : tasks_) parameters_.make_column(task.parameter, kAccumulatedSlot);
  plan_.update(sizes_, threads);
  const AddKernels& kernels = groups_.backend().add;
  for_each_chunk([&](std::size_t chunk) {
    for (const Piece& piece : plan_.chunk(chunk)) {
      const Task& task = tasks_[piece.task];
      const Parameter& parameter = parameters_[task.parameter];
      const void* from = offset(task.gradient, piece.begin, parameter.precision);
      void* to = offset(parameter.columns[kAccumulatedSlot], piece.begin, parameter.precision);
      const std::size_t count = piece.end - piece.begin;
      if (parameter.accumulated == 0) {
        std::copy_n(static_cast<const std::byte*>(from), count * bytes_of(parameter.precision),
                    static_cast<std::byte*>(to));
      } else {
        (parameter.precision == Precision::f32 ? kernels.f32 : kernels.f64)(from, to, count);
      }
    }
  });
  for (const Task& task : tasks_) ++parameters_[task.parameter].accumulated;
  ++counters_.accumulated;
  if (counters_.accumulated < settings_.accumulation.calls) return false;
  tasks_.clear();
  sizes_.clear();
  blocks_ = 0;
  for (std::uint32_t i = 0; i < parameters_.size(); ++i) {
    const Parameter& parameter = parameters_[i];
    if (!parameter.alive || parameter.accumulated == 0) continue;
    add_task(i, parameter.columns[kAccumulatedSlot]);
  }
  return true;
}

}  // namespace thalweg::inline v0_1

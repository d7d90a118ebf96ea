// Norms of the gradients: the finite check, and clipping by norms.
//
// Sums of squares are taken by block, each into a place of its own, and added up in the order of the parameters, so
// that neither threads nor the order of the gradients moves a rounding.
#include "step/passes.h"
#include "text.h"

#include <thalweg/error.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace thalweg {
namespace {

/// The L2 norm of `number(0)`, … whose squares may overflow or vanish: a power of two is taken out first. NaN if one
/// is.
template <class F>
double scaled_norm(std::size_t count, const F& number) {
  double largest = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double x = number(i);
    if (std::isnan(x)) return x;
    largest = std::max(largest, std::abs(x));
  }
  if (largest == 0 || std::isinf(largest)) return largest;
  const int exponent = std::ilogb(largest);
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double x = std::scalbn(number(i), -exponent);
    sum += x * x;
  }
  return std::scalbn(std::sqrt(sum), exponent);
}

template <class T>
std::ptrdiff_t find_non_finite(const void* elements, std::size_t count) {
  const auto* values = static_cast<const T*>(elements);
  for (std::size_t i = 0; i < count; ++i) {
    if (!std::isfinite(values[i])) return static_cast<std::ptrdiff_t>(i);
  }
  return -1;
}

std::size_t count_blocks(std::size_t elements) { return (elements + kNormBlock - 1) / kNormBlock; }

}  // namespace

std::string_view to_string(ClipBy by) {
  switch (by) {
    case ClipBy::none:
      return "none";
    case ClipBy::value:
      return "value";
    case ClipBy::norm:
      return "norm";
    case ClipBy::global_norm:
      return "global_norm";
  }
  return "unknown";
}

void check(const Clip& clip) {
  const auto fail = [&](const char* name, double value, const char* allowed) {
    throw Error(std::string(name) + " = " + to_text(value) + " is outside " + allowed);
  };
  if (!(clip.limit > 0) || std::isinf(clip.limit)) fail("the limit of clipping", clip.limit, "(0, ∞)");
  if (!(clip.eps >= 0) || std::isinf(clip.eps)) fail("eps of clipping", clip.eps, "[0, ∞)");
}

void Optimizer::Impl::sum_squares() {
  std::size_t blocks = 0;
  for (Task& task : tasks) {
    task.first_block = blocks;
    if (task.steps) blocks += count_blocks(parameters[task.parameter].size);
  }
  block_sums.assign(blocks, 0);
  for_each_chunk(plan, [&](std::size_t chunk) {
    for (const Piece& piece : plan.chunk(chunk)) {
      const Task& task = tasks[piece.task];
      if (!task.steps) continue;
      const Precision precision = parameters[task.parameter].precision;
      const SumOfSquares squares = precision == Precision::f32 ? backend.squares.f32 : backend.squares.f64;
      for (std::size_t begin = piece.begin; begin < piece.end; begin += kNormBlock) {
        block_sums[task.first_block + begin / kNormBlock] =
            squares(offset(task.gradient, begin, precision), std::min(kNormBlock, piece.end - begin));
      }
    }
  });
}

void Optimizer::Impl::check_finite() const {
  for (const Task& task : tasks) {
    if (!task.steps) continue;
    const Parameter& parameter = parameters[task.parameter];
    const bool f32 = parameter.precision == Precision::f32;
    for (std::size_t begin = 0; begin < parameter.size; begin += kNormBlock) {
      // A finite sum of squares proves that all is finite. One that is not may have overflowed: look again.
      if (std::isfinite(block_sums[task.first_block + begin / kNormBlock])) continue;
      const void* block = offset(task.gradient, begin, parameter.precision);
      const std::size_t count = std::min(kNormBlock, parameter.size - begin);
      const std::ptrdiff_t at = f32 ? find_non_finite<float>(block, count) : find_non_finite<double>(block, count);
      if (at < 0) continue;
      const double value = f32 ? double{static_cast<const float*>(block)[at]} : static_cast<const double*>(block)[at];
      const std::string& name = records[task.parameter].name;
      throw NonFiniteError("step: gradient of " + in_quotes(name) + " is not finite: element " +
                               std::to_string(begin + static_cast<std::size_t>(at)) + " is " + to_text(value),
                           name);
    }
  }
}

/// Nothing if the squares have overflowed, or lost digits near 0. In double those of f32 never do.
std::optional<double> Optimizer::Impl::squares_of(const Task& task) const {
  const Parameter& parameter = parameters[task.parameter];
  double sum = 0;
  for (std::size_t block = 0; block < count_blocks(parameter.size); ++block)
    sum += block_sums[task.first_block + block];
  constexpr double kTooSmall = 1e-270;
  if (parameter.precision == Precision::f64 && (!std::isfinite(sum) || sum < kTooSmall)) return {};
  return sum;
}

double Optimizer::Impl::gradient_norm_of(const Task& task) const {
  if (const std::optional<double> squares = squares_of(task)) return std::sqrt(*squares);
  const auto* values = static_cast<const double*>(task.gradient);
  return scaled_norm(parameters[task.parameter].size, [&](std::size_t i) { return values[i]; });
}

double Optimizer::Impl::gradient_norm_of_all() {
  by_parameter.clear();
  for (const Task& task : tasks) {
    if (task.steps) by_parameter.push_back(&task);
  }
  std::ranges::sort(by_parameter, {}, [](const Task* task) { return task->parameter; });
  std::optional<double> sum = 0;
  for (const Task* task : by_parameter) {
    const std::optional<double> squares = squares_of(*task);
    sum = sum && squares ? std::optional(*sum + *squares) : std::nullopt;
  }
  if (sum) return std::sqrt(*sum);
  return scaled_norm(by_parameter.size(), [&](std::size_t i) { return gradient_norm_of(*by_parameter[i]); });
}

void Optimizer::Impl::scale_gradients() {
  const auto clip_share = [&](double norm) {
    const double reach = norm + settings.clip.eps;
    return reach <= settings.clip.limit ? 1 : settings.clip.limit / reach;  // NaN makes NaN
  };
  last_norm.reset();
  if (settings.check_finite || clips_by_norm()) last_norm = gradient_norm_of_all() / settings.loss_scale;
  for (Task& task : tasks) {
    if (!task.steps) continue;
    task.scale = 1 / settings.loss_scale;
    if (settings.clip.by == ClipBy::global_norm) task.scale *= clip_share(*last_norm);
    if (settings.clip.by == ClipBy::norm) task.scale *= clip_share(gradient_norm_of(task) / settings.loss_scale);
  }
}

void Optimizer::set_clip(const Clip& clip) {
  check(clip);
  impl_->settings.clip = clip;
}

std::optional<double> Optimizer::gradient_norm() const { return impl_->last_norm; }

}  // namespace thalweg

// Norms of the gradients, clipping by them, and the guard, which refuses a step.
//
// Sums of squares are taken by block, each into a place of its own, and added up in the order of the parameters, so
// that neither threads nor the order of the gradients moves a rounding.
#include "step/step.h"
#include "text.h"

#include <thalweg/error.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace thalweg::inline v0_1 {
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

/// Of the tasks that the plan is of.
void Step::sum_squares(std::span<const Task> tasks) {
  block_sums_.resize(blocks_);
  for_each_chunk([&](std::size_t chunk) {
    for (const Piece& piece : plan_.chunk(chunk)) {
      const Task& task = tasks[piece.task];
      if (!task.steps) continue;
      const Precision precision = parameters_[task.parameter].precision;
      const NormKernels& kernels = groups_.backend().squares;
      const SumOfSquares squares = precision == Precision::f32 ? kernels.f32 : kernels.f64;
      for (std::size_t begin = piece.begin; begin < piece.end; begin += kNormBlock) {
        block_sums_[task.first_block + begin / kNormBlock] =
            squares(offset(task.gradient, begin, precision), std::min(kNormBlock, piece.end - begin));
      }
    }
  });
}

/// Nothing if the squares have overflowed, or lost digits near 0. In double those of f32 never do.
std::optional<double> Step::squares_of(const Task& task) const {
  const Parameter& parameter = parameters_[task.parameter];
  double sum = 0;
  for (std::size_t block = 0; block < count_blocks(parameter.size); ++block) {
    sum += block_sums_[task.first_block + block];
  }
  constexpr double kTooSmall = 1e-270;
  if (parameter.precision == Precision::f64 && (!std::isfinite(sum) || sum < kTooSmall)) return {};
  return sum;
}

double Step::gradient_norm_of(const Task& task) const {
  if (task.norm) return *task.norm;
  if (const std::optional<double> squares = squares_of(task)) return std::sqrt(*squares);
  const auto* values = static_cast<const double*>(task.gradient);
  return scaled_norm(parameters_[task.parameter].size, [&](std::size_t i) { return values[i]; });
}

/// The pass has summed the same squares that a pass for clipping sums: the same bits.
void Step::take_over_squares(const Task& task) {
  for (std::size_t block = 0; block < count_blocks(parameters_[task.parameter].size); ++block) {
    block_sums_[task.first_block + block] = block_totals_[task.first_block + block].gradient;
  }
}

/// The tasks that step, in the order of the parameters.
const std::vector<const Task*>& Step::in_order() {
  by_parameter_.clear();
  for (const Task& task : tasks_) {
    if (task.steps) by_parameter_.push_back(&task);
  }
  const auto parameter = [](const Task* task) { return task->parameter; };
  if (!std::ranges::is_sorted(by_parameter_, {}, parameter)) std::ranges::sort(by_parameter_, {}, parameter);
  return by_parameter_;
}

double Step::gradient_norm_of_all() {
  const std::vector<const Task*>& ordered = in_order();
  std::optional<double> sum = 0;
  for (const Task* task : ordered) {
    const std::optional<double> squares = squares_of(*task);
    sum = sum && squares ? std::optional(*sum + *squares) : std::nullopt;
  }
  if (sum) return std::sqrt(*sum);
  return scaled_norm(ordered.size(), [&](std::size_t i) { return gradient_norm_of(*ordered[i]); });
}

double Step::gradient_divisor() const {
  const Accumulation& accumulation = settings_.accumulation;
  return settings_.loss_scale * (accumulation.mean ? static_cast<double>(accumulation.calls) : 1);
}

void Step::clip_gradients(std::span<Task> tasks) {
  const auto clip_share = [&](double norm) {
    const double reach = norm + settings_.clip.eps;
    return reach <= settings_.clip.limit ? 1 : settings_.clip.limit / reach;  // NaN makes NaN
  };
  const double divisor = gradient_divisor();
  if (!in_parts_) last.gradient_norm = gradient_norm_of_all() / divisor;
  if (!clips_by_norm()) return;
  for (Task& task : tasks) {
    if (!task.steps) continue;
    if (settings_.clip.by == ClipBy::global_norm) {
      task.clip_factor = clip_share(*last.gradient_norm);
    } else {
      task.norm = gradient_norm_of(task);
      task.clip_factor = clip_share(*task.norm / divisor);
    }
    task.scale *= task.clip_factor;
    if (task.clip_factor < last.clip_factor || std::isnan(task.clip_factor)) last.clip_factor = task.clip_factor;
  }
}

/// Does the step hold what must not reach the state? Then it is refused.
bool Step::guard_refuses() {
  std::string why;
  for (const Task* task : in_order()) {
    for (std::size_t block = 0; block < count_blocks(parameters_[task->parameter].size); ++block) {
      // A finite sum of squares proves that all is finite. One that is not may have overflowed.
      const bool is_finite = std::isfinite(block_sums_[task->first_block + block]);
      if (!is_finite || squares_overflow(*task, block)) look_again(*task, block, why);
    }
  }
  if (why.empty()) return false;
  refuse(last.non_finite > 0 ? Outcome::non_finite : Outcome::overflow, std::move(why));
  return true;
}

/// Counts what is not finite in the block, and says why the step is refused: for the first such element, or else for
/// the first whose square overflows.
void Step::look_again(const Task& task, std::size_t block, std::string& why) {
  const Parameter& parameter = parameters_[task.parameter];
  const std::string& name = parameters_.name(task.parameter);
  const bool squares_count = keeps_squares(task);
  const std::size_t end = std::min(parameter.size, (block + 1) * kNormBlock);
  for (std::size_t i = block * kNormBlock; i < end; ++i) {
    const double value = get(task.gradient, i, parameter.precision);
    if (!std::isfinite(value)) {
      if (last.non_finite++ > 0) continue;
      last.first_non_finite = name;
      why = "gradient of " + in_quotes(name) + " is not finite: element " + std::to_string(i) + " is " + to_text(value);
    } else if (why.empty() && squares_count && overflows(task, value)) {
      why = "gradient of " + in_quotes(name) + " is too large: the square of element " + std::to_string(i) + ", " +
            to_text(value) + ", is infinite in " + name_of(parameter.precision);
    }
  }
}

/// Does the rule keep squares of the gradient, and could one of this block be infinite? Half of the largest number
/// leaves room for roundings.
bool Step::squares_overflow(const Task& task, std::size_t block) const {
  const double squares = block_sums_[task.first_block + block] * task.scale * task.scale;
  const double most = parameters_[task.parameter].precision == Precision::f32
                          ? double{std::numeric_limits<float>::max()}
                          : std::numeric_limits<double>::max();
  return squares > most / 2 && keeps_squares(task);
}

/// Is the number's square infinite, once the gradient is scaled and clipped? Rounds as the kernels do.
bool Step::overflows(const Task& task, double value) const {
  const auto is_infinite = [&](auto scaled) {
    using T = decltype(scaled);
    if (settings_.clip.by == ClipBy::value) scaled = std::min(scaled, static_cast<T>(settings_.clip.limit));
    return std::isinf(scaled * scaled);
  };
  const double size = std::abs(value);
  return parameters_[task.parameter].precision == Precision::f32
             ? is_infinite(static_cast<float>(size) * static_cast<float>(task.scale))
             : is_infinite(size * task.scale);
}

bool Step::keeps_squares(const Task& task) const {
  const GroupRecord& group = groups_.at(parameters_[task.parameter].group);
  const auto is_square = [](const ColumnInfo& column) {
    return column.needed && column.kind == ColumnKind::second_moment;
  };
  return std::ranges::any_of(group.rule->columns_under(group.options, parameters_.record(task.parameter).layout),
                             is_square);
}

/// Ends the step with nothing changed but how many were refused; gradients that were accumulated for it are gone.
void Step::refuse(Outcome outcome, std::string why) {
  parameters_.drop_fresh_columns();
  drop_accumulated();
  ++counters_.refused;
  adapt_loss_scale(false);
  last.outcome = outcome;
  last.refused = std::move(why);
}

void Step::drop_accumulated() {
  if (settings_.accumulation.calls == 1) return;
  for (std::size_t i = 0; i < parameters_.size(); ++i) parameters_[i].accumulated = 0;
  counters_.accumulated = 0;
}

/// As PyTorch's GradScaler: torch/amp/grad_scaler.py, `update`.
void Step::adapt_loss_scale(bool applied) {
  const DynamicLossScale& dynamic = settings_.dynamic_loss_scale;
  if (!dynamic.on) return;
  const auto change = [&](double factor) {
    const double scale = settings_.loss_scale * factor;
    if (scale > 0 && std::isfinite(scale)) settings_.loss_scale = scale;
    counters_.good_steps = 0;
  };
  if (!applied) {
    change(dynamic.backoff);
  } else if (++counters_.good_steps >= dynamic.interval) {
    change(dynamic.growth);
  }
}

}  // namespace thalweg::inline v0_1

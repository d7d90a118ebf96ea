// The end of a step: its numbers are taken over, and what it did is reported.
#include "step/step.h"

#include <algorithm>
#include <cmath>

namespace thalweg::inline v0_1 {

void Step::commit() {
  report_tasks();
  ++counters_.steps;
  if (schedule_.schedule) ++schedule_.position.steps;
  const bool shared = settings_.step_count == StepCount::shared;
  const bool per_row = settings_.step_count == StepCount::per_row;
  for (const Task& task : tasks_) {
    Parameter& parameter = parameters_[task.parameter];
    parameter.averaged += task.averages ? 1 : 0;
    if (!task.steps || task.refused) continue;
    parameter.begun |= parameter.needed;
    if (task.sums != UINT32_MAX) sums_[task.sums].commit(parameters_, task.parameter);
    if (shared) continue;
    ++parameter.step;
    if (per_row) {
      commit_rows(task);
    } else if (const StepCoefficients& made = coefficients_[task.coefficients]; made.has_scalars) {
      parameter.scalars = made.scalars;
    }
  }
  for (const auto& [family, scalars] : family_scalars_) groups_.set_family_scalars(family, scalars);
  if (shared) {
    for (GroupRecord& group : groups_) {
      if (group.rule->advance != nullptr) {
        group.rule->advance(group.options, counters_.steps, group.shared_scalars.data());
      }
    }
  }
  drop_accumulated();
  adapt_loss_scale(true);
}

void Step::commit_rows(const Task& task) {
  RowNumbers& rows = parameters_.record(task.parameter).rows;
  const std::uint32_t needed = parameters_[task.parameter].needed;
  for (std::size_t run = task.first_run; run < task.end_run; ++run) {
    const StepCoefficients& made = coefficients_[runs_[run].coefficients];
    for (std::size_t row = runs_[run].begin; row < runs_[run].end; ++row) {
      rows.steps[row] = made.step;
      rows.begun[row] |= needed;
      if (!rows.scalars.empty()) rows.scalars[row] = made.scalars;
    }
  }
}

void Step::report_tasks() {
  if (!has_seen_non_finite_ && !looks() && !clips_by_norm()) return;
  const std::vector<const Task*>& ordered = in_order();
  for (const Task* task : ordered) {
    if (!has_seen_non_finite_) break;
    if (task->non_finite > 0 && last.non_finite == 0) last.first_non_finite = parameters_.name(task->parameter);
    last.non_finite += task->non_finite;
  }
  const double divisor = gradient_divisor();
  if (!last.gradient_norm && (looks() || clips_by_norm())) last.gradient_norm = gradient_norm_of_all() / divisor;
  if (!looks()) return;
  double update = 0, parameter = 0;
  for (const Task* task : ordered) {
    double its_update = 0, its_parameter = 0;
    std::uint64_t zeros = 0;
    const std::size_t size = parameters_[task->parameter].size;
    for (const BlockTotals& totals : std::span(block_totals_).subspan(task->first_block, count_blocks(size))) {
      its_update += totals.update;
      its_parameter += totals.parameter;
      zeros += totals.zeros;
    }
    update += its_update;
    parameter += its_parameter;
    if (execution_.report != Reporting::parameters) continue;
    last.parameters.push_back({.name = parameters_.name(task->parameter),
                               .gradient_norm = gradient_norm_of(*task) / divisor,
                               .update_norm = std::sqrt(its_update),
                               .parameter_norm = std::sqrt(its_parameter),
                               .clip_factor = task->clip_factor,
                               .zero_share = size == 0 ? 0 : static_cast<double>(zeros) / static_cast<double>(size),
                               .non_finite = task->non_finite});
  }
  last.update_norm = std::sqrt(update);
  last.parameter_norm = std::sqrt(parameter);
}

}  // namespace thalweg::inline v0_1

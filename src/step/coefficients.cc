// The coefficients of a step: once for each group and distinct step number.
#include "step/step.h"

#include <algorithm>

namespace thalweg {

std::uint32_t Step::coefficients_for(std::uint32_t index, std::int64_t step, const Scalars& scalars,
                                     std::uint32_t begun) {
  const Parameter& parameter = parameters_[index];
  const GroupRecord& group = groups_.at(parameter.group);
  const Rule& rule = *group.rule;
  // Most parameters of a group are at the same step, so the last one made is mostly the one that is looked for.
  for (std::size_t i = rule.by_layout ? 0 : coefficients_.size(); i-- > 0;) {
    const StepCoefficients& made = coefficients_[i];
    if (made.group == parameter.group && made.step == step && made.columns_begun == begun &&
        (!made.has_scalars || made.scalars_before == scalars)) {
      return static_cast<std::uint32_t>(i);
    }
  }
  StepCoefficients& fresh = coefficients_.emplace_back();
  fresh.group = parameter.group;
  fresh.step = step;
  fresh.columns_begun = begun;
  fresh.own = rule.by_layout;
  fresh.has_scalars = !rule.scalars.empty();
  fresh.columns = static_cast<std::uint8_t>(rule.columns.size());
  fresh.scalars_before = scalars;
  fresh.scalars = groups_.with_family(rule, scalars);
  if (rule.advance != nullptr) rule.advance(group.options, step, fresh.scalars.data());
  fresh.around = around(group.options);
  if (settings_.clip.by == ClipBy::value) fresh.around.limit = settings_.clip.limit;
  StepNumbers numbers{.step = step, .scalars = fresh.scalars.data(), .columns_begun = begun, .loss = loss_};
  if (rule.by_layout) numbers.layout = parameters_.record(index).layout;
  rule.coefficients(group.options, numbers, fresh.bytes.data());
  return static_cast<std::uint32_t>(coefficients_.size() - 1);
}

void Step::prepare(Task& task) {
  if (!task.steps) return;
  const Parameter& parameter = parameters_[task.parameter];
  const GroupRecord& group = groups_.at(parameter.group);
  if (parameter.columns_made_for != group.version) parameters_.complete_columns(task.parameter);
  if (settings_.step_count == StepCount::per_row) {
    prepare_rows(task);
    return;
  }
  const bool shared = settings_.step_count == StepCount::shared;
  task.coefficients = coefficients_for(task.parameter, (shared ? counters_.steps : parameter.step) + 1,
                                       shared ? group.shared_scalars : parameter.scalars, parameter.begun);
}

/// Cuts the parameter into runs of rows at the same step number.
void Step::prepare_rows(Task& task) {
  const Parameter& parameter = parameters_[task.parameter];
  const RowNumbers& rows = parameters_.record(task.parameter).rows;
  const std::size_t count = rows.steps.size();
  const std::size_t width = count == 0 ? 0 : parameter.size / count;
  const Scalars none{};
  const auto scalars_of = [&](std::size_t row) -> const Scalars& {
    return rows.scalars.empty() ? none : rows.scalars[row];
  };
  task.first_run = static_cast<std::uint32_t>(runs_.size());
  for (std::size_t begin = 0; begin < count;) {
    std::size_t end = begin + 1;
    while (end < count && rows.steps[end] == rows.steps[begin] && scalars_of(end) == scalars_of(begin)) ++end;
    const std::uint32_t begun = rows.steps[begin] > 0 ? parameter.begun : 0;
    const std::uint32_t coefficients =
        coefficients_for(task.parameter, rows.steps[begin] + 1, scalars_of(begin), begun);
    runs_.push_back({begin * width, end * width, coefficients});
    begin = end;
  }
  task.end_run = static_cast<std::uint32_t>(runs_.size());
  if (count > 0) task.coefficients = runs_[task.first_run].coefficients;
}

}  // namespace thalweg

// The coefficients of a step: once for each group and distinct step number.
#include "step/step.h"

#include <functional>
#include <unordered_map>

namespace thalweg::inline v0_1 {

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

namespace {

/// What the coefficients of a row depend on.
struct RowKey {
  std::int64_t step;
  std::uint32_t begun;
  Scalars scalars;
  bool operator==(const RowKey&) const = default;
};

struct RowKeyHash {
  std::size_t operator()(const RowKey& key) const {
    return std::hash<std::int64_t>()(key.step) * 31 + std::hash<double>()(key.scalars[0]);
  }
};

}  // namespace

/// Cuts the parameter into runs of rows that have the same numbers.
void Step::prepare_rows(Task& task) {
  const RowNumbers& rows = parameters_.record(task.parameter).rows;
  const std::size_t count = rows.steps.size();
  const auto alike = [&](std::size_t a, std::size_t b) {
    return rows.steps[a] == rows.steps[b] && rows.begun[a] == rows.begun[b] &&
           (rows.scalars.empty() || rows.scalars[a] == rows.scalars[b]);
  };
  std::unordered_map<RowKey, std::uint32_t, RowKeyHash> made;  // rows of all ages may lie mixed
  task.first_run = static_cast<std::uint32_t>(runs_.size());
  for (std::size_t begin = 0; begin < count;) {
    std::size_t end = begin + 1;
    while (end < count && alike(begin, end)) ++end;
    const RowKey key{rows.steps[begin], rows.begun[begin], rows.scalars.empty() ? Scalars{} : rows.scalars[begin]};
    const auto [entry, is_new] = made.try_emplace(key);
    if (is_new) entry->second = coefficients_for(task.parameter, key.step + 1, key.scalars, key.begun);
    runs_.push_back({begin, end, entry->second});
    begin = end;
  }
  task.end_run = static_cast<std::uint32_t>(runs_.size());
  if (count > 0) task.coefficients = runs_[task.first_run].coefficients;
}

}  // namespace thalweg::inline v0_1

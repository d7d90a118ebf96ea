// What rules make of the sums of a step: scalars, small columns, coefficients.
#include "step/step.h"

#include <algorithm>
#include <limits>

namespace thalweg::inline v0_1 {

namespace {

std::array<std::span<const double>, kMaxSums> spans_of(const std::array<std::vector<double>, kMaxSums>& sums) {
  std::array<std::span<const double>, kMaxSums> spans;
  std::ranges::copy(sums, spans.begin());
  return spans;
}

double smallest_normal(Precision precision) {
  return precision == Precision::f32 ? double{std::numeric_limits<float>::min()} : std::numeric_limits<double>::min();
}

bool has_sum_over_all(const Rule& rule, std::size_t round) {
  return std::ranges::any_of(rule.sums,
                             [&](const SumInfo& sum) { return sum.round == round && sum.scope == SumScope::all; });
}

}  // namespace

bool Step::settle(std::span<Task> tasks, std::size_t round) {
  for (const std::uint32_t first : groups_.families()) {
    const GroupRecord& group = groups_.at(first);
    if (has_sum_over_all(*group.rule, round) && !settle_all(tasks, group, round)) return false;
  }
  for (Task& task : tasks) {
    if (task.sums == UINT32_MAX || task.refused) continue;
    const Parameter& parameter = parameters_[task.parameter];
    const GroupRecord& group = groups_.at(parameter.group);
    if (round >= group.rule->rounds) continue;
    StepCoefficients& made = coefficients_[task.coefficients];
    TaskSums& own = sums_[task.sums];
    if (const auto family = family_scalars_.find(group.rule->family); family != family_scalars_.end()) {
      for (std::size_t i = 0; i < group.rule->scalars.size(); ++i) {
        if (group.rule->scalars[i].owner == ScalarOwner::optimizer) made.scalars[i] = family->second[i];
      }
    }
    const auto sums = spans_of(own.sums);
    std::array<std::span<double>, kMaxColumns> columns;
    std::ranges::copy(own.columns, columns.begin());
    const Settling settling{.round = round,
                            .numbers = {.step = made.step,
                                        .scalars = made.scalars.data(),
                                        .columns_begun = made.columns_begun,
                                        .layout = parameters_.record(task.parameter).layout,
                                        .loss = loss_},
                            .sums = sums.data(),
                            .columns = columns.data(),
                            .scalars = made.scalars.data(),
                            .smallest_normal = smallest_normal(parameter.precision)};
    task.refused = !group.rule->settle(group.options, settling, made.bytes.data());
    if (group.rule->show != nullptr) {
      std::array<std::span<double>, kMaxColumns> shown;
      std::ranges::copy(own.shown, shown.begin());
      group.rule->show(group.options, settling, shown.data());
    }
    own.round(parameter.precision);
  }
  return true;
}

/// Sums over all parameters under one family of rules, in the order of the parameters, and what the rule makes of them.
bool Step::settle_all(std::span<Task> tasks, const GroupRecord& group, std::size_t round) {
  const Rule& rule = *group.rule;
  std::vector<const Task*> ordered;
  for (const Task& task : tasks) {
    if (task.sums != UINT32_MAX && parameters_.rule(task.parameter).family == rule.family) ordered.push_back(&task);
  }
  std::ranges::sort(ordered, {}, &Task::parameter);
  std::array<std::vector<double>, kMaxSums> totals;
  for (std::size_t k = 0; k < rule.sums.size(); ++k) {
    if (rule.sums[k].round != round || rule.sums[k].scope != SumScope::all) continue;
    totals[k].assign(1, 0);
    for (const Task* task : ordered) {
      const std::vector<double>& its = sums_[task->sums].sums[k];
      totals[k][0] += its.empty() ? 0 : its[0];
    }
    for (const Task* task : ordered) sums_[task->sums].sums[k] = totals[k];
  }
  if (rule.settle_all == nullptr) return true;
  const auto sums = spans_of(totals);
  const std::array<std::span<double>, kMaxColumns> no_columns;
  Scalars& scalars =
      family_scalars_.try_emplace(rule.family, groups_.with_family(rule, first_scalars(rule))).first->second;
  const Settling settling{.round = round,
                          .numbers = {.step = counters_.steps + 1, .scalars = scalars.data(), .loss = loss_},
                          .sums = sums.data(),
                          .columns = no_columns.data(),
                          .scalars = scalars.data()};
  return rule.settle_all(group.options, settling);
}

}  // namespace thalweg::inline v0_1

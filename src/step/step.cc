// The flow of a step: in one call, or in parts.
#include "step/step.h"

#include "text.h"
#include "threads/environment.h"

#include <thalweg/error.h>

#include <algorithm>

namespace thalweg::inline v0_1 {

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::applied:
      return "applied";
    case Outcome::accumulated:
      return "accumulated";
    case Outcome::non_finite:
      return "non_finite";
    case Outcome::overflow:
      return "overflow";
    case Outcome::by_rule:
      return "by_rule";
  }
  return "unknown";
}

void Step::whole(std::span<const Gradient> gradients, std::optional<double> loss) {
  const DefaultEnvironment environment;
  begin(loss);
  for (const Gradient& gradient : gradients) admit(gradient);
  clear_report();
  if (settings_.accumulation.calls > 1 && !accumulate()) {
    last.outcome = Outcome::accumulated;
    last.refused = "gradients of " + std::to_string(counters_.accumulated) + " of " +
                   std::to_string(settings_.accumulation.calls) + " calls are accumulated";
    return;
  }
  if (averages_now()) plan_averages();
  plan_.update(sizes_, threads);
  if (settings_.check == Check::guard || clips_by_norm()) {
    sum_squares(tasks_);
    clip_gradients(tasks_);
  }
  if (settings_.check == Check::guard && guard_refuses()) return;
  for (Task& task : tasks_) prepare(task);
  if (has_sums() && !gather_and_settle(tasks_)) {
    refuse(Outcome::by_rule, "the rule's sums over all parameters gave no step to take");
    return;
  }
  run(tasks_);
  commit();
}

/// Keeps the memory of its list.
void Step::clear_report() {
  std::vector<ParameterReport> list = std::move(last.parameters);
  list.clear();
  last = {};
  last.parameters = std::move(list);
}

void Step::begin_parts(std::optional<double> loss) {
  const auto refuse_to_begin = [](const std::string& what, const std::string& instead) {
    throw Error("begin_step: " + what + " must see all gradients first; " + instead);
  };
  if (settings_.clip.by == ClipBy::global_norm) {
    refuse_to_begin("clipping by the global norm", "clip by norm or value, or take the step in one call of step()");
  }
  if (settings_.dynamic_loss_scale.on) {
    refuse_to_begin("a dynamic loss scale", "use a constant one, or take the step in one call of step()");
  }
  if (settings_.check == Check::guard) {
    refuse_to_begin("Check::guard", "use Check::detect, or take the step in one call of step()");
  }
  if (settings_.accumulation.calls > 1) {
    refuse_to_begin("accumulation", "take the step in one call of step()");
  }
  for (const GroupRecord& group : groups_) {
    const auto over_all = [](const SumInfo& sum) { return sum.scope == SumScope::all; };
    if (std::ranges::any_of(group.rule->sums, over_all)) {
      refuse_to_begin(std::string(group.rule->name) + ", which sums over all parameters,",
                      "take the step in one call of step()");
    }
  }
  begin(loss);
  clear_report();
  in_parts_ = true;
}

void Step::part(const Gradient& gradient) {
  const DefaultEnvironment environment;
  const std::size_t first = tasks_.size(), blocks = blocks_;
  try {
    admit(gradient);
    Task& task = tasks_.back();
    if (averages_now()) share_average(task);
    plan_.update(std::span(sizes_).subspan(first), threads);
    const std::span<Task> added = std::span(tasks_).subspan(first);
    if (clips_by_norm()) {
      sum_squares(added);
      clip_gradients(added);
    }
    prepare(task);
    if (has_sums()) gather_and_settle(added);
    run(added);
    if (looks()) task.norm = gradient_norm_of(task);  // now: the caller may free the gradient
  } catch (...) {
    if (tasks_.size() > first) {
      parameters_[tasks_.back().parameter].last_step = 0;
      tasks_.resize(first);
      sizes_.resize(first);
      blocks_ = blocks;
    }
    throw;
  }
}

void Step::end_parts() {
  const DefaultEnvironment environment;
  const std::size_t stepped = tasks_.size();
  if (averages_now()) {
    plan_averages();
    plan_.update(std::span(sizes_).subspan(stepped), threads);
    run(std::span(tasks_).subspan(stepped));
  }
  commit();
  in_parts_ = false;
}

}  // namespace thalweg::inline v0_1

// Near misses: how far into a recording something fits, and what comes nearest to the whole of it.
#include "identify/near.h"

#include "identify/judge.h"
#include "identify/search.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace thalweg::lab::identify {
namespace {

constexpr Effort kEffort{40, kRounding / 2};
constexpr std::size_t kFewestNumbers = 16;  // fewer of them many formulas would fit
constexpr std::size_t kMostFollowed = 20;
constexpr double kAlikeUpdates = 1e-4;  // of an element's typical change

/// The first marks of a view.
View beginning(const View& view, std::size_t marks) {
  View result = view;
  result.marks.resize(marks);
  result.steps = result.marks.back().to;
  result.gradients.resize(static_cast<std::size_t>(result.steps));
  for (std::vector<double>* list : {&result.before, &result.changes, &result.noise})
    list->resize(marks * view.elements);
  return result;
}

/// A variant that fits the first `marks` marks, and no more.
struct Beginning {
  const Variant* variant;
  Fit fit;
  std::size_t marks;
};

std::optional<Fit> fit_to(const View& view, const Variant& variant, const Options& start) {
  const Problem problem = problem_of(view, variant, start);
  const std::optional<Fit> found = fit(without_jumps(problem), kEffort);
  if (found && passes(found->misfit)) return simplify(problem, *found);
  return std::nullopt;
}

/// Follows a fit of the first `marks` marks as far as it goes.
Beginning follow(const View& view, const Variant& variant, const Fit& first, std::size_t marks) {
  Beginning result{&variant, first, marks};
  std::size_t beyond = view.marks.size();
  while (result.marks + 1 < beyond) {
    const std::size_t middle = (result.marks + beyond) / 2;
    if (const auto longer = fit_to(beginning(view, middle), variant, result.fit.options)) {
      result = {&variant, *longer, middle};
    } else {
      beyond = middle;
    }
  }
  return result;
}

/// What fits the recording up to some step, those that go furthest first.
std::vector<Beginning> beginnings(const Views& views, const std::vector<Tried>& tried) {
  std::vector<Beginning> result;
  for (std::size_t marks = views.of_elements.marks.size() / 2; result.empty() && marks >= 1; marks /= 2) {
    for (const Tried& one : tried) {
      const View& view = views(one.variant.options.rule());
      if (marks > view.marks.size() || marks * view.elements < kFewestNumbers) continue;
      const View part = beginning(view, marks);
      const std::optional<Fit> found = search(part, one.variant, {one.fit.options}, kEffort);
      if (!found || !passes(found->misfit)) continue;
      result.push_back({&one.variant, *found, marks});
      if (result.size() >= kMostFollowed) break;
    }
  }
  for (Beginning& one : result) {
    one = follow(views(one.variant->options.rule()), *one.variant, one.fit, one.marks);
  }
  std::ranges::stable_sort(result, std::ranges::greater(), [](const Beginning& one) {
    return std::pair(one.marks, -std::ranges::count(one.fit.options.text(), '='));
  });
  return result;
}

/// The first recorded step whose changes are others.
std::int64_t first_other_step(const View& view, const std::vector<double>& changes) {
  for (std::size_t m = 0; m < view.marks.size(); ++m) {
    for (std::size_t k = m * view.elements; k < (m + 1) * view.elements; ++k) {
      const double error = std::abs(changes[k] - view.changes[k]);
      const double close = kCloseUpdates * view.typical[k % view.elements];
      if (!(error <= std::max(10 * kMostUnits * view.noise[k], close))) return view.marks[m].to;
    }
  }
  return view.marks.back().to;
}

/// Would somebody who looks for a mistake take them for two findings?
bool are_apart(const View& view, const std::vector<double>& a, const std::vector<double>& b) {
  for (std::size_t k = 0; k < a.size(); ++k) {
    if (!(std::abs(a[k] - b[k]) <= kAlikeUpdates * view.typical[k % view.elements])) return true;
  }
  return false;
}

NearMiss measured(const Recording& recording, const View& all, const Options& options, StepCount step_count,
                  const std::vector<double>& changes) {
  return {options, replay_error(recording, options, step_count), misfit(all, changes).relative,
          first_other_step(all, changes)};
}

}  // namespace

std::vector<NearMiss> nearest(const Recording& recording, const View& all, const Views& fitted,
                              std::vector<Tried> tried, std::size_t count) {
  std::vector<NearMiss> result;
  std::vector<std::vector<double>> seen;  // their changes
  const auto add = [&](const Options& options, StepCount step_count) {
    std::vector<double> changes = changes_of(all, options, step_count);
    const auto is_same = [&](const std::vector<double>& other) { return !are_apart(all, other, changes); };
    if (std::ranges::any_of(seen, is_same)) return;
    result.push_back(measured(recording, all, options, step_count, changes));
    seen.push_back(std::move(changes));
  };
  for (const Beginning& one : beginnings(fitted, tried)) {
    if (result.size() >= count) return result;
    add(one.fit.options, one.variant->step_count);
  }
  std::ranges::stable_sort(tried, {}, [](const Tried& one) { return one.fit.misfit.mean_square; });
  if (tried.size() > 3 * count) tried.erase(tried.begin() + static_cast<std::ptrdiff_t>(3 * count), tried.end());
  for (Tried& one : tried) {
    const View& view = fitted(one.variant.options.rule());
    const Problem problem = without_jumps(problem_of(view, one.variant, one.fit.options));
    if (const auto found = fit(problem, kEffort)) one.fit = *found;
  }
  std::ranges::stable_sort(tried, {}, [](const Tried& one) { return one.fit.misfit.mean_square; });
  for (const Tried& one : tried) {
    if (result.size() >= count) break;
    add(one.fit.options, one.variant.step_count);
  }
  return result;
}

}  // namespace thalweg::lab::identify

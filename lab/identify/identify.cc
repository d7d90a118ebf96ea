// Identify: fits every formula to a part of the recording, and holds those that fit to all of it.
#include "identify/identify.h"

#include "identify/hints.h"
#include "identify/judge.h"
#include "identify/near.h"
#include "identify/search.h"
#include "identify/spell.h"
#include "identify/trait.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace thalweg::lab::identify {
namespace {

constexpr std::size_t kFirstElements = 12, kFittedElements = 64;
constexpr std::size_t kFirstNumbers = 64;  // that the first look needs
constexpr std::size_t kFirstMarks = 8;
constexpr std::size_t kFittedNumbers = 12'800;
// Where parameters are recorded seldom, the first look takes fewer marks than it likes, but no more steps than this.
constexpr std::int64_t kFirstSteps = 200;
constexpr std::size_t kLeastMarks = 2;
// Steps times elements: 11 s of a processor's core where 8 · 10⁷ of them take one, and what finishing may take on top.
constexpr std::int64_t kMostWork = 900'000'000, kMostFinishingWork = 200'000'000;

/// The last step of a view of so many numbers, no further than `most` if that leaves enough marks.
std::int64_t steps_for(const Recording& recording, std::size_t elements, std::size_t numbers, std::size_t marks,
                       std::int64_t most) {
  const std::vector<std::int64_t> steps = recorded_steps(recording);
  std::size_t wanted = std::max(marks, numbers / std::max<std::size_t>(1, elements));
  wanted = std::min(wanted, steps.size());
  while (wanted > kLeastMarks && steps[wanted - 1] > most) --wanted;
  return steps[wanted - 1];
}

bool has_missing_gradients(const Recording& recording) {
  return std::ranges::any_of(recording.gradients, [](const auto& gradient) { return !gradient; }) ||
         !std::ranges::all_of(recording.without, &std::vector<std::size_t>::empty);
}

std::vector<StepCount> step_counts(const Recording& recording) {
  if (!has_missing_gradients(recording)) return {StepCount::per_parameter};
  return {StepCount::per_parameter, StepCount::shared};
}

bool is_zero(const std::vector<double>& values) {
  return std::ranges::all_of(values, [](double x) { return x == 0; });
}

/// Why this recording fits everything; empty if it does not.
std::string nothing_to_tell(const View& all, const Known& known) {
  if (!is_zero(all.changes)) return {};
  if (std::ranges::all_of(all.gradients, is_zero)) return "all gradients are zero and the parameters stay as they are";
  const auto is_zero_rate = [](const auto& entry) { return entry.second == 0; };
  if (all.lrs.empty() ? !known.has("lr") : std::ranges::all_of(all.lrs, is_zero_rate)) {
    return "the parameters stay as they are, as they do under every rule with lr = 0";
  }
  return {};
}

/// Ways against (false) or along (true) the gradient that the first change under a gradient allows, the likelier first.
std::vector<bool> directions(const View& view) {
  std::vector<double> sum(view.elements);
  std::size_t up = 0, down = 0;
  for (std::size_t m = 0; m < view.marks.size() && up + down == 0; ++m) {
    for (std::int64_t step = view.marks[m].from; step < view.marks[m].to; ++step) {
      const std::vector<double>& gradient = view.gradients[static_cast<std::size_t>(step)];
      for (std::size_t i = 0; i < gradient.size(); ++i) sum[i] += gradient[i];
    }
    for (std::size_t i = 0; i < view.elements; ++i) {
      const double along = sum[i] * view.changes[m * view.elements + i];
      up += along > 0;
      down += along < 0;
    }
  }
  if (up == 0) return {false};
  if (down == 0) return {true};
  return {up > down, up <= down};
}

/// Rules that sum over parameters need them whole.
std::string parameters_are_too_large(const Recording& recording) {
  if (!whole_parameters(recording, 1).elements.empty()) return {};
  return "LAMB, LARS and Adafactor, which sum over whole parameters, were not looked for, because all parameters here "
         "are large: record a small one (splits and shapes tell the parameters)";
}

/// One recording's search.
class Search {
 public:
  Search(const UnknownRun& run, const Wishes& wishes)
      : run_(run),
        wishes_(wishes),
        rtol_(wishes.rtol ? wishes.rtol : run.recording.rtol),
        precision_{run.recording.is_float64, rtol_.value_or(0)},
        all_(make_view(run.recording, all_elements(run.recording), last_step(), precision_)),
        first_(parts(kFirstElements, kFirstNumbers, kFirstMarks, kFirstSteps)),
        fitted_(parts(kFittedElements, kFittedNumbers, kFirstMarks, last_step())) {
    answer_.tolerance = tolerance(run.recording.is_float64, rtol_);
    all_.budget = &budget_;
    for (Views* views : {&first_, &fitted_}) {
      for (View* view : {&views->of_elements, &views->of_parameters}) view->budget = &budget_;
    }
  }

  Answer answer() {
    answer_.nothing_to_tell = nothing_to_tell(all_, run_.known);
    if (!answer_.nothing_to_tell.empty()) return answer_;
    work(kMostWork, [&] { look_for_all(); });
    work(kMostFinishingWork, [&] { finish(); });
    return answer_;
  }

 private:
  std::int64_t last_step() const { return recorded_steps(run_.recording).back(); }

  Views parts(std::size_t elements, std::size_t numbers, std::size_t marks, std::int64_t most_steps) const {
    const auto view = [&](const Part& part) {
      if (part.elements.empty()) return View();
      const std::int64_t steps = steps_for(run_.recording, part.elements.size(), numbers, marks, most_steps);
      return make_view(run_.recording, part, steps, precision_);
    };
    return {view(diverse_elements(run_.recording, elements)), view(whole_parameters(run_.recording, elements))};
  }

  /// Does a part of the search, as far as so much work allows.
  template <class Part>
  void work(std::int64_t most, Part&& part) {
    budget_ = most;
    try {
      part();
    } catch (const CutShort&) {
      answer_.is_cut_short = true;
    }
  }

  void look_for_all() {
    std::vector<bool> ways = directions(first_.of_elements);
    if (run_.known.has("maximize")) ways = {false};  // what is known holds
    for (const bool maximize : ways) {
      look_for(maximize);
      if (!answer_.candidates.empty()) return;
    }
  }

  void finish() {
    if (answer_.candidates.empty()) {
      answer_.near = nearest(run_.recording, all_, fitted_, std::move(tried_), wishes_.near);
      answer_.hints = what_may_be_wrong(answer_.near, run_.recording);
      if (auto hint = parameters_are_too_large(run_.recording); !hint.empty()) {
        answer_.hints.insert(answer_.hints.begin(), std::move(hint));
      }
      return;
    }
    keep_the_best();
    spell(answer_.candidates, fitted_, run_.recording, has_missing_gradients(run_.recording));
    answer_.hints = what_would_tell(answer_.candidates, run_.recording);
  }

  void look_for(bool maximize) {
    const std::vector<Group> groups = all_variants(first_, run_.known, maximize, step_counts(run_.recording));
    std::vector<const Group*> fitting;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      wishes_.progress(static_cast<double>(i) / static_cast<double>(groups.size()));
      const Group& group = groups[i];
      const auto is_extended = [&](const Group* shorter) {
        return std::ranges::any_of(*shorter, [&](const Variant& v) { return extends(group.front(), v); });
      };
      if (std::ranges::any_of(fitting, is_extended)) continue;
      const View& first = first_(group.front().options.rule());
      const std::optional<Fit> found = search(first, group.front(), {}, {40, kRounding / 2});
      if (!found) continue;
      tried_.push_back({group.front(), *found});
      if (!passes(found->misfit)) continue;
      if (const std::optional<Fit> whole = fit_whole(group.front(), *found)) {
        fitting.push_back(&group);
        add_candidates(group, *whole);
      }
    }
  }

  /// Goes on from a fit of the first look with more of the recording.
  std::optional<Fit> fit_whole(const Variant& variant, const Fit& first) const {
    const View& fitted = fitted_(variant.options.rule());
    std::optional<Fit> found = fit(without_jumps(problem_of(fitted, variant, first.options)), {40, kRounding / 2});
    if (found && passes(found->misfit)) return found;
    found = search(fitted, variant, {first.options}, {40, kRounding / 2});
    if (found && passes(found->misfit)) return found;
    return std::nullopt;
  }

  void add_candidates(const Group& group, const Fit& whole) {
    const Variant& front = group.front();
    const View& fitted = fitted_(front.options.rule());
    Problem problem = problem_of(fitted, front, whole.options);
    const Fit simple = simplify(problem, whole);
    problem.options = simple.options;
    const std::vector<Unknown> off = unknowns_of(fitted, front, could_be_on(front));
    const std::vector<OpenOption> open = open_options(problem, off, simple.misfit.mean_square);
    for (const Variant& variant : group) {
      Options options = simple.options;
      for (const OptionInfo& info : options.rule().options) {
        if (info.type == OptionType::boolean || is_of_shapes(info)) {
          options.set(info.name, variant.options.get(info.name));
        }
      }
      options = with_idle_booleans(options, variant.step_count).front();
      Candidate candidate{{options, open, front.free}, {variant.step_count}, {}, 0, 0, true, {}, {}};
      if (holds(candidate)) answer_.candidates.push_back(std::move(candidate));
    }
  }

  /// Does the candidate give the whole recording? Measures it.
  bool holds(Candidate& candidate) const {
    const StepCount step_count = candidate.step_counts.front();
    const Misfit whole = misfit(all_, changes_of(all_, candidate.options, step_count));
    candidate.largest_error = replay_error(run_.recording, candidate.options, step_count);
    candidate.deviation = std::sqrt(whole.mean_square);
    candidate.is_exact = is_exact(whole);
    return passes(whole) && candidate.largest_error <= answer_.tolerance;
  }

  /// Takes out what the recording tells apart from the best.
  void keep_the_best() {
    double best = std::numeric_limits<double>::infinity();
    for (const Candidate& candidate : answer_.candidates) best = std::min(best, candidate.deviation);
    const double most = std::sqrt(std::max(kToldApart * best * best, kToldApart * kRounding));
    std::erase_if(answer_.candidates, [&](const Candidate& candidate) { return candidate.deviation > most; });
  }

  const UnknownRun& run_;
  const Wishes& wishes_;
  std::optional<double> rtol_;
  Precision precision_;
  View all_;
  Views first_, fitted_;
  std::int64_t budget_ = 0;
  std::vector<Tried> tried_;
  Answer answer_;
};

}  // namespace

Answer identify(const UnknownRun& run, const Wishes& wishes) { return Search(run, wishes).answer(); }

}  // namespace thalweg::lab::identify

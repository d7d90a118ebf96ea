// Simplify: tries round values in place of fitted ones, the least certain option first.
#include "identify/simplify.h"

#include "identify/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <string_view>

namespace thalweg::lab::identify {
namespace {

constexpr int kMostDigits = 6;
constexpr int kIterations = 25;

double with_digits(double value, int digits) {
  return std::strtod(fmt::format("{:.{}e}", value, digits - 1).c_str(), nullptr);
}

/// Values that the option may have been given where the fit found `value`, the likeliest first.
std::vector<double> written_values(const OptionInfo& info, const Unknown& unknown, double value) {
  std::vector<double> result{info.default_value};
  if (info.range.contains(0)) result.push_back(0);
  if (info.range.high == 1 && !info.range.high_open) result.push_back(1);
  if (unknown.trait.jumps) result.insert(result.end(), unknown.trait.starts.begin(), unknown.trait.starts.end());
  std::vector<double> round;
  for (int digits = 1; digits <= kMostDigits; ++digits) {
    round.push_back(with_digits(value, digits));
    if (info.range.high <= 1) round.push_back(with_digits(1 - with_digits(1 - value, digits), kMostDigits + digits));
  }
  result.insert(result.end(), round.begin(), round.end());
  // Frameworks that keep it as a float32.
  for (const double x : round) result.push_back(static_cast<float>(x));
  std::vector<double> unique;
  for (const double x : result) {
    if (info.range.contains(x) && unknown.trait.allows(x) && std::ranges::find(unique, x) == unique.end())
      unique.push_back(x);
  }
  return unique;
}

/// The problem with η as an unknown like the others.
Problem with_explicit_lr(const Problem& problem) {
  Problem result = problem;
  if (!problem.projects_lr) return result;
  result.projects_lr = false;
  const auto lr = static_cast<std::size_t>(problem.options.rule().find_option("lr"));
  result.unknowns.push_back({lr, trait_of(problem.options, lr, 0)});
  return result;
}

/// The problem with this option given.
Problem with_given(const Problem& problem, std::size_t option, double value) {
  Problem result = problem;
  const std::string_view name = problem.options.rule().options[option].name;
  result.options.set(name, value);
  std::erase_if(result.unknowns, [&](const Unknown& unknown) { return unknown.option == option; });
  if (name == "lr") result.projects_lr = false;
  return result;
}

/// Fits what is left. Options that jump are tried one after another.
std::optional<Fit> refit(Problem problem, double goal) {
  const auto jumping =
      std::ranges::find_if(problem.unknowns, [](const Unknown& unknown) { return unknown.trait.jumps; });
  if (jumping == problem.unknowns.end()) {
    std::optional<Fit> found = fit(problem, {kIterations, goal});
    if (found && found->misfit.mean_square <= goal) return found;
    return std::nullopt;
  }
  std::vector<double> values = jumping->trait.starts;
  values.insert(values.begin(), problem.options.values()[jumping->option]);
  for (const double value : values) {
    if (auto found = refit(with_given(problem, jumping->option, value), goal)) return found;
  }
  return std::nullopt;
}

/// Could the unknown be this value, as far as its deviation on the scale tells? It tells nothing where another value
/// of the others, or a bound of a step's size, makes up for it.
bool is_within(const Unknown& unknown, double value, double found, double deviation) {
  if (unknown.trait.jumps || !std::isfinite(deviation)) return true;
  const double reach = std::max(8 * deviation, 1e-8);
  const double here = unknown.trait.to_scale(found);
  const double low = unknown.trait.from_scale(here - reach), high = unknown.trait.from_scale(here + reach);
  // On a logarithm what is uncertain may as well be nothing.
  return value <= high && (value >= low || low <= unknown.trait.low || deviation > 0.3);
}

}  // namespace

Fit simplify(const Problem& problem, const Fit& start) {
  const double goal = as_good_as(start.misfit.mean_square, *problem.view);
  Problem left = problem;
  left.options = start.options;
  Problem explicit_problem = with_explicit_lr(left);
  const std::vector<double> spread = deviations(explicit_problem, std::max(start.misfit.mean_square, kRounding));
  std::vector<std::size_t> order(spread.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::ranges::greater(), [&](std::size_t i) { return spread[i]; });
  Fit best = start;
  for (const std::size_t i : order) {
    const Unknown& unknown = explicit_problem.unknowns[i];
    const OptionInfo& info = best.options.rule().options[unknown.option];
    const double found = best.options.values()[unknown.option];
    for (const double value : written_values(info, unknown, found)) {
      const bool is_plain = value == 0 || value == info.default_value || value == with_digits(found, 1);
      if (!is_plain && !is_within(unknown, value, found, spread[i])) continue;
      const Problem given = with_given(left, unknown.option, value);
      const std::optional<Fit> refitted = refit(given, goal);
      if (!refitted) continue;
      best = *refitted;
      left = given;
      left.options = best.options;
      break;
    }
  }
  return best;
}

namespace {

/// Looks how far one option can be moved while the others follow.
class Walk {
 public:
  Walk(const Problem& problem, const Unknown& unknown, double goal)
      : problem_(problem), unknown_(unknown), goal_(goal) {}

  bool is_possible(double value) const {
    return refit(with_given(problem_, unknown_.option, value), goal_).has_value();
  }

  /// The last possible value in this direction from here; the bound of the option's range if there is no end.
  double last(double here, double direction, double first_step) const {
    const Trait& trait = unknown_.trait;
    const Range& range = problem_.options.rule().options[unknown_.option].range;
    double reached = trait.to_scale(here), beyond = reached;
    for (double step = first_step;; step *= 2) {
      beyond = trait.to_scale(here) + direction * step;
      const double value = trait.from_scale(beyond);
      const bool is_bound = direction < 0 ? value <= trait.low : value >= trait.high;
      if (!is_possible(value)) break;
      if (is_bound) return direction < 0 ? range.low : range.high;
      reached = beyond;
    }
    for (int halving = 0; halving < 5; ++halving) {
      const double middle = (reached + beyond) / 2;
      (is_possible(trait.from_scale(middle)) ? reached : beyond) = middle;
    }
    return trait.from_scale(reached);
  }

 private:
  const Problem& problem_;
  const Unknown& unknown_;
  double goal_;
};

}  // namespace

std::vector<OpenOption> open_options(const Problem& found, const std::vector<Unknown>& off, double mean_square) {
  constexpr double kCertain = 3e-3;  // deviation on the scale: a third of a percent
  const double goal = as_good_as(mean_square, *found.view);
  std::vector<OpenOption> result;
  Problem problem = found;
  for (const Unknown& unknown : off) {
    const Walk walk(found, unknown, goal);
    const double usual = unknown.trait.starts.front();
    if (!walk.is_possible(usual)) continue;
    result.push_back({std::string(found.options.rule().options[unknown.option].name), 0, walk.last(usual, 1, 0.5)});
    problem.unknowns.push_back(unknown);  // others may follow it
  }
  const Problem all = with_explicit_lr(problem);
  const std::vector<double> spread = deviations(all, std::max(mean_square, kRounding));
  for (std::size_t i = 0; i < spread.size(); ++i) {
    const Unknown& unknown = all.unknowns[i];
    const OptionInfo& info = problem.options.rule().options[unknown.option];
    const auto is_this = [&](const OpenOption& open) { return open.option == info.name; };
    if (std::ranges::any_of(result, is_this) || (spread[i] < kCertain && !unknown.trait.jumps)) continue;
    const double value = problem.options.values()[unknown.option], step = std::clamp(3 * spread[i], 0.02, 1.0);
    const Walk walk(problem, unknown, goal);
    const OpenOption open{std::string(info.name), walk.last(value, -1, step), walk.last(value, 1, step)};
    if (open.high - open.low > 0.01 * std::abs(value)) result.push_back(open);
  }
  return result;
}

}  // namespace thalweg::lab::identify

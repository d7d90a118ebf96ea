// Search: informed starts for the options of a variant, and the best of the fits that begin there.
#include "identify/search.h"

#include "identify/rprop_starts.h"
#include "identify/trait.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>
#include <utility>

namespace thalweg::lab::identify {
namespace {

constexpr std::size_t kMostStarts = 260;  // that are looked at
constexpr std::size_t kFits = 3;          // of the best that are begun
constexpr std::size_t kMostValues = 6;    // of an option; one with more is tried on a ladder

double largest_gradient(const View& view) {
  double largest = 0;
  for (const std::vector<double>& gradient : view.gradients) {
    for (const double g : gradient) largest = std::max(largest, std::abs(g));
  }
  return largest;
}

/// Puts what the recording shows in front of the usual starts of Rprop.
void add_rprop_starts(const View& view, const Options& options, std::vector<Unknown>& unknowns) {
  const RpropSigns signs = read_off_rprop(view, options.get("maximize") != 0);
  for (Unknown& unknown : unknowns) {
    const std::string_view name = options.rule().options[unknown.option].name;
    const auto put = [&](std::string_view option, const std::optional<double>& value) {
      if (name == option && value) {
        unknown.trait.starts.insert(unknown.trait.starts.begin(),
                                    std::clamp(*value, unknown.trait.low, unknown.trait.high));
      }
    };
    put("lr", signs.lr);
    put("eta_minus", signs.eta_minus);
    put("eta_plus", signs.eta_plus);
    put("step_min", signs.step_min);
    put("step_max", signs.step_max);
  }
}

/// Are changes proportional to η?
bool is_proportional(const View& view, const Variant& variant, Options options) {
  options.set("lr", 0.5);
  const std::vector<double> half = changes_of(view, options, variant.step_count);
  options.set("lr", 1);
  const std::vector<double> whole = changes_of(view, options, variant.step_count);
  for (std::size_t k = 0; k < half.size(); ++k) {
    if (!(std::abs(whole[k] - 2 * half[k]) <= 1e-9 * std::abs(whole[k]) + 1e-12)) return false;
  }
  return true;
}

Options at_first_starts(const Problem& problem) {
  Options options = problem.options;
  for (const Unknown& unknown : problem.unknowns) {
    if (unknown.trait.starts.empty()) continue;
    options.set(options.rule().options[unknown.option].name, unknown.trait.starts.front());
  }
  return options;
}

/// Every combination of the unknowns' starts, of fewer of them where these would be too many.
std::vector<Options> grid(const Problem& problem) {
  std::vector<std::vector<double>> lists;
  for (const Unknown& unknown : problem.unknowns) {
    lists.push_back(unknown.trait.starts);
    std::erase_if(lists.back(), [&](double value) { return !unknown.trait.allows(value); });
    if (lists.back().empty()) lists.back() = {problem.options.values()[unknown.option]};
  }
  const auto count = [&] {
    std::size_t product = 1;
    for (const auto& list : lists) product *= list.size();
    return product;
  };
  while (count() > kMostStarts) std::ranges::max_element(lists, {}, &std::vector<double>::size)->pop_back();
  std::vector<Options> result{problem.options};
  for (std::size_t u = 0; u < lists.size(); ++u) {
    const std::string_view name = problem.options.rule().options[problem.unknowns[u].option].name;
    std::vector<Options> longer;
    for (const Options& options : result) {
      for (const double value : lists[u]) longer.emplace_back(options).set(name, value);
    }
    result = std::move(longer);
  }
  return result;
}

/// The best starts, and the best with each value of each option. `order`: the best first.
std::vector<std::size_t> diverse(const Problem& problem, const std::vector<Options>& starts,
                                 const std::vector<std::size_t>& order) {
  std::vector<std::size_t> chosen = order;
  chosen.resize(std::min(order.size(), kFits));
  for (const Unknown& unknown : problem.unknowns) {
    std::map<double, std::size_t> best;  // of each value
    for (const std::size_t start : order) best.emplace(starts[start].values()[unknown.option], start);
    if (best.size() > kMostValues) continue;
    for (const auto& [value, start] : best) {
      if (std::ranges::find(chosen, start) == chosen.end()) chosen.push_back(start);
    }
  }
  return chosen;
}

}  // namespace

std::vector<Unknown> unknowns_of(const View& view, const Variant& variant, const std::vector<std::size_t>& options) {
  std::vector<Unknown> result;
  const double gradient = largest_gradient(view);
  for (const std::size_t i : options) result.push_back({i, trait_of(variant.options, i, gradient)});
  if (variant.options.rule().name == "rprop") add_rprop_starts(view, variant.options, result);
  return result;
}

Problem problem_of(const View& view, const Variant& variant, const Options& options) {
  Problem problem{&view, options, variant.step_count, unknowns_of(view, variant, variant.free)};
  const auto lr = static_cast<std::size_t>(options.rule().find_option("lr"));
  const auto is_lr = [&](const Unknown& unknown) { return unknown.option == lr; };
  if (std::ranges::any_of(problem.unknowns, is_lr) && is_proportional(view, variant, options) &&
      is_proportional(view, variant, at_first_starts(problem))) {
    std::erase_if(problem.unknowns, is_lr);
    problem.projects_lr = true;
  }
  return problem;
}

std::optional<Fit> search(const View& view, const Variant& variant, const std::vector<Options>& warm,
                          const Effort& effort) {
  Options probe = variant.options;
  for (const std::size_t i : variant.on) {
    if (probe.values()[i] == 0) probe.set(probe.rule().options[i].name, 0.01);
  }
  Problem problem = problem_of(view, variant, probe);
  std::vector<Options> starts;
  std::vector<std::pair<double, std::size_t>> ranked;
  for (Options& options : grid(problem)) {
    const std::optional<Fit> there = evaluate(problem, options);
    if (!there) continue;
    ranked.emplace_back(there->misfit.mean_square, starts.size());
    starts.push_back(there->options);
  }
  std::ranges::sort(ranked);
  std::vector<std::size_t> order;
  for (const auto& [misfit, start] : ranked) order.push_back(start);
  std::vector<Options> chosen = warm;
  for (const std::size_t start : diverse(problem, starts, order)) chosen.push_back(starts[start]);
  problem = without_jumps(std::move(problem));
  std::optional<Fit> best;
  for (const Options& start : chosen) {
    problem.options = start;
    std::optional<Fit> found = fit(problem, effort);
    if (!found || (best && best->misfit.mean_square <= found->misfit.mean_square)) continue;
    best = std::move(found);
    if (best->misfit.mean_square <= effort.goal) break;
  }
  return best;
}

}  // namespace thalweg::lab::identify

// Reads searches.
#include "report/search.h"

#include "page/text.h"
#include "search/importance.h"
#include "study/statistics.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace thalweg::lab {
namespace {

constexpr std::size_t kBestInSamples = 100;

}  // namespace

std::size_t Search::count(TrialState state) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(trials, [&](const TuneTrial& trial) { return trial.state == state; }));
}

std::string Search::title_html() const { return isolated(title); }

std::string Search::axis_html() const { return title_html() + (metric->is_share ? " (%)" : ""); }

Search search_of(const StudyData& study) {
  Search search{.study = &study,
                .config = study.config.get<TuneConfig>(),
                .space = {},
                .metric = &metric_of(study),
                .title = metric_title(study),
                .trials = tune_trials(study),
                .points = {},
                .best = {},
                .ranked = {},
                .shares = {},
                .by_share = {}};
  search.space = parse_space(search.config.ranges);
  search.best = best_trial(search.trials, *search.metric);
  for (std::size_t i = 0; i < search.trials.size(); ++i) {
    search.points.push_back(search.space.point(search.trials[i].parameters));
    if (search.trials[i].state == TrialState::complete && search.trials[i].value) search.ranked.push_back(i);
  }
  std::ranges::stable_sort(search.ranked, [&](std::size_t a, std::size_t b) {
    return search.metric->is_better(*search.trials[a].value, *search.trials[b].value);
  });
  search.shares = importances(search.space, seen_of(search.trials, search.space, *search.metric));
  search.by_share.resize(search.shares.size());
  std::iota(search.by_share.begin(), search.by_share.end(), std::size_t{0});
  std::ranges::stable_sort(search.by_share,
                           [&](std::size_t a, std::size_t b) { return search.shares[a] > search.shares[b]; });
  return search;
}

std::string parameter_text(const nlohmann::json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_number_float() ? number(value.get<double>()) : value.dump();
}

std::string parameters_text(const TuneTrial& trial, const SearchSpace& space) {
  std::string text;
  for (const Dimension& dimension : space.dimensions) {
    const auto value = trial.parameters.find(dimension.name);
    if (value == trial.parameters.end()) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", dimension.name, parameter_text(*value));
  }
  return text;
}

std::string Sample::text() const {
  if (every == 1) return {};
  return fmt::format("Not all trials are drawn: the best {}, and one in {} of the others.", kBestInSamples, every);
}

Sample sample_of(const Search& search, std::vector<std::size_t> trials, std::size_t most) {
  std::ranges::sort(trials);
  if (trials.size() <= most) return {.trials = std::move(trials)};
  std::vector<std::size_t> best(
      search.ranked.begin(),
      search.ranked.begin() + static_cast<std::ptrdiff_t>(std::min(kBestInSamples, search.ranked.size())));
  std::ranges::sort(best);
  std::vector<std::size_t> others;
  std::ranges::set_difference(trials, best, std::back_inserter(others));
  const std::size_t room = most - kBestInSamples;
  Sample sample{.trials = std::move(best), .every = (others.size() + room - 1) / room};
  for (std::size_t i = 0; i < others.size(); i += sample.every) sample.trials.push_back(others[i]);
  std::ranges::sort(sample.trials);
  return sample;
}

double ValueAxis::place(double value) const {
  if (cut && metric->is_better(*cut, value)) return edge();
  return axis.place(shown(*metric, value));
}

double ValueAxis::part(double value) const {
  return best == worst ? 1 : std::clamp((value - worst) / (best - worst), 0.0, 1.0);
}

std::string ValueAxis::text() const {
  return cut ? fmt::format("Values worse than {} lie at the edge.", value_text(*metric, *cut)) : std::string();
}

std::optional<ValueAxis> value_axis(const Search& search) {
  std::vector<double> values;
  for (const TuneTrial& trial : search.trials)
    if (trial.value && std::isfinite(*trial.value)) values.push_back(*trial.value);
  if (values.empty()) return {};
  const Metric& metric = *search.metric;
  const bool higher = metric.better == Better::higher;
  ValueAxis result{.axis = {}, .metric = &metric, .cut = {}};
  const auto [least, greatest] = std::ranges::minmax(values);
  result.best = higher ? greatest : least;
  result.worst = higher ? least : greatest;
  // Three quarters of them, and three times as far again.
  const double most = quantile(values, higher ? 0.25 : 0.75), limit = most + 3 * (most - result.best);
  if (metric.is_better(limit, result.worst)) {
    // The worst that is not so far away.
    result.worst = result.best;
    for (const double value : values)
      if (!metric.is_better(limit, value) && metric.is_better(result.worst, value)) result.worst = value;
    result.cut = result.worst;
  }
  const double best = shown(metric, result.best), worst = shown(metric, result.worst);
  result.axis = axis_for(std::min(best, worst), std::max(best, worst));
  return result;
}

}  // namespace thalweg::lab

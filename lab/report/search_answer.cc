// Writes a search's answer.
#include "report/search_answer.h"

#include "page/page.h"
#include "page/text.h"
#include "report/parameter_axis.h"
#include "study/best_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace thalweg::lab {
namespace {

constexpr double kAtEnd = 0.02;  // of a range's width: so near is at its end

constexpr TrialState kStates[] = {TrialState::complete, TrialState::pruned, TrialState::diverged, TrialState::failed,
                                  TrialState::unfinished};

// `24 trials: 20 complete, 4 diverged`.
std::string states_text(const Search& search) {
  std::string text;
  for (const TrialState state : kStates) {
    const std::size_t n = search.count(state);
    const char* const name = state == TrialState::pruned ? "stopped early" : nullptr;
    if (n > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", n, name ? name : to_string(state));
  }
  return count(search.trials.size(), "trial") + (text.empty() ? "" : ": " + text);
}

bool searches(const Search& search, std::string_view name) {
  return std::ranges::find(search.space.dimensions, name, &Dimension::name) != search.space.dimensions.end();
}

std::string what_html(const Search& search) {
  if (search.config.program) return isolated(search.config.program.command.front());
  const std::string model = searches(search, "model") ? "" : isolated(search.config.training.model) + " on ";
  return model + isolated(search.config.training.data);
}

// Parameters whose best value is one of the ends of its range.
std::string ends_html(const Search& search) {
  std::vector<std::string> names;
  const Point& point = search.points[*search.best];
  for (std::size_t i = 0; i < point.size(); ++i) {
    const Dimension& range = search.space.dimensions[i];
    if (range.kind == DimensionKind::choice || !point[i]) continue;
    const double low = range.log ? std::log(range.low) : range.low,
                 high = range.log ? std::log(range.high) : range.high;
    const double at = ((range.log ? std::log(*point[i]) : *point[i]) - low) / (high - low);
    if (at < kAtEnd || at > 1 - kAtEnd) names.push_back(isolated(range.name));
  }
  if (names.empty()) return {};
  return fmt::format("<p class=\"warning\">{} of the best trial {} at an end of {}: better values may lie beyond.</p>",
                     enumerate(names), names.size() == 1 ? "lies" : "lie",
                     names.size() == 1 ? "its range" : "their ranges");
}

std::string limits_html(const Search& search) {
  std::string text;
  const std::size_t pruned = search.count(TrialState::pruned);
  text += fmt::format("All trials that count had the same budget ({}).", budget_text(search.config));
  if (pruned > 0) {
    text += fmt::format(" {} stopped before; {} not compete.",
                        count(pruned, "trial") + (pruned == 1 ? " was" : " were"), pruned == 1 ? "it does" : "they do");
  }
  if (search.ranked.size() > 1) {
    text += fmt::format(
        " The best of {} values was chosen for being the best, so that it flatters its configuration: expect a "
        "somewhat "
        "worse one of a new run. How much worse, these numbers do not say, nor whether it is better than the "
        "next ones by more than luck.",
        search.ranked.size());
  }
  if (!search.config.program) {
    text += " The test part was not touched: train it with other seeds, and evaluate it there.";
  } else {
    text += " Run it with other seeds, and measure it on what the search has not seen.";
  }
  return "<p class=\"limits\">" + text + "</p>";
}

std::string facts_html(const Search& search) {
  const TuneConfig& config = search.config;
  std::vector<std::string> facts{
      what_html(search),
      states_text(search),
      "sampler " + isolated(config.sampler) + (config.is_hyperband() ? fmt::format(", eta {}", config.eta) : ""),
      fmt::format("search seed {}", config.seed),
      fmt::format("lag {}", config.lag),
      budget_text(config)};
  std::string html = "<ul class=\"facts\">";
  for (const std::string& fact : facts) html += "<li>" + fact + "</li>";
  return html + "</ul>";
}

std::string ranges_html(const Search& search) {
  std::string html = "<h3>What was searched</h3><ul class=\"ranges\">";
  for (std::size_t i = 0; i < search.space.dimensions.size(); ++i)
    html += "<li><code>" + isolated(text(search.space, i)) + "</code></li>";
  return html + "</ul>";
}

}  // namespace

std::string budget_text(const TuneConfig& config) {
  std::vector<std::string> parts;
  const StopConditions& stop = config.training.stop;
  if (!config.program && stop.epochs > 0) {
    const bool less = stop.steps || stop.goal || stop.patience;
    parts.push_back((less ? "up to " : "") + count(static_cast<std::size_t>(stop.epochs), "epoch"));
  }
  parts.push_back(count(config.seeds.size(), "seed"));
  if (config.folds > 0) parts.push_back(count(static_cast<std::size_t>(config.folds), "fold"));
  return enumerate(parts) + " each";
}

std::string search_title_html(const Search& search) {
  std::vector<std::string> names;
  for (const Dimension& dimension : search.space.dimensions) names.push_back(isolated(dimension.name));
  return "Search of " + enumerate(names) + " · " + what_html(search);
}

std::string search_answer_html(const Search& search) {
  if (!search.best) {
    return "<h2 class=\"answer\">No trial was trained to its end with a finite value</h2>" + facts_html(search) +
           ranges_html(search);
  }
  const TuneTrial& best = search.trials[*search.best];
  const std::string value = value_text(*search.metric, *best.value), part = search.config.program ? "" : "validation ";
  std::string html =
      search.trials.size() == 1
          ? fmt::format("<h2 class=\"answer\">The only trial has {}{} {}</h2>", part, search.title_html(), value)
          : fmt::format("<h2 class=\"answer\">The best of {} trials has {}{} {}</h2>", search.trials.size(), part,
                        search.title_html(), value);
  html +=
      fmt::format("<p class=\"detail\">Trial {}: {}</p>", best.number, isolated(parameters_text(best, search.space)));
  html += ends_html(search) + limits_html(search) + facts_html(search);
  html += copyable(search.config.program ? "Run it" : "Train it", command_of(search.config, best));
  return html + ranges_html(search);
}

}  // namespace thalweg::lab

// Writes what a search found for a terminal.
#include "report/search_text.h"

#include "output/table.h"
#include "page/text.h"

#include <thalweg/text.h>

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace thalweg::lab {
namespace {

constexpr std::size_t kRowsShown = 5;

}  // namespace

std::string search_text(const Search& search, std::size_t width) {
  std::vector<std::string> heads{"trial", printable(search.title) + (search.metric->is_share ? " %" : "")};
  std::vector<bool> right{true, true};
  for (const Dimension& dimension : search.space.dimensions) {
    heads.push_back(printable(dimension.name));
    right.push_back(dimension.kind != DimensionKind::choice);
  }
  Table table(heads, right);
  for (std::size_t i = 0; i < std::min(search.ranked.size(), kRowsShown); ++i) {
    const TuneTrial& trial = search.trials[search.ranked[i]];
    std::vector<std::string> row{std::to_string(trial.number), plain_text(*search.metric, *trial.value)};
    for (const Dimension& dimension : search.space.dimensions) {
      const auto value = trial.parameters.find(dimension.name);
      row.push_back(value == trial.parameters.end() ? "–" : parameter_text(*value));
    }
    table.add(row);
  }
  std::string text =
      search.ranked.empty() ? "No trial was trained to its end with a finite value.\n" : table.text(width);

  std::map<TrialState, std::size_t> counts;
  for (const TuneTrial& trial : search.trials) ++counts[trial.state];
  text += '\n' + count(search.trials.size(), "trial");
  for (const auto& [state, trials_so] : counts) text += fmt::format(", {} {}", trials_so, to_string(state));
  text += '\n';

  if (std::ranges::any_of(search.shares, [](double share) { return share > 0; })) {
    std::string words;
    for (const std::size_t i : search.by_share) {
      words += fmt::format("{}{} {:.0f} %", words.empty() ? "" : ", ", printable(search.space.dimensions[i].name),
                           100 * search.shares[i]);
    }
    text += fmt::format("Importance (share of the differences that a parameter explains by itself): {}\n", words);
  }
  return text;
}

}  // namespace thalweg::lab

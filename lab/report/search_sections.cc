// Lists a search's sections.
#include "report/search_sections.h"

#include "report/search_answer.h"
#include "report/search_maps.h"
#include "report/search_plots.h"
#include "report/search_tables.h"

namespace thalweg::lab {
namespace {

/// What a report shows of a search, where it applies; empty where there turns out to be nothing to show.
struct Section {
  const char* what;  ///< for the reader of the list below
  bool (*applies)(const Search& search);
  std::string (*html)(const Search& search, nlohmann::json& pages);
};

bool has_trials(const Search& search) { return !search.trials.empty(); }

/// In the order of the page.
constexpr Section kSections[] = {
    {"value by trial", has_several, history_html},
    {"how much each parameter matters", has_shares, importance_html},
    {"value against each parameter", has_several, slices_html},
    {"all parameters of each trial", has_coordinates, coordinates_html},
    {"value against two parameters", has_pairs_of_numbers, contours_html},
    {"learning curves of the best", has_curves, best_curves_html},
    {"how far trials came", has_rungs, rungs_html},
    {"all trials", has_trials, trials_html},
};

}  // namespace

std::string search_html(const Search& search, nlohmann::json& pages) {
  std::string html = "<section>" + search_answer_html(search);
  for (const Section& section : kSections)
    if (section.applies(search)) html += section.html(search, pages);
  return html + "</section>";
}

}  // namespace thalweg::lab

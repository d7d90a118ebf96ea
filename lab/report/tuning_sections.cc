// Writes the sections of what the tuning trials tell.
#include "report/tuning_sections.h"

#include <algorithm>

namespace thalweg::lab {

bool has_tuning(const Summary& summary) {
  return std::ranges::any_of(summary.competitors, [](const Competitor& competitor) {
    return std::ranges::any_of(competitor.learning_rates, [](const LearningRatePoint& point) { return point.lr > 0; });
  });
}

std::string learning_rates_html(const Summary& summary, Charts& charts) {
  return "<h3>Learning rate</h3><div class=\"charts\">" + charts.learning_rates(summary.competitors) + "</div>";
}

}  // namespace thalweg::lab

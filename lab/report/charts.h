// Charts: what report.js draws, with a table of the same numbers beside each.
#pragma once

#include "report/summary.h"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::lab {

/// One section's charts: lines belong to groups (competitors, or training and validation), which share colour, dash
/// and legend button.
class Charts {
 public:
  /// `section` is the section's number on the page.
  Charts(std::size_t section, std::vector<std::string> groups) : section_(section), groups_(std::move(groups)) {}

  /// A row of buttons that show and hide groups in all charts of the section.
  std::string legend() const;
  /// A small line in the group's colour and dash.
  static std::string swatch(std::size_t group);

  /// Median and 95 % band of each competitor per epoch; each run's own line below kSeedsForVerdict runs.
  std::string curves(std::span<const Competitor> competitors, Metric metric);
  /// Training and validation of one run, per epoch.
  std::string run(const TrialData& trial, Metric train, Metric validation);
  /// Training loss of one run over its steps.
  std::string steps(const TrialData& trial);
  /// Validation accuracy against learning rate, the chosen one marked.
  std::string learning_rates(std::span<const Competitor> competitors);

  /// What report.js needs: `{"groups": [{"name", "dash"}], "charts": [{"id", "series", …}]}`.
  nlohmann::json data() const;

 private:
  struct Text {
    std::string title, note, x_label, y_label, table;
  };
  std::string figure(const Text& text, nlohmann::json series, nlohmann::json options = nlohmann::json::object());

  std::size_t section_;
  std::vector<std::string> groups_;
  nlohmann::json charts_ = nlohmann::json::array();
};

/// Class of the group's colour (`c0` …): there are six, then they begin again with other dashes.
std::string color_class(std::size_t group);

}  // namespace thalweg::lab

// Figures: charts that page.js draws, with a table of the same numbers beside each.
#pragma once

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::lab {

/// One section's charts: lines belong to groups, which share colour, dash and legend button.
class Figures {
 public:
  /// `section` is the section's number on the page.
  Figures(std::size_t section, std::vector<std::string> groups) : section_(section), groups_(std::move(groups)) {}

  /// What a chart shows in words; all but the axes' names are HTML.
  struct Text {
    std::string title, note, x_label, y_label;
    std::string table;         ///< what is inside of <table>
    bool table_shown = false;  ///< also in print; else it is to be opened
  };
  /// `series`: a list of `series`; `options`: what page.js takes beside them (`top`, `xTicks`, `rates`; `powers`: y is
  /// a power of ten; `steps`: a line keeps its height up to its next point).
  std::string figure(const Text& text, nlohmann::json series, nlohmann::json options = nlohmann::json::object());

  const std::vector<std::string>& groups() const { return groups_; }
  /// A row of buttons that show and hide groups in all charts of the section.
  std::string legend() const;
  /// A small line in the group's colour and dash.
  static std::string swatch(std::size_t group);

  /// What page.js needs: `{"groups": [{"name", "dash"}], "charts": [{"id", "series", …}]}`.
  nlohmann::json data() const;

 private:
  std::size_t section_;
  std::vector<std::string> groups_;
  nlohmann::json charts_ = nlohmann::json::array();
};

/// A point of a line, with a band from low to high.
nlohmann::json point(double x, double low, double middle, double high);
/// A line of points. Its key `mark` makes rings of them, `points_too` draws them as well; of several lines of a group
/// one may be `thin` and one `thick`, which the reader follows.
nlohmann::json series(std::size_t group, nlohmann::json points);
/// A table's header: `first`, and a column for each group.
std::string table_header(std::string_view first, const std::vector<std::string>& groups);

/// Class of the group's colour (`c0` …): there are six, then they begin again with other dashes.
std::string color_class(std::size_t group);

}  // namespace thalweg::lab

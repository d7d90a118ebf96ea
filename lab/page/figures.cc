// Builds charts as data for page.js, and their tables.
#include "page/figures.h"

#include "page/text.h"

#include <fmt/format.h>

#include <utility>

namespace thalweg::lab {
namespace {

using nlohmann::json;

constexpr std::size_t kColors = 6;
const std::vector<std::vector<int>> kDashes{{}, {9, 4}, {2, 3}, {9, 3, 2, 3}, {16, 4}, {5, 2, 1, 2, 1, 2}, {1, 6}};

// Coprime numbers of colours and dashes: 42 groups differ.
const std::vector<int>& dash_of(std::size_t group) { return kDashes[group % kDashes.size()]; }

}  // namespace

nlohmann::json point(double x, double low, double middle, double high) { return json::array({x, low, middle, high}); }

nlohmann::json series(std::size_t group, json points) { return {{"group", group}, {"points", std::move(points)}}; }

std::string table_header(std::string_view first, const std::vector<std::string>& groups) {
  std::string row = fmt::format("<tr><th scope=\"col\">{}</th>", first);
  for (const std::string& group : groups)
    row += fmt::format("<th scope=\"col\"><bdi>{}</bdi></th>", escape_html(group));
  return row + "</tr>";
}

std::string color_class(std::size_t group) { return fmt::format("c{}", group % kColors); }

std::string Figures::swatch(std::size_t group) {
  std::string dash;
  for (const int length : dash_of(group)) dash += fmt::format("{}{}", dash.empty() ? "" : " ", length);
  return fmt::format(
      "<svg class=\"swatch {}\" width=\"30\" height=\"10\" aria-hidden=\"true\"><line x1=\"1\" y1=\"5\" x2=\"29\" "
      "y2=\"5\" stroke-dasharray=\"{}\"/></svg>",
      color_class(group), dash.empty() ? "none" : dash);
}

std::string Figures::legend() const {
  std::string html = "<div class=\"legend\" role=\"group\" aria-label=\"Show or hide lines\">";
  for (std::size_t group = 0; group < groups_.size(); ++group) {
    html += fmt::format(
        "<button type=\"button\" aria-pressed=\"true\" data-section=\"{}\" data-group=\"{}\" title=\"{}\">{}"
        "<bdi>{}</bdi></button>",
        section_, group, escape_html(groups_[group]), swatch(group), escape_html(groups_[group]));
  }
  return html + "</div>";
}

std::string Figures::figure(const Text& text, json lines, json options) {
  const std::string id = fmt::format("chart-{}-{}", section_, charts_.size());
  json chart = std::move(options);
  chart["id"] = id;
  chart["xLabel"] = text.x_label;
  chart["yLabel"] = text.y_label;
  chart["series"] = std::move(lines);
  charts_.push_back(std::move(chart));
  return fmt::format(
      "<figure><figcaption><h3>{0}</h3><p>{1}</p></figcaption>"
      "<div class=\"chart\"><div class=\"plot\" id=\"{2}\" role=\"img\" aria-label=\"Chart of {3}, {4} against {5}. "
      "The same numbers are in the table that follows.\"></div><div class=\"ends\" aria-hidden=\"true\"></div></div>"
      "<p class=\"readout\" aria-hidden=\"true\"></p>"
      "<details{7}><summary>{0}: the numbers</summary><div class=\"scroll\" tabindex=\"0\" role=\"region\" "
      "aria-label=\"{0}, table\"><table>{6}</table></div></details></figure>",
      text.title, text.note, id, escape_html(text.title), text.y_label, text.x_label, text.table,
      text.table_shown ? " class=\"evidence\" open" : "");
}

json Figures::data() const {
  json groups = json::array();
  for (std::size_t group = 0; group < groups_.size(); ++group)
    groups.push_back({{"name", valid_utf8(groups_[group])}, {"color", group % kColors}, {"dash", dash_of(group)}});
  return {{"groups", std::move(groups)}, {"charts", charts_}};
}

}  // namespace thalweg::lab

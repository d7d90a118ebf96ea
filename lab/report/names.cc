// Writes names.
#include "report/names.h"

#include "models/model_list.h"
#include "page/figures.h"
#include "page/text.h"

#include <thalweg/error.h>
#include <thalweg/text.h>

#include <fmt/format.h>

#include <algorithm>

namespace thalweg::lab {
namespace {

// Options may be cut into lines behind their commas.
std::string breakable(const std::string& options) {
  std::string html;
  for (const char c : options) {
    html += c;
    if (c == ',') html += "<wbr>";
  }
  return html;
}

// `written`: a text from outside, as the reader can take it.
template <class Written>
std::string task_name(const TrainingConfig& training, Written written) {
  std::string widths;
  const std::vector<std::string>& options = find_model(training.model).options;
  if (std::ranges::find(options, "dense") != options.end())
    for (const auto width : training.network.dense) widths += fmt::format("{}{}", widths.empty() ? " (" : ", ", width);
  if (!widths.empty()) widths += ")";
  return fmt::format("{}{} on {}", written(training.model), widths, written(training.data));
}

template <class Written>
std::string subject_name(const Summary& summary, Written written) {
  return summary.program ? written(summary.program.command.front()) : task_name(summary.training, written);
}

}  // namespace

std::string name_html(std::string_view name) {
  constexpr std::size_t kOneLine = 32;
  return fmt::format("<bdi class=\"name{}\">{}</bdi>", name.size() > kOneLine ? " long" : "", escape_html(name));
}

std::string row_head(const Competitor& competitor, std::size_t group) {
  return fmt::format("<th scope=\"row\">{}{}<small class=\"options\"><bdi>{}</bdi></small></th>",
                     Figures::swatch(group), name_html(competitor.name), breakable(escape_html(competitor.options)));
}

std::string task_html(const TrainingConfig& training) { return task_name(training, isolated); }

std::string subject_html(const Summary& summary) { return subject_name(summary, isolated); }

std::string subject_text(const Summary& summary) {
  return subject_name(summary, [](std::string_view name) { return printable(name); });
}

std::string study_names(const Summary& summary) {
  std::string names;
  for (const StudyData* study : summary.studies) names += (names.empty() ? "" : ", ") + study->name;
  return names;
}

std::optional<Description> description_of(std::string_view text) {
  try {
    return parse_description(text);
  } catch (const Error&) {
    return {};
  }
}

std::vector<std::string> groups_of(const Summary& summary) {
  if (summary.single_run()) return {"training", "validation"};
  std::vector<std::string> names;
  for (const Competitor& competitor : summary.competitors) names.push_back(competitor.name);
  return names;
}

}  // namespace thalweg::lab

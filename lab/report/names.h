// Names of competitors and tasks, as HTML.
#pragma once

#include "report/summary.h"

#include <thalweg/description.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::lab {

/// A competitor's name in HTML, isolated from the direction of the text around it.
std::string name_html(std::string_view name);
/// The head of a competitor's row: its line's look (that of its group), name and options.
std::string row_head(const Competitor& competitor, std::size_t group);
/// `mlp (128) on fashion-mnist`, escaped.
std::string task_html(const TrainingConfig& training);
/// What the runs are of: the task, or the program by its command's first word.
std::string subject_html(const Summary& summary);
/// The same for a terminal.
std::string subject_text(const Summary& summary);
/// The names of its studies, separated by commas, as they are.
std::string study_names(const Summary& summary);
/// What an optimizer's text describes; nothing of a text that is none.
std::optional<Description> description_of(std::string_view text);
/// The names of the lines in a summary's charts.
std::vector<std::string> groups_of(const Summary& summary);

}  // namespace thalweg::lab

// The parts of a report's section: results, speed, failures, as HTML.
#pragma once

#include "report/charts.h"
#include "report/summary.h"

#include <string>
#include <string_view>

namespace thalweg::lab {

/// One summary as a `<section>`, with its charts added to `charts`, and to `pages` those that have a legend of their
/// own.
std::string section_html(const Summary& summary, Charts& charts, nlohmann::json& pages);
/// The names of the lines in the section's charts.
std::vector<std::string> groups_of(const Summary& summary);
/// A competitor's name in HTML, isolated from the direction of the text around it.
std::string name_html(std::string_view name);
/// `mlp (128) on fashion-mnist`, escaped.
std::string task_html(const TrainingConfig& training);

}  // namespace thalweg::lab

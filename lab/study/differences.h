// Differences between configurations, in words.
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace thalweg::lab {

/// What two configurations as JSON differ in, one line each: `training.epochs: 8, now 4`.
std::vector<std::string> differences(const nlohmann::json& before, const nlohmann::json& now);

/// The first three lines, and how many more there are.
std::string shown(const std::vector<std::string>& lines);

}  // namespace thalweg::lab

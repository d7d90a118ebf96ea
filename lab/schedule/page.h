// Schedules as one HTML page.
#pragma once

#include "schedule/curve.h"

#include <filesystem>
#include <span>
#include <string>

namespace thalweg::lab {

/// A page that needs no network and no other file: chart, table, and how to say it. The curves are of the same steps.
/// `command` makes it again.
std::string schedule_html(std::span<const Curve> curves, const std::string& command);

/// Replaces `file` by it, creating its folder if need be. Throws thalweg::Error; the old file is then whole.
void write_schedule_page(std::span<const Curve> curves, const std::string& command, const std::filesystem::path& file);

}  // namespace thalweg::lab

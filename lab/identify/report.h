// Report: what a search found out, as text and as JSON.
#pragma once

#include "identify/identify.h"

#include <nlohmann/json.hpp>

#include <string>

namespace thalweg::lab::identify {

/// Several lines: the recording, then candidates or near misses.
std::string report_text(const UnknownRun& run, const Answer& answer);

nlohmann::ordered_json report_json(const UnknownRun& run, const Answer& answer);

}  // namespace thalweg::lab::identify

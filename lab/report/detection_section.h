// The part of a review that shows false alarms against misses.
#pragma once

#include "training/detection.h"

#include <string>

namespace thalweg::lab {

/// A curve over the thresholds and a table of some of them.
std::string detection_html(const Detection& detection);

}  // namespace thalweg::lab

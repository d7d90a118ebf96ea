// Heat map: the size of each layer's gradient over a run's steps, as HTML with percent-sized SVG.
#pragma once

#include "training/records.h"

#include <span>
#include <string>

namespace thalweg::lab {

/// A row for each parameter, a column for each record that has layers; the darker (in the dark: the brighter), the
/// greater the root mean square of the gradient's elements, on a logarithmic scale. With a table of the numbers. Empty
/// with fewer than two such records, or where all gradients are 0.
std::string heat_map(std::span<const DiagnosticRecord> records);

}  // namespace thalweg::lab

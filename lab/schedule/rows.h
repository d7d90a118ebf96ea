// The steps that a table of schedules shows.
#pragma once

#include "schedule/curve.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace thalweg::lab {

struct Row {
  std::int64_t step = 0;
  std::vector<double> rates;  ///< of each curve
  std::string what;           ///< that happens there; of several curves, with their numbers
};

/// About 20: the first and the last step, those at which something happens, and round ones between. The curves are of
/// the same steps.
std::vector<Row> telling_rows(std::span<const Curve> curves);

}  // namespace thalweg::lab

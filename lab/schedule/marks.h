// Where something happens in a schedule.
#pragma once

#include "schedule/curve.h"

#include <cstdint>
#include <vector>

namespace thalweg::lab {

/// Steps up to `steps` at which the schedule, whose lengths are known, begins, ends, turns or jumps; not those at which
/// a plateau is reduced. At most some hundreds of each part.
std::vector<Mark> marks_of(const thalweg::Schedule& schedule, std::int64_t steps, std::int64_t steps_per_epoch);

/// How long a kind is, in ticks from its beginning: up to where it stays, or, if it goes on for ever, some periods.
struct Extent {
  double ticks = 0;
  bool has_end = false;
};
Extent extent_of(const thalweg::Schedule::Kind& kind);

/// At most `most` of these, the main ones first, else spread evenly.
std::vector<Mark> thinned(const std::vector<Mark>& marks, std::size_t most);

}  // namespace thalweg::lab

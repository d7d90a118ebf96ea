// Near misses: what comes nearest to a recording that nothing fits.
#pragma once

#include "identify/fit.h"
#include "identify/identify.h"
#include "identify/variants.h"

#include <cstddef>
#include <vector>

namespace thalweg::lab::identify {

/// A variant with its best fit over the first look's part of a recording.
struct Tried {
  Variant variant;
  Fit fit;
};

/// At most `count` of them. `fitted` is the part that fits look at, `all` the whole.
std::vector<NearMiss> nearest(const Recording& recording, const View& all, const Views& fitted,
                              std::vector<Tried> tried, std::size_t count);

}  // namespace thalweg::lab::identify

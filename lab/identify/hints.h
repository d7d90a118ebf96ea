// Hints: which further recording would tell candidates apart, and what may be wrong where nothing fits.
#pragma once

#include "identify/identify.h"
#include "replay/recording.h"

#include <string>
#include <vector>

namespace thalweg::lab::identify {

std::vector<std::string> what_would_tell(const std::vector<Candidate>& candidates, const Recording& recording);

std::vector<std::string> what_may_be_wrong(const std::vector<NearMiss>& near, const Recording& recording);

}  // namespace thalweg::lab::identify

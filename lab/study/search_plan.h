// What a search's configuration plans: its sampler, how many trials and epochs there are, Hyperband's brackets.
#pragma once

#include "search/hyperband.h"
#include "search/sampler.h"
#include "study/tune_config.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace thalweg::lab {

/// What proposes its trials; Hyperband's are random. Throws thalweg::Error as make_sampler.
std::unique_ptr<Sampler> sampler_of(const TuneConfig& config, const SearchSpace& space);

/// Hyperband's, in epochs; none of another sampler.
std::vector<Bracket> brackets_of(const TuneConfig& config);

/// Of a grid its points.
std::int64_t trials_in(const TuneConfig& config, const SearchSpace& space);

/// Of all runs of all trials together, if each comes to its end; one that has no epochs counts as one.
std::int64_t epochs_in(const TuneConfig& config, const SearchSpace& space);

}  // namespace thalweg::lab

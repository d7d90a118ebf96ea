// The samplers that make_sampler makes.
#pragma once

#include "search/sampler.h"

namespace thalweg::lab {

/// Numbers uniform on their scale, whole ones and choices uniform.
std::unique_ptr<Sampler> make_random_sampler(const SearchSpace& space, const SamplerSettings& settings);
std::unique_ptr<Sampler> make_grid_sampler(const SearchSpace& space, const SamplerSettings& settings);
/// Sobol's sequence, shifted at random. Throws Error if there are more dimensions than it has.
std::unique_ptr<Sampler> make_sobol_sampler(const SearchSpace& space, const SamplerSettings& settings);
/// Tree-structured Parzen estimator.
std::unique_ptr<Sampler> make_tpe_sampler(const SearchSpace& space, const SamplerSettings& settings);

}  // namespace thalweg::lab

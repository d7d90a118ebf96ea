// Tree-structured Parzen estimator: random search until it is there.
#include "search/samplers.h"

namespace thalweg::lab {

std::unique_ptr<Sampler> make_tpe_sampler(const SearchSpace& space, const SamplerSettings& settings) {
  return make_random_sampler(space, settings);
}

}  // namespace thalweg::lab

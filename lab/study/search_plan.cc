// What a search's configuration plans.
#include "study/search_plan.h"

#include <algorithm>
#include <utility>

namespace thalweg::lab {

std::unique_ptr<Sampler> sampler_of(const TuneConfig& config, const SearchSpace& space) {
  return make_sampler(
      space, {.name = config.is_hyperband() ? "random" : config.sampler, .seed = config.seed, .trials = config.trials});
}

std::vector<Bracket> brackets_of(const TuneConfig& config) {
  if (!config.is_hyperband()) return {};
  return hyperband(config.trials, 1, config.training.stop.epochs, config.eta);
}

std::int64_t trials_in(const TuneConfig& config, const SearchSpace& space) {
  return config.sampler == "grid" ? grid_points(space, config.trials) : config.trials;
}

std::int64_t epochs_in(const TuneConfig& config, const SearchSpace& space) {
  if (!config.is_hyperband()) {
    return trials_in(config, space) * config.runs() * std::max<std::int64_t>(1, config.training.stop.epochs);
  }
  std::int64_t epochs = 0;
  for (const Bracket& bracket : brackets_of(config)) {
    std::int64_t before = 0;
    for (const Rung& rung : bracket.rungs) epochs += rung.trials * (rung.budget - std::exchange(before, rung.budget));
  }
  return epochs * config.runs();
}

}  // namespace thalweg::lab

// The samplers by name.
#include "search/sampler.h"

#include "find_named.h"
#include "search/samplers.h"

namespace thalweg::lab {
namespace {

struct Entry {
  std::string name;
  std::unique_ptr<Sampler> (*make)(const SearchSpace& space, const SamplerSettings& settings);
};

const std::vector<Entry>& entries() {
  static const std::vector<Entry> all = {{"grid", make_grid_sampler},
                                         {"random", make_random_sampler},
                                         {"sobol", make_sobol_sampler},
                                         {"tpe", make_tpe_sampler}};
  return all;
}

}  // namespace

const std::vector<std::string>& sampler_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> result;
    for (const Entry& entry : entries()) result.push_back(entry.name);
    return result;
  }();
  return names;
}

std::unique_ptr<Sampler> make_sampler(const SearchSpace& space, const SamplerSettings& settings) {
  return find_named(entries(), settings.name, "sampler").make(space, settings);
}

}  // namespace thalweg::lab

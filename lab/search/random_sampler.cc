// Random search (Bergstra and Bengio 2012, "Random search for hyper-parameter optimization").
#include "search/samplers.h"
#include "search/unit.h"

namespace thalweg::lab {
namespace {

class RandomSampler : public Sampler {
 public:
  RandomSampler(const SearchSpace& space, std::uint64_t seed) : space_(space), seed_(seed) {}

  Point propose(std::int64_t number, std::span<const Seen> /*seen*/) const override {
    const Random random(seed_, RandomPurpose::search, "random", static_cast<std::uint32_t>(number));
    Point point(space_.dimensions.size());
    for (std::size_t d = 0; d < point.size(); ++d) {
      if (space_.counts(d, point)) point[d] = value_of_unit(space_.dimensions[d], unit_of(random, d));
    }
    return point;
  }

 private:
  SearchSpace space_;
  std::uint64_t seed_;
};

}  // namespace

std::unique_ptr<Sampler> make_random_sampler(const SearchSpace& space, const SamplerSettings& settings) {
  return std::make_unique<RandomSampler>(space, settings.seed);
}

}  // namespace thalweg::lab

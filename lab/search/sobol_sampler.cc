// Sobol's sequence (Sobol' 1967; directions by Joe and Kuo 2008, "Constructing Sobol sequences with better
// two-dimensional projections", as Boost has them), shifted at random.
#include "search/samplers.h"
#include "search/unit.h"

#include <thalweg/error.h>

#include <fmt/format.h>
#include <boost/random/sobol.hpp>

namespace thalweg::lab {
namespace {

class SobolSampler : public Sampler {
 public:
  SobolSampler(const SearchSpace& space, std::uint64_t seed) : space_(space) {
    const std::size_t most = boost::random::default_sobol_table::max_dimension;
    if (space.dimensions.size() > most) {
      throw Error(fmt::format("sobol: {} parameters are more than its {} dimensions; random has no such limit",
                              space.dimensions.size(), most));
    }
    const Random random(seed, RandomPurpose::search, "sobol");
    for (std::size_t d = 0; d < space.dimensions.size(); ++d) {
      shifts_.push_back(random.below(std::uint64_t{1} << 53, d) << 11);
    }
  }

  Point propose(std::int64_t number, std::span<const Seen> /*seen*/) const override {
    Point point(space_.dimensions.size());
    if (point.empty()) return point;
    // Boost leaves out the sequence's first point, all zeros. After a shift it is as good as any, and without it no 2ᵏ
    // points that begin at a multiple of 2ᵏ would be spread evenly.
    boost::random::sobol sobol(point.size());
    if (number > 0) sobol.seed(static_cast<std::uint64_t>(number - 1));
    for (std::size_t d = 0; d < point.size(); ++d) {
      // A digital shift: it keeps the spread over all dyadic intervals (Owen 2003, "Variance with alternative
      // scramblings of digital nets"). Dimensions that do not count have a coordinate, too, so that those after them
      // keep theirs.
      const std::uint64_t bits = (number > 0 ? sobol() : 0) ^ shifts_[d];
      if (space_.counts(d, point)) {
        point[d] = value_of_unit(space_.dimensions[d], static_cast<double>(bits >> 11) * 0x1p-53);
      }
    }
    return point;
  }

 private:
  SearchSpace space_;
  std::vector<std::uint64_t> shifts_;  // of each dimension
};

}  // namespace

std::unique_ptr<Sampler> make_sobol_sampler(const SearchSpace& space, const SamplerSettings& settings) {
  return std::make_unique<SobolSampler>(space, settings.seed);
}

}  // namespace thalweg::lab

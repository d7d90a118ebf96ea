// Sampler: proposes a study's trials, each as a function of the study's seed, its number and what it may see.
#pragma once

#include "search/space.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace thalweg::lab {

/// A trial that has ended, as a sampler sees it.
struct Seen {
  std::int64_t number = 0;
  Point point;
  std::optional<double> value;  ///< the lower the better; finite; nothing: it failed or diverged, worse than any value
};

class Sampler {
 public:
  virtual ~Sampler() = default;
  /// The trial of this number, from 0. `seen`: by number, all of them below `number`. The same arguments give the same
  /// bits on every machine of IEEE arithmetic with this C library. Every value lies in its dimension's range.
  virtual Point propose(std::int64_t number, std::span<const Seen> seen) const = 0;
  /// Does `propose` look at `seen`?
  virtual bool learns() const { return false; }
};

struct SamplerSettings {
  std::string name = "tpe";  ///< sampler_names()
  std::uint64_t seed = 1;
  std::int64_t trials = 0;  ///< of the whole study: how fine a grid is
};

/// `grid`, `random`, `sobol`, `tpe`.
const std::vector<std::string>& sampler_names();

/// Throws thalweg::Error for an unknown name, with the nearest, and for a grid that has more points than there are
/// trials, however coarse: says how many it needs.
std::unique_ptr<Sampler> make_sampler(const SearchSpace& space, const SamplerSettings& settings);

/// Points of the grid that make_sampler makes: its trials; at most SamplerSettings::trials. Choices have a point each;
/// numbers k points each at equal distances on their scale, both ends included (whole ones no more than there are),
/// with the largest k, the same for all, that the trials allow, 2 at least. A dimension that does not count has no
/// points.
std::int64_t grid_points(const SearchSpace& space, std::int64_t trials);

}  // namespace thalweg::lab

// Grid search: every combination of a few values of each dimension.
#include "search/samplers.h"
#include "search/unit.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace thalweg::lab {
namespace {

constexpr std::int64_t kTooMany = std::numeric_limits<std::int64_t>::max();  // stands for anything greater, too

std::int64_t product(std::int64_t a, std::int64_t b) { return b != 0 && a > kTooMany / b ? kTooMany : a * b; }
std::int64_t sum(std::int64_t a, std::int64_t b) { return a > kTooMany - b ? kTooMany : a + b; }

/// The grid in which each number has `count` points. Choices and what depends on them are a tree: below each choice
/// stand the dimensions that count with it, each with a grid of its own, and all their combinations.
class Grid {
 public:
  Grid(const SearchSpace& space, std::int64_t count) : space_(space) {
    const std::size_t size = space.dimensions.size();
    children_.resize(size);
    values_.resize(size);
    points_.assign(size, 0);
    for (std::size_t d = 0; d < size; ++d) {
      const Dimension& dimension = space.dimensions[d];
      children_[d].resize(dimension.choices.size());
      if (!dimension.condition) {
        roots_.push_back(d);
      } else {
        for (const std::size_t choice : dimension.condition->choices) {
          children_[dimension.condition->parent][choice].push_back(d);
        }
      }
      if (dimension.kind != DimensionKind::choice) values_[d] = values(dimension, count);
    }
    for (std::size_t d = size; d-- > 0;) {  // children stand after their parents
      points_[d] = static_cast<std::int64_t>(values_[d].size());
      for (const std::vector<std::size_t>& below : children_[d]) points_[d] = sum(points_[d], combinations(below));
    }
  }

  std::int64_t points() const { return combinations(roots_); }

  Point point(std::int64_t index) const {
    Point point(space_.dimensions.size());
    set(roots_, index, point);
    return point;
  }

 private:
  /// At equal distances on the scale, both ends included; of whole numbers each once.
  static std::vector<double> values(const Dimension& dimension, std::int64_t count) {
    if (dimension.kind == DimensionKind::integer) {
      count = std::min(count, static_cast<std::int64_t>(dimension.high - dimension.low) + 1);
    }
    const double low = on_scale(dimension, dimension.low), high = on_scale(dimension, dimension.high);
    std::vector<double> values = {dimension.low};
    for (std::int64_t i = 1; i < count; ++i) {
      const double share = static_cast<double>(i) / static_cast<double>(count - 1);
      const double value = i + 1 == count ? dimension.high : value_at(dimension, low * (1 - share) + high * share);
      if (value > values.back()) values.push_back(value);
    }
    return values;
  }

  std::int64_t combinations(const std::vector<std::size_t>& dimensions) const {
    std::int64_t count = 1;
    for (const std::size_t d : dimensions) count = product(count, points_[d]);
    return count;
  }

  /// The combination of this index of these dimensions and what depends on them, the last dimension's changing first.
  void set(const std::vector<std::size_t>& dimensions, std::int64_t index, Point& point) const {
    for (auto d = dimensions.rbegin(); d != dimensions.rend(); ++d) {
      set(*d, index % points_[*d], point);
      index /= points_[*d];
    }
  }

  void set(std::size_t dimension, std::int64_t index, Point& point) const {
    if (space_.dimensions[dimension].kind != DimensionKind::choice) {
      point[dimension] = values_[dimension][static_cast<std::size_t>(index)];
      return;
    }
    std::size_t choice = 0;
    for (; index >= combinations(children_[dimension][choice]); ++choice) {
      index -= combinations(children_[dimension][choice]);
    }
    point[dimension] = static_cast<double>(choice);
    set(children_[dimension][choice], index, point);
  }

  const SearchSpace& space_;
  std::vector<std::size_t> roots_;                               // dimensions without a condition
  std::vector<std::vector<std::vector<std::size_t>>> children_;  // of each choice's values
  std::vector<std::vector<double>> values_;                      // of numbers
  std::vector<std::int64_t> points_;                             // of a dimension and what depends on it
};

/// The finest grid of so many points. Throws Error if there is none.
Grid finest_grid(const SearchSpace& space, std::int64_t trials) {
  const std::int64_t least = Grid(space, 2).points();
  if (least > trials) {
    throw Error(fmt::format("grid: trials = {} are too few; the coarsest grid of these ranges has {} points", trials,
                            least == kTooMany ? "more than 2^63" : fmt::to_string(least)));
  }
  std::int64_t fits = 2, too_fine = std::max<std::int64_t>(trials, 2) + 1;
  while (too_fine - fits > 1) {
    const std::int64_t middle = fits + (too_fine - fits) / 2;
    (Grid(space, middle).points() <= trials ? fits : too_fine) = middle;
  }
  return {space, fits};
}

class GridSampler : public Sampler {
 public:
  GridSampler(const SearchSpace& space, std::int64_t trials) : space_(space), grid_(finest_grid(space_, trials)) {}
  GridSampler(const GridSampler&) = delete;  // grid_ refers to space_
  GridSampler& operator=(const GridSampler&) = delete;

  Point propose(std::int64_t number, std::span<const Seen> /*seen*/) const override {
    if (number >= grid_.points()) {
      throw Error(fmt::format("grid: trial {} is outside its points 0 to {}", number, grid_.points() - 1));
    }
    return grid_.point(number);
  }

 private:
  SearchSpace space_;
  Grid grid_;
};

}  // namespace

std::int64_t grid_points(const SearchSpace& space, std::int64_t trials) { return finest_grid(space, trials).points(); }

std::unique_ptr<Sampler> make_grid_sampler(const SearchSpace& space, const SamplerSettings& settings) {
  return std::make_unique<GridSampler>(space, settings.trials);
}

}  // namespace thalweg::lab

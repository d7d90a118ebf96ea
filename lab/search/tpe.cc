// Tree-structured Parzen estimator (Bergstra et al. 2011, "Algorithms for hyper-parameter optimization"), with one
// density over all dimensions together (Watanabe 2023, "Tree-structured Parzen estimator: understanding its algorithm
// components and their roles for better empirical performance", there called multivariate).
//
// The trials so far are split into the best ones and the rest. Each part gives a density, a mixture of kernels about
// its trials: l(x) of the best, g(x) of the rest. Of some candidates drawn from l the one with the greatest l / g is
// proposed, which has the greatest expected improvement.
//
// Conditional dimensions are a tree. A trial in which a dimension does not count says nothing about it, so its kernel
// is uniform there; a candidate's density is that of the dimensions that count in it.
#include "search/samplers.h"
#include "search/unit.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <utility>

namespace thalweg::lab {
namespace {

constexpr std::int64_t kStartup = 10;   // trials that are random
constexpr std::size_t kFewestSeen = 2;  // one at least for each density
constexpr std::uint64_t kCandidates = 24;
constexpr double kBestShare = 0.1, kMostBest = 25;  // of the trials, those that are the best
// The narrowest kernel of a number, as a share of its range, and what a choice's kernel gives to each of its values, of
// what it gives to its own, times the kernels. Both keep l wide enough to leave what only a few good trials had.
constexpr double kLeastDeviation = 1.0 / 15, kSmoothing = 3;
constexpr std::size_t kMostPending = 64;  // running trials that are kept away from
constexpr std::uint64_t kDraws = 16;      // positions of a stream that a candidate's dimension has

double normal_cdf(double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); }

/// Where a number lies on its scale's range, in [0, 1].
double place_of(const Dimension& dimension, double value) {
  const Scale scale = scale_of(dimension);
  // Halves, because the whole range of the greatest numbers is infinite.
  return (on_scale(dimension, value) / 2 - scale.low / 2) / (scale.high / 2 - scale.low / 2);
}

/// A value as densities take it: of a choice its index, of a real number its place, of a whole number the ends of the
/// interval of places that round to it.
struct Place {
  bool counts = false;
  double at = 0, end = 0;
};

std::vector<Place> places_of(const SearchSpace& space, const Point& point) {
  std::vector<Place> places(point.size());
  for (std::size_t d = 0; d < point.size(); ++d) {
    if (!point[d]) continue;
    const Dimension& dimension = space.dimensions[d];
    switch (dimension.kind) {
      case DimensionKind::choice:
        places[d] = {true, *point[d], 0};
        break;
      case DimensionKind::real:
        places[d] = {true, place_of(dimension, *point[d]), 0};
        break;
      case DimensionKind::integer:
        places[d] = {true, place_of(dimension, *point[d] - 0.5), place_of(dimension, *point[d] + 0.5)};
        break;
    }
  }
  return places;
}

/// A trial's kernel in one dimension. Of numbers a normal distribution, cut off at 0 and 1; uniform without a
/// deviation. Of choices: most of it on the trial's own, if it has one.
struct Kernel {
  double mean = 0.5, deviation = 0;
  double log_factor = 0;  // of the density at its mean
  std::optional<double> choice = {};
};

class Density {
 public:
  /// `weights`: of each trial. One kernel more, of weight 1, is about no trial and covers the whole space.
  Density(const SearchSpace& space, const std::vector<const Seen*>& trials, std::vector<double> weights)
      : space_(space),
        kernels_(trials.size() + 1, std::vector<Kernel>(space.dimensions.size())),
        weights_(std::move(weights)),
        smoothing_(kSmoothing / static_cast<double>(kernels_.size())) {
    for (std::size_t d = 0; d < space.dimensions.size(); ++d) fill(d, trials);
    weights_.push_back(1);
    const double total = std::accumulate(weights_.begin(), weights_.end(), 0.0);
    for (double& weight : weights_) weight /= total;
  }

  /// A point drawn from it, by kDraws positions of the stream for each dimension and one more, from `first` on.
  Point sample(const Random& random, std::uint64_t first) const {
    double share = unit_of(random, first);
    std::size_t k = 0;
    for (; k + 1 < weights_.size() && share >= weights_[k]; ++k) share -= weights_[k];
    Point point(space_.dimensions.size());
    for (std::size_t d = 0; d < point.size(); ++d) {
      if (!space_.counts(d, point)) continue;
      point[d] = draw(space_.dimensions[d], kernels_[k][d], random, first + 1 + kDraws * d);
    }
    return point;
  }

  /// Its logarithm there, but for a factor that depends only on the point.
  double log_density(const std::vector<Place>& places) const {
    std::vector<double> logs(kernels_.size());
    for (std::size_t k = 0; k < kernels_.size(); ++k) {
      logs[k] = std::log(weights_[k]);
      for (std::size_t d = 0; d < places.size(); ++d) {
        if (places[d].counts) logs[k] += log_kernel(space_.dimensions[d], kernels_[k][d], places[d]);
      }
    }
    const double greatest = *std::max_element(logs.begin(), logs.end());
    double sum = 0;
    for (const double log : logs) sum += std::exp(log - greatest);
    return greatest + std::log(sum);
  }

 private:
  void fill(std::size_t d, const std::vector<const Seen*>& trials) {
    const Dimension& dimension = space_.dimensions[d];
    const bool choice = dimension.kind == DimensionKind::choice;
    std::vector<std::pair<double, std::size_t>> sorted;  // place and trial
    for (std::size_t i = 0; i < trials.size(); ++i) {
      const std::optional<double>& value = trials[i]->point[d];
      if (value && choice) kernels_[i][d].choice = *value;
      if (value && !choice) sorted.emplace_back(place_of(dimension, *value), i);
    }
    if (choice) return;
    std::sort(sorted.begin(), sorted.end());
    // Each kernel is as wide as the farther of its neighbours is away (Bergstra et al. 2011, section 4.2); a single one
    // has the range's ends for neighbours.
    const std::size_t count = sorted.size();
    const double least = std::max(kLeastDeviation, 1 / static_cast<double>(count + 2));
    for (std::size_t i = 0; i < count; ++i) {
      const double at = sorted[i].first;
      const double below = i > 0 ? sorted[i - 1].first : count > 1 ? at : 0;
      const double above = i + 1 < count ? sorted[i + 1].first : count > 1 ? at : 1;
      set(kernels_[sorted[i].second][d], at, std::clamp(std::max(at - below, above - at), least, 1.0));
    }
    set(kernels_.back()[d], 0.5, 1);
  }

  static void set(Kernel& kernel, double mean, double deviation) {
    const double mass = normal_cdf((1 - mean) / deviation) - normal_cdf(-mean / deviation);
    kernel = {mean, deviation, -std::log(mass * deviation * std::sqrt(2 * std::numbers::pi)), {}};
  }

  double draw(const Dimension& dimension, const Kernel& kernel, const Random& random, std::uint64_t from) const {
    double at = unit_of(random, from);
    if (dimension.kind == DimensionKind::choice) {
      const double others = static_cast<double>(dimension.choices.size()) * smoothing_;
      if (kernel.choice && unit_of(random, from + 1) * (1 + others) < 1) return *kernel.choice;
    } else if (kernel.deviation > 0) {
      for (std::uint64_t attempt = 1; attempt + 1 < kDraws; ++attempt) {
        const double tried = kernel.mean + kernel.deviation * random.normal(from + attempt);
        if (tried >= 0 && tried < 1) {
          at = tried;
          break;
        }
      }
    }
    return value_of_unit(dimension, at);
  }

  double log_kernel(const Dimension& dimension, const Kernel& kernel, const Place& place) const {
    if (dimension.kind == DimensionKind::choice) {
      const double count = static_cast<double>(dimension.choices.size());
      if (!kernel.choice) return -std::log(count);
      return std::log(((*kernel.choice == place.at ? 1 : 0) + smoothing_) / (1 + count * smoothing_));
    }
    if (kernel.deviation == 0) return 0;
    const double z = (place.at - kernel.mean) / kernel.deviation;
    // A whole number's interval among very many may be too short to tell its ends apart.
    if (place.end - place.at < 1e-12) return kernel.log_factor - z * z / 2;
    const double mass = normal_cdf((place.end - kernel.mean) / kernel.deviation) - normal_cdf(z);
    // The mean density on the interval; a kernel so far away that nothing is left there has the least that is.
    return kernel.log_factor + std::log(std::max(mass, 1e-300) * kernel.deviation / (place.end - place.at) *
                                        std::sqrt(2 * std::numbers::pi));
  }

  const SearchSpace& space_;
  std::vector<std::vector<Kernel>> kernels_;  // of each trial, and last of none; then of each dimension
  std::vector<double> weights_;
  double smoothing_;
};

class TpeSampler : public Sampler {
 public:
  TpeSampler(const SearchSpace& space, const SamplerSettings& settings)
      : space_(space), seed_(settings.seed), random_(make_random_sampler(space, settings)) {}

  bool learns() const override { return true; }

  Point propose(std::int64_t number, std::span<const Seen> seen) const override {
    // What trials below this number have proposed that have not ended yet is not known, but can be worked out: each has
    // seen what had ended when it was proposed, as far behind its number as `seen` is behind this one.
    std::vector<Seen> running;
    const std::int64_t lag = seen.empty() ? number + 1 : number - seen.back().number;
    for (const std::int64_t other : missing_below(number, seen)) {
      const auto end = std::find_if(seen.begin(), seen.end(), [&](const Seen& s) { return s.number > other - lag; });
      std::vector<Seen> beside = running;
      for (auto later = end; later != seen.end() && later->number < other; ++later) beside.push_back(*later);
      running.push_back({other, propose_beside(other, {seen.begin(), end}, beside), {}});
    }
    return propose_beside(number, seen, running);
  }

 private:
  /// The last kMostPending numbers below this one that nobody has seen, ascending.
  static std::vector<std::int64_t> missing_below(std::int64_t number, std::span<const Seen> seen) {
    std::vector<std::int64_t> missing;
    auto next = seen.rbegin();
    for (std::int64_t n = number - 1; n >= 0 && missing.size() < kMostPending; --n) {
      if (next != seen.rend() && next->number == n) {
        ++next;
      } else {
        missing.push_back(n);
      }
    }
    std::reverse(missing.begin(), missing.end());
    return missing;
  }

  /// The trial of this number, away from those that run beside it: they count as if they were not among the best.
  Point propose_beside(std::int64_t number, std::span<const Seen> seen, std::span<const Seen> running) const {
    if (number < kStartup || seen.size() < kFewestSeen) return random_->propose(number, {});
    std::vector<const Seen*> best, rest;
    for (const Seen& trial : seen) rest.push_back(&trial);
    std::stable_sort(rest.begin(), rest.end(),
                     [](const Seen* a, const Seen* b) { return a->value && (!b->value || *a->value < *b->value); });
    const double count = std::min(kMostBest, std::ceil(kBestShare * static_cast<double>(seen.size())));
    const auto split = rest.begin() + static_cast<std::ptrdiff_t>(count);
    best.assign(rest.begin(), split);
    rest.erase(rest.begin(), split);
    for (const Seen& trial : running) rest.push_back(&trial);
    std::vector<double> weights;  // the better the more, 1 on average
    for (std::size_t i = 0; i < best.size(); ++i) weights.push_back(2 * (count - static_cast<double>(i)) / (count + 1));
    const Density l(space_, best, weights), g(space_, rest, std::vector<double>(rest.size(), 1));

    const Random random(seed_, RandomPurpose::search, "tpe", static_cast<std::uint32_t>(number));
    const std::uint64_t draws = 1 + kDraws * space_.dimensions.size();  // of each candidate
    Point proposal;
    double greatest = -std::numeric_limits<double>::infinity();
    for (std::uint64_t i = 0; i < kCandidates; ++i) {
      const Point candidate = l.sample(random, i * draws);
      const std::vector<Place> places = places_of(space_, candidate);
      const double log_ratio = l.log_density(places) - g.log_density(places);
      if (i == 0 || log_ratio > greatest) {
        greatest = log_ratio;
        proposal = candidate;
      }
    }
    return proposal;
  }

  SearchSpace space_;
  std::uint64_t seed_;
  std::unique_ptr<Sampler> random_;
};

}  // namespace

std::unique_ptr<Sampler> make_tpe_sampler(const SearchSpace& space, const SamplerSettings& settings) {
  return std::make_unique<TpeSampler>(space, settings);
}

}  // namespace thalweg::lab

// Negatives: items that a user has not chosen.
#include "training/negatives.h"

#include "training/each_rating.h"

#include <thalweg/random.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>

namespace thalweg::lab {
namespace {

constexpr std::int64_t kOfBpr = 1, kOfSoftmax = 32;

}  // namespace

Histories::Histories(const Dataset& dataset, std::span<const std::int64_t> examples, const Scaling& scaling) {
  std::vector<std::int32_t> users, items;
  each_rating(dataset, examples, scaling, [&](std::int64_t user, std::int64_t item, double) {
    if (user == 0 || item == 0) return;
    users.push_back(static_cast<std::int32_t>(user));
    items.push_back(static_cast<std::int32_t>(item));
  });
  begins_.resize(static_cast<std::size_t>(dataset.inputs.front().sizes.front()) + 1);
  for (const std::int32_t user : users) ++begins_[static_cast<std::size_t>(user) + 1];
  std::partial_sum(begins_.begin(), begins_.end(), begins_.begin());
  items_.resize(users.size());
  std::vector<std::int32_t> next(begins_.begin(), begins_.end() - 1);
  for (std::size_t i = 0; i < users.size(); ++i)
    items_[static_cast<std::size_t>(next[static_cast<std::size_t>(users[i])]++)] = items[i];
  // Sorted, and each once: the lists move together.
  std::int32_t to = 0;
  for (std::size_t user = 0; user + 1 < begins_.size(); ++user) {
    const auto begin = items_.begin() + begins_[user], end = items_.begin() + begins_[user + 1];
    std::sort(begin, end);
    const auto last = std::unique(begin, end);
    const auto moved = std::copy(begin, last, items_.begin() + to);
    begins_[user] = to;
    to = static_cast<std::int32_t>(moved - items_.begin());
  }
  begins_.back() = to;
  items_.resize(static_cast<std::size_t>(to));
}

std::span<const std::int32_t> Histories::of(std::int64_t user) const {
  const auto u = static_cast<std::size_t>(user);
  if (u + 1 >= begins_.size()) return {};
  return std::span(items_).subspan(static_cast<std::size_t>(begins_[u]),
                                   static_cast<std::size_t>(begins_[u + 1] - begins_[u]));
}

std::vector<std::int64_t> Histories::users() const {
  std::vector<std::int64_t> list;
  for (std::size_t user = 0; user + 1 < begins_.size(); ++user)
    if (begins_[user] < begins_[user + 1]) list.push_back(static_cast<std::int64_t>(user));
  return list;
}

std::optional<Negatives> negatives_of(const Dataset& dataset, std::span<const std::int64_t> training,
                                      const Scaling& scaling, const TrainingConfig& config) {
  if (!is_ranking(dataset.target)) return std::nullopt;
  return Negatives(dataset, training, scaling, config.negatives, config.seed);
}

Negatives::Negatives(const Dataset& dataset, std::span<const std::int64_t> training, const Scaling& scaling,
                     std::int64_t count, std::uint64_t seed)
    : seen_(dataset, training, scaling),
      known_(scaling.known.at(1).begin(), scaling.known.at(1).end()),
      place_(static_cast<std::size_t>(dataset.inputs.front().sizes.at(1))),
      count_(count > 0                          ? count
             : dataset.target.loss == "softmax" ? kOfSoftmax
                                                : kOfBpr),
      seed_(seed) {
  for (std::size_t i = 0; i < known_.size(); ++i)
    place_[static_cast<std::size_t>(known_[i])] = static_cast<std::int32_t>(i);
}

bool Negatives::can_draw() const {
  return std::ranges::any_of(seen_.users(),
                             [&](std::int64_t user) { return std::ssize(seen_.of(user)) < std::ssize(known_); });
}

double Negatives::draw(std::int64_t user, std::int64_t chosen, std::int64_t example, std::int64_t epoch,
                       std::span<std::int64_t> items) const {
  const std::span<const std::int32_t> seen = seen_.of(user);
  const std::int64_t unseen = std::ssize(known_) - std::ssize(seen);
  if (unseen <= 0) {
    std::ranges::fill(items, chosen);
    return -std::numeric_limits<double>::infinity();
  }
  const Random random(seed_, RandomPurpose::augmentation, "negatives", static_cast<std::uint32_t>(epoch));
  const auto first = static_cast<std::uint64_t>(example) * static_cast<std::uint64_t>(count_);
  for (std::size_t k = 0; k < items.size(); ++k) {
    const auto drawn = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(unseen), first + k));
    // The drawn one of those that are not seen: of i seen items before it, place_[seen[i]] − i unseen ones are.
    std::int64_t low = 0, high = std::ssize(seen);
    while (low < high) {
      const std::int64_t middle = (low + high) / 2;
      const std::int64_t before = place_[static_cast<std::size_t>(seen[static_cast<std::size_t>(middle)])] - middle;
      before <= drawn ? low = middle + 1 : high = middle;
    }
    items[k] = known_[static_cast<std::size_t>(drawn + low)];
  }
  return std::log(static_cast<double>(unseen) / static_cast<double>(items.size()));
}

}  // namespace thalweg::lab

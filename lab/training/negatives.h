// Negatives: items that a user has not chosen, drawn for a loss that ranks what they chose above these.
#pragma once

#include "data/dataset.h"
#include "training/config.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace thalweg::lab {

/// Of a data set's users and items what stands together in some of its examples, by user.
class Histories {
 public:
  Histories() = default;
  /// Codes are as `scaling` has them; pairs with a 0 are left out.
  Histories(const Dataset& dataset, std::span<const std::int64_t> examples, const Scaling& scaling);

  /// A user's items, ascending, each once.
  std::span<const std::int32_t> of(std::int64_t user) const;
  /// Those who have some.
  std::vector<std::int64_t> users() const;

 private:
  std::vector<std::int32_t> begins_, items_;
};

/// For users and items (codes from 1) of a data set's examples.
class Negatives {
 public:
  /// `training`: the examples whose items are a user's own; the others of `scaling.known` are drawn. `count`: for each
  /// example; 0: 1 of the loss bpr, 32 of softmax.
  Negatives(const Dataset& dataset, std::span<const std::int64_t> training, const Scaling& scaling, std::int64_t count,
            std::uint64_t seed);

  std::int64_t count() const { return count_; }
  /// Has any user of `training` an unseen item? If none has, there is nothing to rank.
  bool can_draw() const;
  /// Fills `items` (as many as count()) with items of which each is any of the user's unseen ones, all equally likely.
  /// Draws depend on seed, epoch and example alone, so that a resumed training sees the same, whatever its batches are.
  /// Gives log(unseen / count), and −∞ with the chosen item itself where there is none. Of user 0 all are unseen.
  double draw(std::int64_t user, std::int64_t chosen, std::int64_t example, std::int64_t epoch,
              std::span<std::int64_t> items) const;

 private:
  Histories seen_;
  std::vector<std::int32_t> known_;  // items, ascending
  std::vector<std::int32_t> place_;  // of each item among them
  std::int64_t count_;
  std::uint64_t seed_;
};

/// Is it a ranking, whose loss draws negatives?
inline bool is_ranking(const Target& target) { return !target.loss.empty(); }

/// Those of a ranking by its configuration; none for other targets.
std::optional<Negatives> negatives_of(const Dataset& dataset, std::span<const std::int64_t> training,
                                      const Scaling& scaling, const TrainingConfig& config);

}  // namespace thalweg::lab

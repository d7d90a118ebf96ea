// Parts: which examples train and which test, where a format does not say.
#pragma once

#include "data/dataset.h"

#include <thalweg/random.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace thalweg::lab {

/// Two parts of a list, both ascending.
struct Drawn {
  std::vector<std::int64_t> kept, drawn;
};

/// Draws a share of the examples, at random; `label` (if given) says an example's class: of each class the same share
/// is drawn, to the next whole example.
Drawn draw(std::vector<std::int64_t> examples, double share, const Random& random,
           const std::function<std::int64_t(std::int64_t)>& label = {});

/// The last share of the examples.
Drawn cut(std::vector<std::int64_t> examples, double share);

/// The first examples are the training part, the `test` behind them the test part: where a format says so.
void give_parts(Dataset& dataset, std::int64_t train, std::int64_t test);

/// Sets train and test of a data set whose examples are these, by the options: drawn, classes alike, or the last ones
/// of what is in order. Throws thalweg::Error, which begins with `where`, if a part would be empty.
void divide(Dataset& dataset, std::vector<std::int64_t> examples, const DataOptions& options, const std::string& where);

/// Throws thalweg::Error, which names `where`, if a share was given for data that have a test part of their own.
void check_no_share(const DataOptions& options, const std::string& where);

/// Deals examples out like cards to `folds` parts, class by class, so that parts differ by one example of all and of
/// each class: `drawn` is part `fold` (from 1), `kept` the others.
Drawn deal(std::vector<std::int64_t> examples, std::int64_t folds, std::int64_t fold, const Random& random,
           const std::function<std::int64_t(std::int64_t)>& label);

/// Has part `fold` of `folds` (from 1) of all examples be the test part, the others the training part: for
/// cross-validation. Drawn by the seed, of each class the same share. Throws thalweg::Error for data in order, and for
/// more folds than examples.
void take_fold(Dataset& dataset, std::int64_t folds, std::int64_t fold, std::uint64_t seed);

}  // namespace thalweg::lab

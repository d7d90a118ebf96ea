// Which images of a data set train, validate and test.
#include "training/split.h"

#include <thalweg/error.h>
#include <thalweg/random.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <numeric>

namespace thalweg::lab {
namespace {

std::vector<std::int64_t> first_indices(std::int64_t count, std::int64_t limit) {
  std::vector<std::int64_t> indices(static_cast<std::size_t>(limit > 0 ? std::min(limit, count) : count));
  std::iota(indices.begin(), indices.end(), std::int64_t{0});
  return indices;
}

}  // namespace

Split split(const Dataset& dataset, const TrainingConfig& config) {
  Split result;
  result.test = first_indices(dataset.test.count, config.test_limit);
  std::vector<std::int64_t> all = first_indices(dataset.train.count, config.train_limit);
  const auto validation =
      static_cast<std::ptrdiff_t>(std::llround(static_cast<double>(all.size()) * config.validation_fraction));
  const auto refuse = [&](const char* what) {
    throw Error(
        fmt::format("validation fraction = {} of {} images {}; give a larger --train-limit, another "
                    "--validation-fraction, or 0 for none",
                    config.validation_fraction, all.size(), what));
  };
  if (validation == 0 && config.validation_fraction > 0) refuse("is not one image");
  if (validation == std::ssize(all)) refuse("leaves none to train on");
  Random(config.split_seed, RandomPurpose::split).shuffle(all);
  result.validation.assign(all.begin(), all.begin() + validation);
  result.training.assign(all.begin() + validation, all.end());
  std::ranges::sort(result.training);
  std::ranges::sort(result.validation);
  return result;
}

}  // namespace thalweg::lab

// Parts: draws the test part.
#include "data/parts.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <map>
#include <numeric>
#include <utility>

namespace thalweg::lab {
namespace {

constexpr double kTestShare = 0.2, kTestShareInOrder = 0.1;

std::ptrdiff_t share_of(std::size_t count, double share) {
  return static_cast<std::ptrdiff_t>(std::llround(static_cast<double>(count) * share));
}

}  // namespace

Drawn draw(std::vector<std::int64_t> examples, double share, const Random& random,
           const std::function<std::int64_t(std::int64_t)>& label) {
  random.shuffle(examples);
  std::map<std::int64_t, std::vector<std::int64_t>> classes;
  for (const std::int64_t example : examples) classes[label ? label(example) : 0].push_back(example);
  Drawn parts;
  std::size_t seen = 0;  // of the classes so far: their shares add up to the share of all
  for (const auto& [name, members] : classes) {
    const std::ptrdiff_t before = share_of(seen, share);
    seen += members.size();
    const auto middle = members.begin() + std::min(share_of(seen, share) - before, std::ssize(members));
    parts.drawn.insert(parts.drawn.end(), members.begin(), middle);
    parts.kept.insert(parts.kept.end(), middle, members.end());
  }
  std::ranges::sort(parts.drawn);
  std::ranges::sort(parts.kept);
  return parts;
}

Drawn cut(std::vector<std::int64_t> examples, double share) {
  const auto middle = examples.end() - share_of(examples.size(), share);
  return {{examples.begin(), middle}, {middle, examples.end()}};
}

void give_parts(Dataset& dataset, std::int64_t train, std::int64_t test) {
  dataset.train.resize(static_cast<std::size_t>(train));
  dataset.test.resize(static_cast<std::size_t>(test));
  std::iota(dataset.train.begin(), dataset.train.end(), std::int64_t{0});
  std::iota(dataset.test.begin(), dataset.test.end(), train);
}

void divide(Dataset& dataset, std::vector<std::int64_t> examples, const DataOptions& options,
            const std::string& where) {
  const double usual = dataset.in_order ? kTestShareInOrder : kTestShare;
  const std::size_t count = examples.size();
  // Unless it is given, the share is one example at least.
  const double least = count > 1 ? 1 / static_cast<double>(count) : 0;
  const double share = options.test_fraction > 0 ? options.test_fraction : std::max(usual, least);
  const auto label = [&](std::int64_t example) { return dataset.examples->label(example); };
  Drawn parts = dataset.in_order
                    ? cut(std::move(examples), share)
                    : draw(std::move(examples), share, Random(options.split_seed, RandomPurpose::split, "test"), label);
  dataset.train = std::move(parts.kept);
  dataset.test = std::move(parts.drawn);
  dataset.are_parts_drawn = true;
  if (dataset.train.empty() || dataset.test.empty()) {
    throw Error(fmt::format(
        "{}: a test fraction of {} of {} example{} leaves none to {}; give another --test-fraction, or more "
        "examples",
        where, share, count, count == 1 ? "" : "s", dataset.train.empty() ? "train on" : "test on"));
  }
}

void check_no_share(const DataOptions& options, const std::string& where) {
  if (options.test_fraction == 0) return;
  throw Error(fmt::format("--test-fraction: means nothing for {}, which has a test part of its own", where));
}

Drawn deal(std::vector<std::int64_t> examples, std::int64_t folds, std::int64_t fold, const Random& random,
           const std::function<std::int64_t(std::int64_t)>& label) {
  std::ranges::sort(examples);
  random.shuffle(examples);
  std::ranges::stable_sort(examples, {}, label);
  Drawn parts;
  for (std::int64_t i = 0; i < std::ssize(examples); ++i)
    (i % folds == fold - 1 ? parts.drawn : parts.kept).push_back(examples[static_cast<std::size_t>(i)]);
  std::ranges::sort(parts.drawn);
  std::ranges::sort(parts.kept);
  return parts;
}

void take_fold(Dataset& dataset, std::int64_t folds, std::int64_t fold, std::uint64_t seed) {
  std::vector<std::int64_t> examples = dataset.train;
  examples.insert(examples.end(), dataset.test.begin(), dataset.test.end());
  if (dataset.has_histories) {
    throw Error(
        fmt::format("--folds {}: {} is split by time; --split random lets parts be drawn", folds, dataset.name));
  }
  if (dataset.in_order) {
    throw Error(fmt::format("--folds {}: {} is in order, and its parts are not drawn", folds, dataset.name));
  }
  if (folds > std::ssize(examples)) {
    throw Error(fmt::format("--folds {}: {} has {} examples", folds, dataset.name, examples.size()));
  }
  Drawn parts = deal(std::move(examples), folds, fold, Random(seed, RandomPurpose::split, "folds"),
                     [&](std::int64_t example) { return dataset.examples->label(example); });
  dataset.train = std::move(parts.kept);
  dataset.test = std::move(parts.drawn);
  dataset.are_parts_drawn = true;
  dataset.validation.clear();
}

}  // namespace thalweg::lab

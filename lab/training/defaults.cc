// What a training takes where its configuration leaves the choice.
#include "training/defaults.h"

#include "data/ratings_dataset.h"

#include <algorithm>
#include <bit>
#include <cstdint>

namespace thalweg::lab {
namespace {

constexpr std::int64_t kBatch = 64;
constexpr std::int64_t kSteps = 4000;  // of small tables

}  // namespace

bool is_rows(const Dataset& dataset) {
  return std::ranges::all_of(dataset.inputs, [](const Input& input) {
    return input.kind == InputKind::numbers || input.kind == InputKind::categories || input.kind == InputKind::series;
  });
}

void choose_defaults(TrainingConfig& config, const Dataset& dataset, std::int64_t epochs) {
  StopConditions& stop = config.stop;
  const bool rows = is_rows(dataset);
  const auto count = static_cast<double>(dataset.train.size()) * (1 - config.validation_fraction);
  const auto examples = std::max<std::int64_t>(1, static_cast<std::int64_t>(count));
  if (config.batch == 0) {
    const auto share = std::bit_floor(static_cast<std::uint64_t>(std::max<std::int64_t>(1, examples / 50)));
    config.batch =
        rows ? std::clamp<std::int64_t>(static_cast<std::int64_t>(share), 16, has_ratings(dataset) ? 1024 : 256)
             : kBatch;
  }
  if (stop.epochs > 0) return;
  if (!rows) {
    stop.epochs = epochs;
    return;
  }
  const std::int64_t batches = (examples - 1) / config.batch + 1;
  stop.epochs = std::clamp<std::int64_t>((kSteps - 1) / batches + 1, kUsualEpochs, 2000);
  if (stop.patience || stop.goal || stop.steps || stop.seconds || config.validation_fraction == 0) return;
  stop.patience = std::max<std::int64_t>(kUsualEpochs, stop.epochs / 10);
  config.restore_best = true;
}

}  // namespace thalweg::lab

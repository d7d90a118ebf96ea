// TrainingDisplay: shows how a training goes, as a bar on a terminal and a line an epoch.
#pragma once

#include "progress.h"
#include "training/records.h"
#include "training/trainer.h"

namespace thalweg::lab {

/// Where a training's lines go: to stdout, or to stderr where stdout has the result alone.
enum class Lines { output, messages };

/// The bar is always on stderr.
class TrainingDisplay {
 public:
  TrainingDisplay(Lines lines, std::int64_t epochs) : lines_(lines), epochs_(epochs) {}

  void show(const Progress& progress);
  void add(const EpochRecord& record);
  void clear() { bar_.clear(); }

 private:
  ProgressBar bar_;
  Lines lines_;
  std::int64_t epochs_;
};

}  // namespace thalweg::lab

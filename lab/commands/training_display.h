// TrainingDisplay: shows how a training goes, as a bar on a terminal and a line an epoch.
#pragma once

#include "progress.h"
#include "training/records.h"
#include "training/trainer.h"

#include <cstdio>

namespace thalweg::lab {

/// The bar is on stderr, the lines are on `lines`.
class TrainingDisplay {
 public:
  TrainingDisplay(std::FILE* lines, std::int64_t epochs) : lines_(lines), epochs_(epochs) {}

  void show(const Progress& progress);
  void add(const EpochRecord& record);
  void clear() { bar_.clear(); }

 private:
  ProgressBar bar_;
  std::FILE* lines_;
  std::int64_t epochs_;
};

}  // namespace thalweg::lab

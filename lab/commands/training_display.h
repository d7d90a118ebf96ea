// TrainingDisplay: shows how a training goes, as a bar on a terminal and a line an epoch.
#pragma once

#include "progress.h"
#include "tasks/task.h"
#include "training/records.h"
#include "training/trainer.h"

namespace thalweg::lab {

/// Where a training's lines go: to stdout, or to stderr where stdout has the result alone.
enum class Lines { output, messages };

/// `loss 0.4321  accuracy 85.20 %`.
std::string values_text(const MetricValues& values);

/// The bar is always on stderr.
class TrainingDisplay {
 public:
  TrainingDisplay(Lines lines, const Task& task, std::int64_t epochs) : lines_(lines), task_(task), epochs_(epochs) {}

  void show(const Progress& progress);
  void add(const EpochRecord& record);
  void clear() { bar_.clear(); }

 private:
  ProgressBar bar_;
  Lines lines_;
  const Task& task_;
  std::int64_t epochs_;
};

}  // namespace thalweg::lab

// RecordBuffer: what a training tells in between two writes into its store.
#pragma once

#include "store/store.h"
#include "training/records.h"

#include <cstdint>
#include <vector>

namespace thalweg::lab {

/// Records, kept in memory so that a transaction takes many of them.
class RecordBuffer {
 public:
  void add(const StepRecord& record) { steps_.push_back(record); }
  void add(const DiagnosticRecord& record) { diagnostics_.push_back(record); }
  void add(const EpochRecord& record) { epochs_.push_back(record); }
  /// Moves them into the store.
  void write(Store& store, std::int64_t trial);
  /// Likewise the last ones, with the trial's result, in one transaction.
  void finish(Store& store, std::int64_t trial, const TrainingResult& result);

 private:
  void clear();

  std::vector<StepRecord> steps_;
  std::vector<DiagnosticRecord> diagnostics_;
  std::vector<EpochRecord> epochs_;
};

}  // namespace thalweg::lab

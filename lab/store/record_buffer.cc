// Writes records in one piece.
#include "store/record_buffer.h"

namespace thalweg::lab {

void RecordBuffer::write(Store& store, std::int64_t trial) {
  if (steps_.empty() && diagnostics_.empty() && epochs_.empty()) return;
  store.add_records(trial, steps_, diagnostics_, epochs_);
  clear();
}

void RecordBuffer::finish(Store& store, std::int64_t trial, const TrainingResult& result) {
  store.finish(trial, result, steps_, diagnostics_, epochs_);
  clear();
}

void RecordBuffer::clear() {
  steps_.clear();
  diagnostics_.clear();
  epochs_.clear();
}

}  // namespace thalweg::lab

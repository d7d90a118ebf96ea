// Writes records in one piece.
#include "store/record_buffer.h"

namespace thalweg::lab {

void RecordBuffer::write(Store& store, std::int64_t trial) {
  if (!steps_.empty()) store.add_steps(trial, steps_);
  steps_.clear();
  if (!diagnostics_.empty()) store.add_diagnostics(trial, diagnostics_);
  diagnostics_.clear();
}

}  // namespace thalweg::lab

// The flags that say how many worker processes a study has.
#pragma once

#include <CLI/App.hpp>

namespace thalweg::lab {

struct JobFlags {
  int jobs = 0;  ///< 0: as many as fill the cores
  int threads_per_job = 1;
};

void add_job_flags(CLI::App& command, JobFlags& flags);

/// Chooses what was left to be chosen. Throws UsageError for more threads than the machine can hold: they would end in
/// a worker that hangs while it starts them.
void complete(JobFlags& flags);

}  // namespace thalweg::lab

// The worker's side of a study: reads jobs, trains, tells.
#pragma once

#include <sys/types.h>

namespace thalweg::lab {

/// Trains the jobs that come as lines on standard input, one after another, and tells on standard output what becomes
/// of them, until the input ends. The process is killed when `parent`, which started it, dies.
void serve_as_worker(pid_t parent);

}  // namespace thalweg::lab

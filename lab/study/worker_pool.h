// WorkerPool: runs trials in processes of their own, so that a crash costs one trial and no more.
#pragma once

#include "study/trial_runner.h"

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace thalweg::lab {

struct WorkerSettings {
  int jobs = 1;                                         ///< processes at a time
  std::filesystem::path executable = "/proc/self/exe";  ///< what is run as `EXECUTABLE worker --parent PID`
  const std::atomic<bool>* stop_requested = nullptr;    ///< makes `run` stop its workers and return
};

/// Keeps up to `jobs` worker processes, each of which trains one trial after another (a start costs about half a
/// second, and a trial's numbers do not depend on what its process has trained before). One that crashes, is killed or
/// says something senseless fails the trial it was running, and a new one takes its place. Workers end with the pool
/// and with its process, however that ends.
class WorkerPool {
 public:
  explicit WorkerPool(WorkerSettings settings);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// A TrialRunner. Throws thalweg::Error if no process can be started.
  void run(const std::vector<Job>& jobs, TrialEvents& events);

 private:
  struct Worker;
  std::unique_ptr<Worker> start() const;
  void give(Worker& worker, const Job& job, TrialEvents& events);
  bool receive(Worker& worker, TrialEvents& events);

  WorkerSettings settings_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace thalweg::lab

// WorkerPool: runs trials in processes of their own, so that a crash costs one trial and no more.
#pragma once

#include "study/trial_runner.h"

#include <atomic>
#include <chrono>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace thalweg::lab {

/// How long a worker that says nothing is believed to be well. A training tells something several times a second, once
/// its data are open and its first step is done; all that was ever seen to hang hangs before.
struct WorkerPatience {
  std::chrono::seconds waiting{60};     ///< using no processor, as in a deadlock
  std::chrono::seconds computing{600};  ///< of processor time, as in an endless loop; or held up by disk or SIGSTOP
};

constexpr int kAttempts = 3;  ///< of a trial whose workers are killed before it has come to a checkpoint

struct WorkerSettings {
  int jobs = 1;                                         ///< processes at a time
  std::filesystem::path executable = "/proc/self/exe";  ///< what is run as `EXECUTABLE worker --parent PID`
  const std::atomic<bool>* stop_requested = nullptr;    ///< makes `run` stop its workers and return
  WorkerPatience patience = {};
};

/// Keeps up to `jobs` worker processes, each of which trains one trial after another (a start costs about half a
/// second, and a trial's numbers do not depend on what its process has trained before). One that crashes, is killed or
/// says something senseless fails the trial it was running, and a new one takes its place; so does one that hangs. A
/// trial that has a place for checkpoints and whose worker was killed by a signal is given to another worker, at most
/// kAttempts times without a checkpoint in between.
/// Workers end with the pool and with its process, however that ends.
class WorkerPool {
 public:
  explicit WorkerPool(WorkerSettings settings);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// A TrialRunner. Throws thalweg::Error if no process can be started, or if they hang before any has said a word.
  void run(JobSource& source, TrialEvents& events);

 private:
  struct Worker;
  /// A job, and how often it has been given without a checkpoint since.
  struct Assignment {
    Job job;
    int attempts = 0;
  };
  std::unique_ptr<Worker> start() const;
  void give(Worker& worker, Assignment assignment, TrialEvents& events);
  std::optional<Assignment> next(JobSource& source);
  void give_all(JobSource& source, TrialEvents& events);
  void end_lost(Worker& worker, TrialEvents& events);
  bool receive(Worker& worker, TrialEvents& events);
  bool is_well(Worker& worker, std::chrono::nanoseconds passed, TrialEvents& events);

  WorkerSettings settings_;
  bool heard_ = false;  // has any worker ever said anything?
  std::vector<std::unique_ptr<Worker>> workers_;
  std::deque<Assignment> again_;  // their workers were lost
};

}  // namespace thalweg::lab

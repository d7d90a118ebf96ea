// How a command ends: exit codes, usage errors and interruption.
#pragma once

#include <thalweg/error.h>

#include <atomic>

namespace thalweg::lab {

constexpr int kExitFailed = 1;         ///< the job failed
constexpr int kExitUsage = 2;          ///< the command line cannot be used
constexpr int kExitInterrupted = 130;  ///< Ctrl-C or SIGTERM; what is needed to continue was written

/// A flag's value cannot be used: exit code 2 where thalweg::Error gives 1.
class UsageError : public Error {
 public:
  using Error::Error;
};

/// Runs `job`, a check of what was given on the command line; its errors become usage errors.
template <class Job>
decltype(auto) as_usage(Job&& job) {
  try {
    return job();
  } catch (const UsageError&) {
    throw;
  } catch (const Error& error) {
    throw UsageError(error.what());
  }
}

/// Thrown by a command after it was interrupted and has told how to continue: main exits with 130 and prints no more.
struct Interrupted {};

/// Ctrl-C and SIGTERM wait until `end_when_interrupted`, in this program or in the one that it becomes by exec.
void hold_interrupts() noexcept;
/// From now on, and if one has waited, they end the process with 130 at once; `watch_for_interrupt` takes them over.
void end_when_interrupted() noexcept;

/// Set by Ctrl-C and SIGTERM once this was called. A second signal ends the process at once, with 130 too; nothing that
/// was kept is lost by that.
const std::atomic<bool>& watch_for_interrupt();

}  // namespace thalweg::lab

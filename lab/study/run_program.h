// Runs a command of one's own as a trial and reads the metrics that it tells.
#pragma once

#include "study/program.h"
#include "training/records.h"

#include <functional>

namespace thalweg::lab {

/// What a program tells while it runs.
struct ProgramHooks {
  std::function<void(const EpochRecord&)> on_record;  ///< a line with the metric
  std::function<void()> on_wait;                      ///< several times a second, whether it says something or not
};

/// Runs the command, without a shell and with nothing on its standard input, until it ends, and gives its last value
/// of the metric. Each line of its standard output that is a JSON object with the metric as a number is a record;
/// `epoch` and `step`, if it has them, must rise; the last value of ProgramCall::test, in these lines or others, is the
/// result's test value. A value that is not finite is an outcome: diverged. Throws
/// thalweg::Error, with the last words on its standard error, if it cannot be started, ends with another exit code than
/// 0 or by a signal, tells no value, tells more than kMostRecords of them, or runs longer than its timeout; then it is
/// killed, and its process group with it. However much it writes, little of it is kept.
TrainingResult run_program(const ProgramCall& call, const ProgramHooks& hooks);

constexpr std::int64_t kMostRecords = 10'000;

}  // namespace thalweg::lab

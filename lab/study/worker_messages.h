// Messages between a study and its workers: one line of JSON each, jobs to the worker, events from it.
#pragma once

#include "study/trial_runner.h"

#include <thalweg/error.h>

#include <string>
#include <string_view>

namespace thalweg::lab {

/// A line that cannot be used.
class MessageError : public Error {
 public:
  using Error::Error;
};

/// A job as its line, newline included.
std::string to_line(const Job& job);
/// Throws MessageError for what is no job.
Job read_job(std::string_view line);

/// What a worker tells of its one trial at a time. Each gives a line, newline included. First of all where it begins.
std::string begin_line(std::int64_t after_step);
std::string progress_line(const Progress& progress);
std::string step_line(const StepRecord& record);
std::string diagnostics_line(const DiagnosticRecord& record);
std::string epoch_line(const EpochRecord& record);
/// The worker waits for kGo before it writes the checkpoint.
std::string checkpoint_line();
std::string result_line(const TrainingResult& result);
std::string paused_line();
std::string error_line(const std::string& error);

/// A study's answer to checkpoint_line.
constexpr const char* kGo = "go\n";

/// What follows a worker's line.
enum class Delivered {
  more,  ///< other lines of this trial
  asks,  ///< it waits for kGo
  last,  ///< nothing: it was the trial's result, its pause or its error
};

/// Hands a worker's line on. Throws MessageError for what is no message, and what `events` throws.
Delivered deliver(std::string_view line, std::int64_t trial, TrialEvents& events);

}  // namespace thalweg::lab

// Writes a study's rows: each call a few statements, in the caller's transaction. Store says what they are for.
#pragma once

#include "store/database.h"
#include "store/study_data.h"

#include <cstdint>
#include <span>
#include <string>

namespace thalweg::lab {

/// The study's one row, without its trials.
void write_study(const Database& database, const StudyData& study);
void write_plan(const Database& database, const nlohmann::json& config, const std::string& command,
                const nlohmann::json& outcome);
void write_outcome(const Database& database, const nlohmann::json& outcome);

/// A trial with all its parts; returns its id.
std::int64_t write_trial(const Database& database, const TrialData& trial);
void write_status(const Database& database, std::int64_t trial, TrialStatus status);
void write_epoch(const Database& database, std::int64_t trial, const EpochRecord& record);
void write_steps(const Database& database, std::int64_t trial, std::span<const StepRecord> records);
void write_diagnostics(const Database& database, std::int64_t trial, std::span<const DiagnosticRecord> records);
/// The trial is finished and has its checksum.
void write_result(const Database& database, std::int64_t trial, const TrainingResult& result);
void write_failure(const Database& database, std::int64_t trial, const std::string& error);
/// Back to `running`, with the records up to `step` alone.
void rewind_trial(const Database& database, std::int64_t trial, std::int64_t step);
void remove_trial(const Database& database, std::int64_t trial);

}  // namespace thalweg::lab

// The flags that every study has: its workers, and where its results go.
#pragma once

#include "study/program.h"

#include <CLI/App.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace thalweg::lab {

struct JobFlags {
  int jobs = 0;  ///< 0: as many as fill the cores
  int threads_per_job = 1;
};

void add_job_flags(CLI::App& command, JobFlags& flags);

/// Chooses what was left to be chosen. Throws UsageError for more threads than the machine can hold: they would end in
/// a worker that hangs while it starts them.
void complete(JobFlags& flags);

/// `--metric`, `--maximize` and `--trial-timeout`, of a command of one's own.
void add_program_flags(CLI::App& command, Program& program, bool& maximize);

/// Takes `maximize` over. Throws UsageError if one of these flags says something and there is no command.
void complete(Program& program, bool maximize);

struct StudyOutput {
  std::string out;     ///< the study's folder
  std::string report;  ///< empty: none is written
  bool overwrite = false, json = false;
};

/// `--out` has the folder that `output` has as its default.
void add_study_output(CLI::App& command, StudyOutput& output);

/// Throws UsageError for a report that would replace one of these inputs, or cannot be a file's name (check_output).
void check_report(const StudyOutput& output, const std::vector<std::filesystem::path>& inputs = {});

/// Says where the study is, and its report, or how to make one.
void print_places(const StudyOutput& output);

}  // namespace thalweg::lab

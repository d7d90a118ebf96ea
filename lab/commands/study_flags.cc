// The flags that every study has.
#include "commands/study_flags.h"

#include "commands/exit.h"
#include "commands/output_file.h"
#include "output/output.h"
#include "store/folder_lock.h"
#include "study/environment.h"

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <limits>
#include <thread>

namespace thalweg::lab {
namespace {

constexpr int kMostThreadsACore = 8;

}  // namespace

void add_job_flags(CLI::App& command, JobFlags& flags) {
  const auto group = "Study";
  command.add_option("--jobs", flags.jobs, "Worker processes; by default as many as fill the cores")
      ->group(group)
      ->check(CLI::Range(1, 1024));
  command.add_option("--threads-per-job", flags.threads_per_job, "Threads of each; part of the configuration")
      ->group(group)
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
}

void complete(JobFlags& flags) {
  const int cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  if (flags.jobs == 0) flags.jobs = std::max(1, cores / flags.threads_per_job);
  const int most = std::max(64, kMostThreadsACore * cores);
  const int threads = flags.jobs * flags.threads_per_job;
  if (threads <= most) return;
  throw UsageError(
      fmt::format("--jobs {} × --threads-per-job {} = {} threads are too many for the {} cores here: at most {}",
                  flags.jobs, flags.threads_per_job, threads, cores, most));
}

void add_program_flags(CLI::App& command, Program& program, bool& maximize) {
  const auto group = "Command of one's own";
  command.add_option("--metric", program.metric, "Key of the lines that it prints by which trials are compared")
      ->group(group)
      ->capture_default_str();
  command.add_flag("--maximize", maximize, "The more of it, the better")->group(group);
  command.add_option("--trial-timeout", program.timeout, "Seconds after which a trial is ended; 0: never")
      ->group(group)
      ->capture_default_str();
}

void complete(Program& program, bool maximize) {
  program.better = maximize ? Better::higher : Better::lower;
  if (!(program.timeout >= 0 && program.timeout < std::numeric_limits<double>::infinity())) {
    throw UsageError(fmt::format("--trial-timeout: {} is outside [0, ∞)", program.timeout));
  }
  if (program) return;
  // A file that --print-config wrote has all of them.
  const Program usual;
  const char* const said = program.metric != usual.metric     ? "--metric"
                           : maximize                         ? "--maximize"
                           : program.timeout != usual.timeout ? "--trial-timeout"
                                                              : nullptr;
  if (said != nullptr) throw UsageError(fmt::format("{} is for a command of one's own, behind --", said));
}

void add_study_output(CLI::App& command, StudyOutput& output) {
  const auto group = "Output";
  command.add_option("--out", output.out, "Folder of the study")
      ->type_name("FOLDER")
      ->group(group)
      ->capture_default_str();
  command.add_flag("--overwrite", output.overwrite, "Begin anew if the folder holds a study")->group(group);
  command.add_option("--report", output.report, "Also write the HTML report to this file")
      ->type_name("FILE")
      ->group(group);
  command.add_flag("--json", output.json, "Print the result as JSON")->group(group);
}

void check_report(const StudyOutput& output, const std::vector<std::filesystem::path>& inputs) {
  if (!output.report.empty()) check_output("--report", output.report, inputs);
}

void print_places(const StudyOutput& output) {
  print("Study:  {}\n", (std::filesystem::path(output.out) / kStudyFile).string());
  print("Report: {}\n", output.report.empty()
                            ? fmt::format("thalweg report {} -o report.html", shell_quoted(output.out))
                            : output.report);
}

}  // namespace thalweg::lab

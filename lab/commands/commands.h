// The subcommands of thalweg: each adds itself, with its flags, to the application.
#pragma once

#include <CLI/App.hpp>

#include <string>
#include <vector>

namespace thalweg::lab {

/// Each adds one subcommand, with a callback that does the job. A failed job throws thalweg::Error, a value that
/// cannot be used throws UsageError; main turns both into one line on stderr and an exit code.
/// `own_command`: the words behind `--`, which CLI11 must not read: it would take them for optimizers.
void add_compare(CLI::App& app, const std::vector<std::string>& own_command);
void add_completion(CLI::App& app);
void add_data(CLI::App& app);
void add_eval(CLI::App& app);
void add_export(CLI::App& app);
void add_identify(CLI::App& app);
void add_man(CLI::App& app);
void add_predict(CLI::App& app);
void add_replay(CLI::App& app);
void add_report(CLI::App& app);
void add_rules(CLI::App& app);
void add_runs(CLI::App& app);
void add_schedule(CLI::App& app);
void add_train(CLI::App& app);
void add_tune(CLI::App& app);
/// Of `tune` itself.
void add_tune_merge(CLI::App& tune);
/// Hidden: trains what a study sends on standard input.
void add_worker(CLI::App& app);

}  // namespace thalweg::lab

// Configuration files: a command's flags as TOML.
#pragma once

#include "training/config.h"

#include <CLI/App.hpp>

#include <string>

namespace thalweg::lab {

/// --config and --print-config.
struct ConfigFlags {
  std::string file;
  bool print = false;
};

/// Adds both to the command.
void add_config_flags(CLI::App& command, ConfigFlags& flags);

/// Gives the command's options that were not given the values of this file, whose keys are called as the flags
/// (`train-limit = 1000`; the arguments without a flag by their name in small letters). From then on they count as
/// given. Throws UsageError that names file and line: no TOML, a key that is no flag, with the nearest one, a value of
/// another type or not allowed.
void read_config_file(const CLI::App& command, const std::string& file);

/// All flags of the command with the values that they have now, as such a file: the settings as `config` has them, the
/// others as they were given; what has no value is a comment.
std::string config_text(const CLI::App& command, const TrainingConfig& config);

}  // namespace thalweg::lab

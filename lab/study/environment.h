// What a run must note to be repeated: versions, machine, command line.
#pragma once

#include <nlohmann/json.hpp>

#include <string>

namespace thalweg::lab {

/// For StudyData::environment: `{"versions": {thalweg, libtorch, compiler}, "machine": {cpu, cores, memory, os,
/// instruction_set}}`, all text but `cores`. What cannot be found out is absent.
nlohmann::json environment();

/// Quoted for a POSIX shell where it must be: a part of a command that people may copy.
std::string shell_quoted(const std::string& argument);

/// The command line of this process, quoted so that a shell reads it back: `thalweg compare rmsprop --epochs 8`.
std::string command_line();

}  // namespace thalweg::lab

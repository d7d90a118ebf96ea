// What a run must note to be repeated: versions, machine, quoted commands.
#pragma once

#include <nlohmann/json.hpp>

#include <string>

namespace thalweg::lab {

/// For StudyData::environment: `{"versions": {thalweg, libtorch, compiler}, "machine": {cpu, cores, memory, os,
/// blas, instruction_set}}`, all text but `cores`. What cannot be found out is absent.
nlohmann::json environment();

/// Quoted for a shell where it must be: a part of a command that people may copy. What no terminal shows (control
/// characters, bytes that are no UTF-8) is written $'\033', as Bash, Zsh and POSIX since 2024 read it.
std::string shell_quoted(const std::string& argument);

}  // namespace thalweg::lab

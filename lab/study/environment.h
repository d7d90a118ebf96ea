// What a run must note to be repeated: versions, machine, command line.
#pragma once

#include <nlohmann/json.hpp>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::lab {

/// For StudyData::environment: `{"versions": {thalweg, libtorch, compiler}, "machine": {cpu, cores, memory, os,
/// blas, instruction_set}}`, all text but `cores`. What cannot be found out is absent.
nlohmann::json environment();

/// Quoted for a shell where it must be: a part of a command that people may copy. What no terminal shows (control
/// characters, bytes that are no UTF-8) is written $'\033', as Bash, Zsh and POSIX since 2024 read it.
std::string shell_quoted(const std::string& argument);

/// The command line of this process, quoted so that a shell reads it back: `thalweg compare rmsprop --epochs 8`. Flags
/// to leave out, as `--overwrite`, are so wherever they are given, and with a value too (`--overwrite=true`).
std::string command_line(std::initializer_list<std::string_view> flags_to_leave_out = {});

/// `command_line` of these arguments, the program's name first.
std::string command_line_of(const std::vector<std::string>& arguments,
                            std::initializer_list<std::string_view> flags_to_leave_out = {});

}  // namespace thalweg::lab

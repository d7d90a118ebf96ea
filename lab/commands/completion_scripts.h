// Completion scripts for shells.
#pragma once

#include "commands/command_tree.h"

#include <string>

namespace thalweg::lab {

std::string bash_completion(const CommandInfo& command);
std::string zsh_completion(const CommandInfo& command);
std::string fish_completion(const CommandInfo& command);

}  // namespace thalweg::lab

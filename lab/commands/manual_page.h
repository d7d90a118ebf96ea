// Manual pages.
#pragma once

#include "commands/command_tree.h"

#include <string>

namespace thalweg::lab {

/// The command's page of section 1, as roff with the macros of man(7).
std::string manual_page(const CommandInfo& command);

}  // namespace thalweg::lab

// A setting of a training as a flag.
#pragma once

#include "training/settings.h"

#include <CLI/App.hpp>

#include <string>

namespace thalweg::lab {

/// The flag of the setting of this name: `--train-limit`.
std::string flag_of(const char* setting);

/// Adds its flag, whose default is the value that the setting has, and which writes there.
void add_setting(CLI::App& command, const Setting& setting);

}  // namespace thalweg::lab

// A setting of a training as a flag.
#pragma once

#include "training/settings.h"

#include <CLI/App.hpp>

namespace thalweg::lab {

/// Adds its flag, whose default is the value that the setting has, and which writes there.
void add_setting(CLI::App& command, const Setting& setting);

}  // namespace thalweg::lab

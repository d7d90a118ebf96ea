// The command line again, from what was understood of it.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace thalweg::lab {

/// A command that does the same from any folder: `cd /home/me && thalweg compare rmsprop --epochs 8`. Made from the
/// parsed options of this subcommand: positional arguments first, then the options in the order given, each quoted for
/// a shell where it must be; arguments that look like flags come last, behind `--`. `without`: long names of options to
/// leave out, however these were given
/// (`--overwrite=true`). `own_command`: words that stood behind `--` and were no arguments of the subcommand.
std::string parsed_command(const CLI::App& command, const std::vector<std::string>& without = {},
                           const std::vector<std::string>& own_command = {});

}  // namespace thalweg::lab

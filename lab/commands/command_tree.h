// The command's flags and arguments as data, of which manual pages and completions are made.
#pragma once

#include <CLI/App.hpp>

#include <string>
#include <utility>
#include <vector>

namespace thalweg::lab {

/// What a shell can say of a value.
enum class Completion { none, words, files, folders };

/// A flag, or an argument without one.
struct OptionInfo {
  std::string name;        ///< --epochs; of an argument OPTIMIZER
  std::string short_name;  ///< -o, or empty
  std::string type;        ///< of its value: INT, FILE, …; empty for a switch
  std::string meaning;
  std::string default_text;
  std::string group;  ///< heading in --help
  bool may_repeat = false;
  bool is_required = false;
  Completion completion = Completion::none;
  std::vector<std::string> words;
};

struct CommandInfo {
  std::string name;  ///< thalweg data info
  std::string meaning;
  std::string footer;
  std::vector<OptionInfo> flags = {}, arguments = {};
  std::vector<CommandInfo> commands = {};

  std::string last_name() const { return name.substr(name.rfind(' ') + 1); }
};

/// All of the application, but for what `--help` does not show.
CommandInfo command_tree(const CLI::App& app);

}  // namespace thalweg::lab

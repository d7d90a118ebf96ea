// Completion scripts for bash, zsh and fish.
#include "commands/completion_scripts.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace thalweg::lab {
namespace {

/// Calls `visit` with the command and all below it.
void for_each_command(const CommandInfo& command, const std::function<void(const CommandInfo&)>& visit) {
  visit(command);
  for (const CommandInfo& below : command.commands) for_each_command(below, visit);
}

/// The subcommands' names, as they stand on a command line: `data info`; empty for the application itself.
std::string path_of(const CommandInfo& command) {
  const std::size_t space = command.name.find(' ');
  return space == std::string::npos ? "" : command.name.substr(space + 1);
}

std::string single_quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

std::string quoted_words(const OptionInfo& option) {
  return single_quoted(fmt::format("{}", fmt::join(option.words, " ")));
}

// bash --------------------------------------------------------------------------------------------------------------

std::string bash_action(const OptionInfo& option) {
  switch (option.completion) {
    case Completion::words:
      return fmt::format("-W {}", quoted_words(option));
    case Completion::files:
      return "-f";
    case Completion::folders:
      return "-d";
    default:
      return "-W ''";
  }
}

// zsh ---------------------------------------------------------------------------------------------------------------

std::string zsh_action(const OptionInfo& option) {
  switch (option.completion) {
    case Completion::words: {
      std::string words;
      for (const std::string& word : option.words) {
        words += words.empty() ? "" : " ";
        for (const char c : word) words += c == ':' ? std::string("\\:") : std::string(1, c);
      }
      return fmt::format("({})", words);
    }
    case Completion::files:
      return "_files";
    case Completion::folders:
      return "_files -/";
    default:
      return " ";
  }
}

/// Text within a specification of `_arguments`, where brackets and colons mean something.
std::string zsh_text(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (std::string_view("[]:\\").find(c) != std::string_view::npos) result += '\\';
    result += c;
  }
  return result;
}

std::string zsh_function(const CommandInfo& command) {
  std::string name = "_" + command.name;
  std::ranges::replace(name, ' ', '_');
  return name;
}

// fish --------------------------------------------------------------------------------------------------------------

std::string fish_action(const OptionInfo& option) {
  switch (option.completion) {
    case Completion::words:
      return fmt::format(" -x -a {}", quoted_words(option));
    case Completion::files:
      return " -r -F";
    case Completion::folders:
      return " -x -a '(__fish_complete_directories)'";
    default:
      return option.type.empty() ? "" : " -x";
  }
}

/// Where this command is the one that is being written.
std::string fish_condition(const CommandInfo& command) {
  const std::string path = path_of(command);
  if (path.empty()) return "__fish_use_subcommand";
  std::string condition = "__fish_seen_subcommand_from ";
  for (const char c : path)
    condition += c == ' ' ? std::string("; and __fish_seen_subcommand_from ") : std::string(1, c);
  if (command.commands.empty()) return condition;
  condition += "; and not __fish_seen_subcommand_from";
  for (const CommandInfo& below : command.commands) condition += ' ' + below.last_name();
  return condition;
}

}  // namespace

std::string bash_completion(const CommandInfo& command) {
  std::string commands, values, words;
  for_each_command(command, [&](const CommandInfo& one) {
    const std::string path = path_of(one);
    std::string names, files;
    for (const CommandInfo& below : one.commands) {
      commands += fmt::format("      {}) command={} ;;\n", single_quoted(path + '/' + below.last_name()),
                              single_quoted(path_of(below)));
      names += below.last_name() + ' ';
    }
    for (const OptionInfo& flag : one.flags) {
      names += flag.name + ' ';
      if (flag.type.empty()) continue;
      std::string pattern = single_quoted(path + '/' + flag.name);
      if (!flag.short_name.empty()) pattern += " | " + single_quoted(path + '/' + flag.short_name);
      values += fmt::format("    {})\n      mapfile -t COMPREPLY < <(compgen {} -- \"$current\")\n      return ;;\n",
                            pattern, bash_action(flag));
    }
    for (const OptionInfo& argument : one.arguments) {
      for (const std::string& word : argument.words) names += word + ' ';
      if (argument.completion == Completion::files) files = " -f";
    }
    words += fmt::format("    {}) mapfile -t COMPREPLY < <(compgen{} -W {} -- \"$current\") ;;\n", single_quoted(path),
                         files, single_quoted(names));
  });
  return fmt::format(R"(# Completion of {0} for bash, made by `{0} completion bash`. Source it, or keep it as
# ~/.local/share/bash-completion/completions/{0}.
# shellcheck shell=bash
_{0}() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD - 1]}} command='' i
  # bash takes --flag=value apart.
  if [[ $current == '=' ]]; then current=''; fi
  if [[ $previous == '=' ]]; then previous=${{COMP_WORDS[COMP_CWORD - 2]}}; fi
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case "$command/${{COMP_WORDS[i]}}" in
{1}    esac
  done
  case "$command/$previous" in
{2}  esac
  case "$command" in
{3}  esac
}}
complete -o filenames -F _{0} {0}
)",
                     command.name, commands, values, words);
}

std::string zsh_completion(const CommandInfo& command) {
  std::string functions;
  for_each_command(command, [&](const CommandInfo& one) {
    std::string text = fmt::format("{}() {{\n", zsh_function(one));
    std::string specs;
    for (const OptionInfo& flag : one.flags) {
      const std::string meaning = fmt::format("[{}]", zsh_text(flag.meaning));
      const std::string value = flag.type.empty() ? "" : fmt::format(":{}:{}", zsh_text(flag.type), zsh_action(flag));
      const std::string repeated = flag.may_repeat ? "*" : "";
      specs += fmt::format(" \\\n    {}",
                           single_quoted(repeated + flag.name + (flag.type.empty() ? "" : "=") + meaning + value));
      if (flag.short_name.empty()) continue;
      specs += fmt::format(" \\\n    {}", single_quoted(repeated + flag.short_name + meaning + value));
    }
    for (const OptionInfo& argument : one.arguments) {
      specs += fmt::format(" \\\n    {}", single_quoted(fmt::format("{}:{}:{}", argument.may_repeat ? "*" : "",
                                                                    zsh_text(argument.name), zsh_action(argument))));
    }
    if (one.commands.empty()) {
      text += fmt::format("  _arguments -S{}\n}}\n\n", specs);
    } else {
      text += "  local context state line curcontext=$curcontext\n  typeset -A opt_args\n";
      text += fmt::format("  _arguments -C -S{} \\\n    '1: :->command' \\\n    '*:: :->rest' && return\n", specs);
      text += "  case $state in\n    command)\n      local -a commands=(\n";
      for (const CommandInfo& below : one.commands) {
        text += fmt::format("        {}\n", single_quoted(below.last_name() + ':' + zsh_text(below.meaning)));
      }
      text += "      )\n      _describe command commands ;;\n    rest)\n      case $words[1] in\n";
      for (const CommandInfo& below : one.commands) {
        text += fmt::format("        {}) {} ;;\n", below.last_name(), zsh_function(below));
      }
      text += "      esac ;;\n  esac\n}\n\n";
    }
    functions += text;
  });
  return fmt::format(
      "#compdef {0}\n# Completion of {0} for zsh, made by `{0} completion zsh`. Keep it as _{0} in a folder of "
      "$fpath.\n\n{1}_{0} \"$@\"\n",
      command.name, functions);
}

std::string fish_completion(const CommandInfo& command) {
  std::string lines;
  for_each_command(command, [&](const CommandInfo& one) {
    const std::string begin = fmt::format("complete -c {} -n {}", command.name, single_quoted(fish_condition(one)));
    for (const CommandInfo& below : one.commands) {
      lines += fmt::format("{} -a {} -d {}\n", begin, below.last_name(), single_quoted(below.meaning));
    }
    for (const OptionInfo& flag : one.flags) {
      const std::string short_name = flag.short_name.empty() ? "" : fmt::format(" -s {}", flag.short_name.substr(1));
      lines += fmt::format("{} -l {}{}{} -d {}\n", begin, flag.name.substr(2), short_name, fish_action(flag),
                           single_quoted(flag.meaning));
    }
    for (const OptionInfo& argument : one.arguments) {
      if (argument.completion == Completion::files) lines += begin + " -F\n";
      if (argument.completion == Completion::words) {
        lines += fmt::format("{} -a {}\n", begin, quoted_words(argument));
      }
    }
  });
  return fmt::format(
      "# Completion of {0} for fish, made by `{0} completion fish`. Keep it as ~/.config/fish/completions/{0}.fish.\n"
      "complete -c {0} -f\n{1}",
      command.name, lines);
}

}  // namespace thalweg::lab

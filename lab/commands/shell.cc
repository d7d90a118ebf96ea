// thalweg completion and thalweg man: the command line's flags for shells and for man.
#include "commands/command_tree.h"
#include "commands/commands.h"
#include "commands/completion_scripts.h"
#include "commands/exit.h"
#include "commands/manual_page.h"
#include "output/output.h"
#include "page/folder.h"

#include <thalweg/files.h>
#include <thalweg/suggest.h>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace thalweg::lab {
namespace {

constexpr const char* kCompletionFooter = R"(
Examples:
  thalweg completion bash > ~/.local/share/bash-completion/completions/thalweg
  thalweg completion zsh > ~/.zfunc/_thalweg                                     in a folder of $fpath
  thalweg completion fish > ~/.config/fish/completions/thalweg.fish)";

constexpr const char* kManFooter = R"(
Examples:
  thalweg man | man -l -
  thalweg man train > thalweg-train.1
  thalweg man --write ~/.local/share       all pages, and the completions of bash, zsh and fish)";

std::string script(const CommandInfo& tree, const std::string& shell) {
  if (shell == "bash") return bash_completion(tree);
  if (shell == "zsh") return zsh_completion(tree);
  if (shell == "fish") return fish_completion(tree);
  const std::vector<std::string> known{"bash", "zsh", "fish"};
  throw UsageError(fmt::format("unknown shell '{}'{}", shell, suggest(shell, known)));
}

/// The command of this path below the application.
const CommandInfo& command_at(const CommandInfo& tree, const std::vector<std::string>& path) {
  const CommandInfo* command = &tree;
  for (const std::string& name : path) {
    std::vector<std::string> known;
    for (const CommandInfo& below : command->commands) known.push_back(below.last_name());
    const auto found = std::ranges::find(known, name);
    if (found == known.end()) throw UsageError(fmt::format("unknown subcommand '{}'{}", name, suggest(name, known)));
    command = &command->commands[static_cast<std::size_t>(found - known.begin())];
  }
  return *command;
}

void write_page(const CommandInfo& command, const std::filesystem::path& folder) {
  std::string name = command.name;
  std::ranges::replace(name, ' ', '-');
  replace_file(folder / (name + ".1"), manual_page(command));
  for (const CommandInfo& below : command.commands) write_page(below, folder);
}

/// All that an installation has of the command's flags below its folder `share`.
void write_share(const CommandInfo& tree, const std::filesystem::path& share) {
  const std::filesystem::path pages = share / "man/man1";
  create_folder(pages);
  write_page(tree, pages);
  const auto write = [&](const char* file, const std::string& text) {
    create_folder((share / file).parent_path());
    replace_file(share / file, text);
  };
  write("bash-completion/completions/thalweg", bash_completion(tree));
  write("zsh/site-functions/_thalweg", zsh_completion(tree));
  write("fish/vendor_completions.d/thalweg.fish", fish_completion(tree));
}

}  // namespace

void add_completion(CLI::App& app) {
  CLI::App* command = app.add_subcommand("completion", "Print a shell's completion of this command");
  command->footer(kCompletionFooter);
  const auto shell = std::make_shared<std::string>();
  command->add_option("SHELL", *shell, "bash, zsh or fish")->type_name("")->required();
  command->callback([&app, shell] { print_lines(script(command_tree(app), *shell)); });
}

void add_man(CLI::App& app) {
  CLI::App* command = app.add_subcommand("man", "Print a manual page");
  command->footer(kManFooter);
  const auto path = std::make_shared<std::vector<std::string>>();
  command->add_option("SUBCOMMAND", *path, "Of this subcommand; otherwise of the whole command")->type_name("");
  const auto share = std::make_shared<std::string>();
  command
      ->add_option("--write", *share,
                   "Write all pages and completions into this folder, as an installation's share has them")
      ->type_name("FOLDER");
  command->callback([&app, command, path, share] {
    const CommandInfo tree = command_tree(app);
    if (command->count("--write") > 0 && share->empty()) throw UsageError("--write: expected the name of a folder");
    share->empty() ? print_lines(manual_page(command_at(tree, *path))) : write_share(tree, *share);
  });
}

}  // namespace thalweg::lab

// The thalweg command: finds the subcommand, and turns its errors into one line and an exit code.
#include "commands/commands.h"
#include "commands/exit.h"
#include "error_text.h"
#include "math_library.h"
#include "output/help.h"
#include "output/output.h"
#include "page/text.h"

#include <thalweg/suggest.h>
#include <thalweg/version.h>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace thalweg::lab {
namespace {

constexpr std::size_t kWidestHelp = 100;  // columns; longer lines are hard to read

constexpr const char* kExamples = R"(
Examples:
  thalweg rules rmsprop                            formula, options and state of one rule
  thalweg data info fashion-mnist                  what is in a data set
  thalweg train --model cnn --data fashion-mnist --optimizer rmsprop --lr 1e-3 --epochs 2 --out runs/first
  thalweg train --resume runs/first                goes on where it was stopped
  thalweg compare rmsprop sgd:momentum=0.9 adam nadam --out runs/comparison --report report.html
  thalweg report runs/comparison -o report.html    one page that opens without network

`thalweg SUBCOMMAND --help` tells all flags. Exit codes: 0 done, 1 the job failed, 2 the command line cannot be
used, 130 interrupted.)";

/// Names that an application's subcommands, or its flags, go by.
std::vector<std::string> subcommand_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!command->get_group().empty()) names.push_back(command->get_name());
  }
  return names;
}

std::vector<std::string> flag_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

/// The innermost subcommand that was given.
const CLI::App& innermost(const CLI::App& app) {
  const auto given = app.get_subcommands();
  return given.empty() ? app : innermost(*given.back());
}

/// `thalweg data info`: the command as far as it was given.
std::string command_text(const CLI::App& app) {
  const auto given = app.get_subcommands();
  return given.empty() ? app.get_name() : app.get_name() + ' ' + command_text(*given.back());
}

/// What is wrong with arguments that nothing took.
std::string unexpected(const CLI::App& app) {
  const CLI::App& command = innermost(app);
  const std::vector<std::string> left = app.remaining(true);
  const std::string first = left.empty() ? std::string() : left.front();
  const std::string name = first.substr(0, first.find('='));
  if (name.starts_with("-")) {
    const std::string nearest = suggest(name, flag_names(command));
    const bool near = nearest.starts_with("; did you mean");  // a list of all flags would be too long for a line
    return fmt::format("unknown flag {}{}", name, near ? nearest : fmt::format("; see {} --help", command_text(app)));
  }
  const std::vector<std::string> commands = subcommand_names(command);
  if (!commands.empty()) return fmt::format("unknown subcommand '{}'{}", first, suggest(first, commands));
  return fmt::format("unexpected argument '{}'", first);
}

/// What a number's text must be; empty if it is. CLI11 would take -1 for 2⁶⁴ − 1, and says not what it expects.
template <class Number>
std::string check_number(const std::string& text, std::string_view kind) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [after, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc::result_out_of_range && after == end)
    return fmt::format("'{}' is too large or too small", text);
  return error == std::errc() && after == end ? "" : fmt::format("'{}' is not {}", text, kind);
}

/// What is wrong with a text. It is kept as JSON, which is UTF-8; names of files need not be.
std::string check_text(const std::string& text) {
  return valid_utf8(text) == text ? "" : fmt::format("'{}' is not UTF-8", text);
}

/// What is wrong with a flag's value. CLI11 takes whatever follows: `--out --overwrite` would make a folder.
std::string check_value(const std::string& text) {
  return text.starts_with("--") ? fmt::format("'{0}' is a flag, no value; ./{0} would be a file", text) : "";
}

/// Makes every option refuse what is no value of its kind.
void check_values(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    const std::string type = option->get_type_name();
    if (type.starts_with("FLOAT")) {
      option->check([](const std::string& text) { return check_number<double>(text, "a number"); }, "");
    } else if (type.starts_with("UINT")) {
      option->check([](const std::string& text) { return check_number<std::uint64_t>(text, "a whole number ≥ 0"); },
                    "");
    } else if (type.starts_with("INT")) {
      option->check([](const std::string& text) { return check_number<std::int64_t>(text, "a whole number"); }, "");
    } else if (type.starts_with("TEXT")) {
      option->check(check_text, "");
    }
    if (option->nonpositional() && option->get_type_size() > 0) option->check(check_value, "");
  }
  for (CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) check_values(*command);
}

/// Takes off what stands behind the first `--` of a comparison, and returns it: the words of a command of one's own,
/// which are no optimizers, whatever CLI11 would make of them.
std::vector<std::string> take_own_command(int& argc, char** argv) {
  if (argc < 2 || std::string_view(argv[1]) != "compare") return {};
  char** const end = argv + argc;
  char** const dashes = std::find(argv + 2, end, std::string_view("--"));
  argc = static_cast<int>(dashes - argv);
  return {dashes == end ? end : dashes + 1, end};
}

/// Is there a `--` with no command of one's own behind it?
bool lacks_own_command(int argc, char** argv) {
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command != "compare" && command != "tune") return false;
  return std::find(argv + 2, argv + argc, std::string_view("--")) == argv + argc - 1;
}

int run(int argc, char** argv) {
  const bool lacks_command = lacks_own_command(argc, argv);
  const std::vector<std::string> own_command = take_own_command(argc, argv);
  CLI::App app{"Trains and compares optimizers: RMSprop and its family, run at memory speed.", "thalweg"};
  app.set_version_flag("--version", std::string("thalweg ") + THALWEG_VERSION);
  app.formatter(std::make_shared<HelpFormatter>(std::min(kWidestHelp, output_columns())));
  app.footer(kExamples);
  app.require_subcommand(1);
  add_rules(app);
  add_data(app);
  add_train(app);
  add_eval(app);
  add_predict(app);
  add_export(app);
  add_compare(app, own_command);
  add_tune(app);
  add_replay(app);
  add_identify(app);
  add_report(app);
  add_runs(app);
  add_schedule(app);
  add_completion(app);
  add_man(app);
  add_worker(app);
  check_values(app);
  try {
    if (lacks_command) throw UsageError("nothing stands behind --; expected a command of one's own");
    app.parse(argc, argv);
    return EXIT_SUCCESS;
  } catch (const CLI::CallForVersion& version) {
    print("{}\n", version.what());
    return EXIT_SUCCESS;
  } catch (const CLI::Success&) {  // --help
    print_lines(app.help());
    return EXIT_SUCCESS;
  } catch (const CLI::ExtrasError&) {
    print_error(unexpected(app));
  } catch (const CLI::RequiredError& error) {
    const bool no_command = app.get_subcommands().empty() && !app.remaining(true).empty();
    print_error(no_command ? unexpected(app) : fmt::format("{}; see {} --help", error.what(), command_text(app)));
  } catch (const CLI::ParseError& error) {
    print_error(error.what());
  } catch (const UsageError& error) {
    print_error(error.what());
  }
  return kExitUsage;
}

/// `run`, whose errors are told.
int run_and_tell(int argc, char** argv) noexcept {
  try {
    return run(argc, argv);
  } catch (const Interrupted&) {
    return kExitInterrupted;
  } catch (const std::exception& error) {
    try {
      print_error(error_text(error));
    } catch (const std::exception&) {
      print_error("out of memory");
    }
  }
  return kExitFailed;
}

/// Runs before the initializers of all libraries; LibTorch's take most of the time until main.
void before_all() { end_when_interrupted(); }

[[gnu::section(".preinit_array"), gnu::used]] void (*const run_before_all)() = before_all;

}  // namespace
}  // namespace thalweg::lab

int main(int argc, char** argv) {
  using namespace thalweg::lab;
  hold_interrupts();  // while it may start the program once more, so only for what trains in this process
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == "train" || command == "worker" || command == "eval" || command == "predict")
    prepare_math_library(argv);
  if (command == "compare" || command == "tune") prepare_child_processes();
  end_when_interrupted();
  prepare_output();
  // All is written; what is left is LibTorch taking its registries apart, which takes a sixth of a short command's
  // time.
  std::_Exit(finish_output(run_and_tell(argc, argv)));
}

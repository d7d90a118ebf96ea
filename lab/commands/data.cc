// thalweg data: what data sets there are, what is in one of them, and generated ones as files.
#include "commands/commands.h"
#include "commands/data_info.h"
#include "commands/exit.h"
#include "commands/training_flags.h"
#include "data/dataset.h"
#include "data/generators.h"
#include "output/output.h"
#include "output/table.h"
#include "study/environment.h"
#include "training/config.h"

#include <thalweg/error.h>
#include <thalweg/files.h>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

namespace thalweg::lab {
namespace {

constexpr const char* kFooter = R"(
Examples:
  thalweg data                             what there is
  thalweg data info fashion-mnist
  thalweg data info csv:patients.csv --target risk
  thalweg data make spirals,classes=3 -o spirals)";

constexpr const char* kInfoFooter = R"(
Examples:
  thalweg data info fashion-mnist
  thalweg data info idx:/data/mnist --json
  thalweg data info csv:patients.csv       its columns
  thalweg data info csv:patients.csv --target risk --column id=ignore)";

constexpr const char* kMakeFooter = R"(
Examples:
  thalweg data make line -o line
  thalweg data make classification,rows=5000,classes=3,seed=7 -o classes)";

void print_names(bool json) {
  if (json) {
    print_json(nlohmann::json(dataset_names()));
    return;
  }
  Table table({"data set", "what it is"});
  for (const Format& format : formats()) table.add({data_spec(format, format.argument), format.meaning});
  print_lines(table.text(output_columns()) + "\n`thalweg data info NAME` tells what is in one.\n");
}

std::string generator_names() {
  std::string text;
  for (const Generator& generator : generators()) text += (text.empty() ? "" : ", ") + generator.name;
  return text;
}

/// Options of `thalweg data make`.
struct MakeFlags {
  std::string text;
  std::filesystem::path folder;
  bool overwrite = false, json = false;
};

void make_data(const MakeFlags& flags) {
  const auto [generator, options] = as_usage([&] { return parse_generator(flags.text); });
  const std::filesystem::path file = flags.folder / "data.csv";
  std::error_code reason;
  if (!flags.overwrite && std::filesystem::exists(file, reason)) {
    throw Error(fmt::format("{}: is there already; --overwrite replaces it", file.string()));
  }
  const DataTable table = generator->make(options);
  std::filesystem::create_directories(flags.folder, reason);
  if (reason) throw Error(fmt::format("{}: cannot be made: {}", flags.folder.string(), reason.message()));
  replace_file(file, to_csv(table));
  std::string command = fmt::format("thalweg train --model {} --data {}", generator->model,
                                    shell_quoted(generator->format + ":" + file.string()));
  if (generator->format == "csv") command += " --target " + generator->target;
  if (generator->window > 0) command += fmt::format(" --window {}", generator->window);
  if (flags.json) {
    print_json(nlohmann::json{{"generator", generator->name},
                              {"file", file.string()},
                              {"rows", table.rows},
                              {"seed", options.seed},
                              {"target", generator->target},
                              {"command", command}});
    return;
  }
  print("{}: {} row{}: {}\n", file.string(), table.rows, table.rows == 1 ? "" : "s", generator->meaning);
  print_message_lines("To train on it:\n");
  print_message_command(command);
}

void add_make(CLI::App& data) {
  CLI::App* make = data.add_subcommand("make", "Write generated data as files");
  make->footer(kMakeFooter);
  auto flags = std::make_shared<MakeFlags>();
  make->add_option("NAME", flags->text, generator_names() + "; with options, as line,rows=500,seed=3")->required();
  make->add_option("-o,--out", flags->folder, "Folder for the files, made if it is not there")
      ->required()
      ->type_name("FOLDER");
  make->add_flag("--overwrite", flags->overwrite, "Replace files that are there");
  make->add_flag("--json", flags->json, "Print JSON");
  make->callback([flags] { make_data(*flags); });
}

void add_info(CLI::App& data, const std::shared_ptr<bool>& json) {
  CLI::App* info = data.add_subcommand("info", "Counts, shapes, classes, columns, and what is odd");
  info->footer(kInfoFooter);
  struct Flags {
    std::string spec;
    bool json = false;
    TrainingConfig config;
  };
  auto flags = std::make_shared<Flags>();
  info->add_option("DATA", flags->spec, "As `thalweg data` lists them: fashion-mnist, csv:FILE, …")->required();
  add_data_flags(*info, flags->config);
  info->add_flag("--json", flags->json, "Print JSON");
  info->callback([flags, json] {
    const DataInfo told = data_info(flags->spec, flags->config.data_options);
    if (*json || flags->json) {
      print_json(to_json(told));
    } else {
      print_info(told);
    }
  });
}

}  // namespace

void add_data(CLI::App& app) {
  CLI::App* command = app.add_subcommand("data", "List the data sets, tell what is in one of them, or make some");
  command->footer(kFooter);
  auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "Print JSON");
  add_info(*command, json);
  add_make(*command);
  command->callback([command, json] {
    if (command->get_subcommands().empty()) print_names(*json);
  });
}

}  // namespace thalweg::lab

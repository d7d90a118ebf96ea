// thalweg export: a run's model as safetensors or TorchScript.
#include "commands/commands.h"
#include "commands/exit.h"
#include "commands/output_file.h"
#include "commands/trained_run.h"
#include "output/output.h"
#include "page/folder.h"
#include "store/folder_lock.h"
#include "training/torch_script.h"
#include "training/weights.h"

#include <thalweg/files.h>
#include <thalweg/safetensors.h>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <memory>
#include <string>

namespace thalweg::lab {
namespace {

constexpr const char* kFooter = R"(
.safetensors: the weights by name, without the optimizer, and as metadata the configuration, the data's columns and
classes, and how they are scaled. .pt: TorchScript, which PyTorch and LibTorch load and call without thalweg: it takes
the data as they are and scales them itself.

Examples:
  thalweg export runs/first -o weights.safetensors
  thalweg export runs/first -o model.pt)";

struct Flags {
  std::string run, output;
};

void export_model(const Flags& flags) {
  const std::filesystem::path file = flags.output;
  const std::string end = file.extension().string();
  if (end != ".safetensors" && end != ".pt") {
    throw UsageError(fmt::format("--output {}: expected a name that ends in .safetensors or .pt", flags.output));
  }
  const TrainedModel trained = load_run(flags.run);
  check_output("--output", file, {std::filesystem::path(flags.run) / kCheckpointFile});
  create_folder(file.parent_path());
  if (end == ".pt") {
    replace_file(file, to_torch_script(trained));
  } else {
    safetensors::write(file, exported_weights(trained.checkpoint, *trained.model));
  }
  print("{} written to {}\n", trained.checkpoint.config.model, flags.output);
}

}  // namespace

void add_export(CLI::App& app) {
  CLI::App* command = app.add_subcommand("export", "A run's model as safetensors or TorchScript");
  command->footer(kFooter);
  const auto flags = std::make_shared<Flags>();
  command->add_option("RUN", flags->run, "Folder of a run that thalweg train --out wrote")->required();
  command->add_option("-o,--output", flags->output, "File to write: NAME.safetensors or NAME.pt")
      ->type_name("FILE")
      ->required();
  command->callback([flags] { export_model(*flags); });
}

}  // namespace thalweg::lab

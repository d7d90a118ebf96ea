// thalweg export: a run's model as safetensors, TorchScript or ONNX, a search as Optuna's journal.
#include "commands/commands.h"
#include "commands/exit.h"
#include "commands/output_file.h"
#include "commands/trained_run.h"
#include "output/output.h"
#include "page/folder.h"
#include "store/folder_lock.h"
#include "store/store.h"
#include "study/optuna_journal.h"
#include "training/onnx_model.h"
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
the data as they are and scales them itself. .onnx: the same for onnxruntime and whatever else reads ONNX (opset 13),
from inputs x and codes to output y.
.log: a search (thalweg tune) as a journal file of Optuna, which its load_study and its dashboard open.

Examples:
  thalweg export runs/first -o weights.safetensors
  thalweg export runs/first -o model.pt
  thalweg export runs/first -o model.onnx
  thalweg export runs/tune -o study.log)";

struct Flags {
  std::string run, output;
};

void export_journal(const Flags& flags) {
  const std::filesystem::path study = as_usage([&] { return find_study(flags.run); });
  const std::string journal = optuna_journal(Store::open_for_reading(study).load());
  check_output("--output", flags.output, {study});
  create_folder(std::filesystem::path(flags.output).parent_path());
  replace_file(flags.output, journal);
  print(
      "written to {}; in Python: optuna.load_study(study_name=…, storage=JournalStorage(JournalFileBackend(\"{}\")))\n",
      flags.output, flags.output);
}

void export_model(const Flags& flags) {
  const std::filesystem::path file = flags.output;
  const std::string end = file.extension().string();
  if (end == ".log") return export_journal(flags);
  if (end != ".safetensors" && end != ".pt" && end != ".onnx") {
    throw UsageError(
        fmt::format("--output {}: expected a name that ends in .safetensors, .pt, .onnx or .log", flags.output));
  }
  const TrainedModel trained = load_run(flags.run);
  check_output("--output", file, {std::filesystem::path(flags.run) / kCheckpointFile});
  create_folder(file.parent_path());
  if (end == ".pt") {
    replace_file(file, to_torch_script(trained));
  } else if (end == ".onnx") {
    replace_file(file, to_onnx(trained));
  } else {
    safetensors::write(file, exported_weights(trained.checkpoint, *trained.model));
  }
  print("{} written to {}\n", trained.checkpoint.config.model, flags.output);
}

}  // namespace

void add_export(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("export", "A run's model as safetensors, TorchScript or ONNX, a search as Optuna's journal");
  command->footer(kFooter);
  const auto flags = std::make_shared<Flags>();
  command->add_option("RUN", flags->run, "Folder of a run that thalweg train --out wrote, or of a search")->required();
  command->add_option("-o,--output", flags->output, "File to write: NAME.safetensors, NAME.pt, NAME.onnx or NAME.log")
      ->type_name("FILE")
      ->required();
  command->callback([flags] { export_model(*flags); });
}

}  // namespace thalweg::lab

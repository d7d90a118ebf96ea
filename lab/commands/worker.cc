// thalweg worker: a study's worker process. Hidden: people have no use for it.
#include "study/worker.h"

#include "commands/commands.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace thalweg::lab {

void add_worker(CLI::App& app) {
  CLI::App* command = app.add_subcommand("worker", "Train what a study sends on standard input");
  command->group("");
  auto parent = std::make_shared<int>(0);
  command->add_option("--parent", *parent, "Process that started it, with which it ends")->required();
  command->callback([parent] { serve_as_worker(*parent); });
}

}  // namespace thalweg::lab

// Finds the data of a training that goes on: by their path as it was given, then by the absolute one beside it.
#include "commands/resumed_task.h"

#include "commands/task.h"
#include "study/environment.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <system_error>
#include <vector>

namespace thalweg::lab {

Dataset open_resumed_task(TrainingConfig& config, const Checkpoint& checkpoint, const std::string& run, bool given) {
  if (given || !idx_folder(config.data)) {
    Dataset dataset = open_task(config, std::span(&config.optimizer, 1));
    check_same_data(checkpoint, dataset);
    return dataset;
  }
  std::vector<std::string> places{config.data};
  if (!checkpoint.data_folder.empty()) places.push_back(idx_spec(checkpoint.data_folder));
  std::optional<Dataset> other;
  for (const std::string& place : places) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(*idx_folder(place), ignored)) continue;
    config.data = place;
    Dataset dataset = open_task(config, std::span(&config.optimizer, 1));
    if (has_same_data(checkpoint, dataset)) return dataset;
    other = std::move(dataset);
  }
  if (other) check_same_data(checkpoint, *other);
  throw Error(fmt::format(
      "{}: its data are no longer in '{}'; if they were moved: thalweg train --resume {} "
      "--data idx:FOLDER",
      run, checkpoint.data_folder.empty() ? *idx_folder(config.data) : checkpoint.data_folder, shell_quoted(run)));
}

}  // namespace thalweg::lab

// Finds the data of a run: by their path as it was given, then by the absolute one beside it.
#include "commands/run_data.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <system_error>
#include <vector>

namespace thalweg::lab {

Dataset open_run_data(TrainingConfig& config, const Checkpoint& checkpoint, const std::string& run, bool given,
                      const std::function<Dataset(TrainingConfig&)>& open) {
  const auto [format, argument] = parse_data_spec(config.data);
  if (given || !format->is_path) {
    Dataset dataset = open(config);
    check_same_data(checkpoint, dataset);
    return dataset;
  }
  std::vector<std::string> places{argument};
  if (!checkpoint.data_folder.empty()) places.push_back(checkpoint.data_folder);
  std::optional<Dataset> other;
  for (const std::string& place : places) {
    std::error_code ignored;
    if (!std::filesystem::exists(place, ignored)) continue;
    config.data = data_spec(*format, place);
    Dataset dataset = open(config);
    if (has_same_data(checkpoint, dataset)) return dataset;
    other = std::move(dataset);
  }
  if (other) check_same_data(checkpoint, *other);
  throw Error(fmt::format("{}: its data are no longer in '{}'; if they were moved, name them: --data {}", run,
                          checkpoint.data_folder.empty() ? argument : checkpoint.data_folder,
                          data_spec(*format, format->argument)));
}

}  // namespace thalweg::lab

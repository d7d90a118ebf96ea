// Checks the configuration, the data and the model, and opens the data.
#include "commands/task.h"

#include "commands/exit.h"
#include "models/model.h"
#include "training/split.h"

#include <algorithm>
#include <string>
#include <vector>

namespace thalweg::lab {

Dataset open_task(const TrainingConfig& config) {
  as_usage([&] { check(config); });
  const std::vector<std::string> known = dataset_names();
  const bool is_name = !idx_folder(config.data) && std::ranges::find(known, config.data) == known.end();
  Dataset data = is_name ? as_usage([&] { return open_dataset(config.data); }) : open_dataset(config.data);
  const ImageShape shape{data.channels, data.height, data.width, data.classes};
  as_usage([&] {
    make_model(config.model, shape, config.dense, 1);
    split(data, config);
  });
  return data;
}

}  // namespace thalweg::lab

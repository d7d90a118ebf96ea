// Checks the configuration, the data and the model, and opens the data.
#include "commands/task.h"

#include "commands/exit.h"
#include "models/model.h"
#include "training/optimizer.h"
#include "training/split.h"

#include <thalweg/libtorch.h>

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

namespace thalweg::lab {

Dataset open_task(TrainingConfig config, std::span<const std::string> optimizers) {
  as_usage([&] { check(config); });
  const std::vector<std::string> known = dataset_names();
  const bool is_name = !idx_folder(config.data) && std::ranges::find(known, config.data) == known.end();
  Dataset data = is_name ? as_usage([&] { return open_dataset(config.data); }) : open_dataset(config.data);
  const ImageShape shape{data.channels, data.height, data.width, data.classes};
  as_usage([&] {
    const auto model = make_model(config.model, shape, config.dense, 1);
    const auto images = static_cast<std::int64_t>(split(data, config).training.size());
    for (const std::string& text : optimizers) {
      config.optimizer = text;
      try {
        libtorch::Optimizer optimizer(*model, optimizer_of(config));
        optimizer.engine().set_run_length(run_length(config, images));
      } catch (const Error& error) {
        throw Error(fmt::format("optimizer '{}': {}", text, error.what()));
      }
    }
  });
  return data;
}

}  // namespace thalweg::lab

// TrainedModel: the model of a run's checkpoint, ready to predict.
#include "training/trained_model.h"

#include "math_library.h"
#include "models/script_model.h"
#include "store/folder_lock.h"
#include "training/optimizer.h"
#include "training/weights.h"

#include <thalweg/error.h>
#include <thalweg/libtorch.h>

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <utility>

namespace thalweg::lab {

std::string model_of(const TrainingConfig& config, const std::filesystem::path& checkpoint) {
  if (!is_script_file(config.model) || checkpoint.empty()) return config.model;
  const std::filesystem::path copy = checkpoint.parent_path() / kModuleFile;
  if (std::filesystem::exists(copy)) return copy.string();
  // A run that has begun goes on with its own copy alone: the file may have become another one.
  if (std::filesystem::exists(checkpoint))
    throw Error(fmt::format("{}: is missing, the run's copy of {}", copy.string(), config.model));
  return config.model;
}

TrainedModel load_trained_model(const std::filesystem::path& file) {
  TrainedModel trained;
  trained.checkpoint = read_checkpoint(file);
  Checkpoint& checkpoint = trained.checkpoint;
  if (checkpoint.dataset.inputs.empty()) {  // of an earlier version, which trained on images that are still there
    checkpoint.dataset = open_dataset(checkpoint.config.data, checkpoint.config.data_options);
  }
  check_fits(find_model(checkpoint.config.model), checkpoint.dataset);
  const Target& target = checkpoint.dataset.target;
  // The training's own, so that the numbers are its own.
  check_math_library(checkpoint.threads);
  at::set_num_threads(checkpoint.threads);
  trained.task = &task_of(target);
  trained.objective = trained.task->objective(target, {.target_mean = checkpoint.scaling.target_mean,
                                                       .target_deviation = checkpoint.scaling.target_deviation,
                                                       .class_weights = checkpoint.class_weights});
  const std::int64_t outputs = outputs_of(checkpoint).value_or(trained.objective->outputs());
  trained.model = make_model(model_of(checkpoint.config, file), {checkpoint.dataset.inputs, target.kind, outputs},
                             checkpoint.config.network, checkpoint.config.seed);
  libtorch::Optimizer optimizer(*trained.model, optimizer_of(checkpoint.config));
  restore(checkpoint, *trained.model, optimizer);
  if (const Weights best = best_weights(checkpoint, *trained.model); !best.empty()) {
    set_weights(*trained.model, best);
  } else if (optimizer.engine().settings().average.kind != AverageKind::none) {
    optimizer.swap_averages();  // and they stay
  }
  trained.model->eval();
  return trained;
}

}  // namespace thalweg::lab

// Checkpoint: all that a training needs to continue as if it had never stopped, in one safetensors file.
//
// Tensors: `model/NAME`, the parameters, row-major; `optimizer/…`, what the optimizer's own state holds. Metadata:
// `training`, a JSON object; `optimizer/…`, the optimizer's own.
#include "training/checkpoint.h"

#include "training/optimizer.h"
#include "training/settings.h"

#include "data/input_file.h"
#include "json_text.h"
#include "training/json_reader.h"

#include <thalweg/error.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstring>
#include <string_view>

namespace thalweg::lab {

namespace {

constexpr const char* kTraining = "training";
constexpr std::string_view kModel = "model/";
constexpr std::string_view kOptimizer = "optimizer/";
constexpr int kFormat = 1;

nlohmann::json to_json(const RunState& run) {
  return {{"epoch", run.epoch},
          {"batch", run.batch},
          {"step", run.step},
          {"epoch_loss", run.epoch_score.loss},
          {"epoch_correct", run.epoch_score.correct},
          {"epoch_images", run.epoch_score.images},
          {"epoch_seconds", run.epoch_seconds},
          {"seconds", run.seconds},
          {"unrecorded_loss", run.unrecorded_loss},
          {"unrecorded_steps", run.unrecorded_steps},
          {"first_losses", run.losses.first_losses},
          {"first_steps", run.losses.first_steps},
          {"high_steps", run.losses.high_steps},
          {"best_validation_loss",
           run.best_validation_loss ? nlohmann::json(*run.best_validation_loss) : nlohmann::json(nullptr)},
          {"epochs_without_improvement", run.epochs_without_improvement},
          {"epochs", run.epochs}};
}

// Far above every run's, and small enough that products of two counts are not out of range.
constexpr std::int64_t kMostSteps = std::int64_t{1} << 53, kMostEpochs = std::int64_t{1} << 31;

RunState run_state(const nlohmann::json& json) {
  RunState run;
  JsonReader reader(json, "run");
  reader.need("epoch", run.epoch, std::int64_t{1}, kMostEpochs);
  reader.need("batch", run.batch, std::int64_t{0}, kMostSteps);
  reader.need("step", run.step, std::int64_t{0}, kMostSteps);
  reader.need("epoch_loss", run.epoch_score.loss, 0.0);
  reader.need("epoch_images", run.epoch_score.images, std::int64_t{0});
  reader.need("epoch_correct", run.epoch_score.correct, std::int64_t{0}, run.epoch_score.images);
  reader.need("epoch_seconds", run.epoch_seconds, 0.0);
  reader.need("seconds", run.seconds, 0.0);
  reader.need("unrecorded_loss", run.unrecorded_loss, 0.0);
  reader.need("unrecorded_steps", run.unrecorded_steps, std::int64_t{0}, kMostSteps);
  if (json.contains("first_steps")) {
    reader.need("first_losses", run.losses.first_losses, 0.0);
    reader.need("first_steps", run.losses.first_steps, std::int64_t{0}, kMostSteps);
    reader.need("high_steps", run.losses.high_steps, std::int64_t{0}, kMostSteps);
  }
  if (!reader.needed("best_validation_loss").is_null()) {
    reader.need("best_validation_loss", run.best_validation_loss.emplace(), 0.0);
  }
  reader.need("epochs_without_improvement", run.epochs_without_improvement, std::int64_t{0}, kMostEpochs);
  reader.needed("epochs").get_to(run.epochs);
  return run;
}

safetensors::Tensor saved(const torch::Tensor& parameter) {
  const torch::Tensor values = parameter.detach().contiguous();
  safetensors::Tensor tensor;
  for (const std::int64_t size : values.sizes()) tensor.shape.push_back(static_cast<std::uint64_t>(size));
  tensor.data.resize(values.nbytes());
  std::memcpy(tensor.data.data(), values.data_ptr(), values.nbytes());
  return tensor;
}

// The entries whose names begin with the prefix, without it.
template <class Map>
Map part(const Map& all, std::string_view prefix) {
  Map result;
  for (auto entry = all.lower_bound(prefix); entry != all.end() && entry->first.starts_with(prefix); ++entry) {
    result.emplace(entry->first.substr(prefix.size()), entry->second);
  }
  return result;
}

template <class Map>
void add_part(Map& all, std::string_view prefix, Map part) {
  for (auto& [name, value] : part) all.emplace(std::string(prefix) + name, std::move(value));
}

}  // namespace

void write_checkpoint(const std::filesystem::path& file, const Checkpoint& checkpoint, const Model& model,
                      const libtorch::Optimizer& optimizer) {
  safetensors::Contents contents;
  for (const auto& parameter : model.named_parameters()) {
    contents.tensors.emplace(std::string(kModel) + parameter.key(), saved(parameter.value()));
  }
  State state = optimizer.state_dict();
  add_part(contents.tensors, kOptimizer, std::move(state.tensors));
  add_part(contents.metadata, kOptimizer, std::move(state.metadata));
  const nlohmann::json training{{"format", kFormat},
                                {"config", checkpoint.config},
                                {"threads", checkpoint.threads},
                                {"data", checkpoint.data},
                                {"data_folder", checkpoint.data_folder},
                                {"images", checkpoint.images},
                                {"mean", checkpoint.normalisation.mean},
                                {"deviation", checkpoint.normalisation.deviation},
                                {"run", to_json(checkpoint.run)}};
  // A folder's name need not be UTF-8; then the data are found by their text as it was given, or by --data.
  contents.metadata.emplace(kTraining, training.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  safetensors::write(file, contents);
}

Checkpoint read_checkpoint(const std::filesystem::path& file) {
  Checkpoint checkpoint;
  checkpoint.contents = safetensors::from_bytes(InputFile(file).read_all(), file.string());
  const auto found = checkpoint.contents.metadata.find(std::string_view(kTraining));
  if (found == checkpoint.contents.metadata.end()) {
    throw Error(fmt::format("{}: is no checkpoint of a training: it has no metadata '{}'", file.string(), kTraining));
  }
  try {
    const nlohmann::json json = parse_json(found->second, "JSON");
    if (const int format = json.at("format"); format != kFormat) {
      throw Error(fmt::format("format {} of a newer thalweg; this one reads {}", format, kFormat));
    }
    JsonReader reader(json, "checkpoint");
    reader.needed("config").get_to(checkpoint.config);
    reader.need("threads", checkpoint.threads, 1, kMostThreads);
    reader.read("data", checkpoint.data);
    reader.read("data_folder", checkpoint.data_folder);
    reader.need("images", checkpoint.images, std::int64_t{1});
    reader.need("mean", checkpoint.normalisation.mean, 0.0, 1.0);
    reader.need("deviation", checkpoint.normalisation.deviation, 1e-6, 1.0);
    checkpoint.run = run_state(reader.needed("run"));
  } catch (const std::exception& error) {
    throw Error(fmt::format("{}: metadata '{}': {}", file.string(), kTraining, plain_message(error)));
  }
  return checkpoint;
}

std::int64_t classes_of(const Checkpoint& checkpoint) {
  const auto bias = checkpoint.contents.tensors.find(fmt::format("{}output.bias", kModel));
  if (bias == checkpoint.contents.tensors.end() || bias->second.shape.size() != 1) {
    throw Error("checkpoint: the model's output layer has no bias");
  }
  return static_cast<std::int64_t>(bias->second.shape.front());
}

void restore(const Checkpoint& checkpoint, Model& model, libtorch::Optimizer& optimizer) {
  const auto tensors = part(checkpoint.contents.tensors, kModel);
  const auto parameters = model.named_parameters();
  if (tensors.size() != parameters.size()) {
    throw Error(fmt::format("checkpoint: {} parameters, the model has {}", tensors.size(), parameters.size()));
  }
  for (const auto& parameter : parameters) {
    const auto found = tensors.find(parameter.key());
    if (found == tensors.end()) throw Error(fmt::format("checkpoint: no parameter '{}'", parameter.key()));
    const safetensors::Tensor& tensor = found->second;
    const torch::IntArrayRef shape = parameter.value().sizes();
    const bool same = std::equal(shape.begin(), shape.end(), tensor.shape.begin(), tensor.shape.end(),
                                 [](std::int64_t a, std::uint64_t b) { return a == static_cast<std::int64_t>(b); });
    if (!same || tensor.dtype != safetensors::Dtype::F32) {
      throw Error(fmt::format("checkpoint: parameter '{}' is {} [{}], the model's F32 [{}]", parameter.key(),
                              safetensors::to_string(tensor.dtype), fmt::join(tensor.shape, ", "),
                              fmt::join(shape, ", ")));
    }
  }
  // Checks everything before it changes anything.
  optimizer.load_state_dict(
      {part(checkpoint.contents.tensors, kOptimizer), part(checkpoint.contents.metadata, kOptimizer)});
  const torch::NoGradGuard without_autograd;
  for (const auto& parameter : parameters) {
    torch::Tensor values = torch::empty(parameter.value().sizes(), torch::kFloat32);
    const safetensors::Tensor& tensor = tensors.find(parameter.key())->second;
    std::memcpy(values.data_ptr(), tensor.data.data(), tensor.data.size());
    parameter.value().copy_(values);
  }
}

void check_resumable(const TrainingConfig& saved, int saved_threads, const TrainingConfig& config) {
  const bool measured_by_length = optimizer_of(saved).schedule->needs_length();
  const auto may_change = [&](const Setting& setting) {
    if (setting.name == std::string_view("threads")) return config.threads == 0 || config.threads == saved_threads;
    return setting.on_resume == OnResume::free ||
           (setting.on_resume == OnResume::free_unless_measured && !measured_by_length);
  };
  const nlohmann::json there = saved, here = config;
  TrainingConfig any;
  for (const Setting& setting : settings_of(any)) {
    const nlohmann::json &was = there.at(setting.name), &is = here.at(setting.name);
    if (was == is || may_change(setting)) continue;
    const bool is_length = setting.on_resume == OnResume::free_unless_measured;
    throw Error(fmt::format("resume: {} was {} and is now {}; only stop conditions may change{}", setting.name,
                            was.dump(), is.dump(),
                            is_length ? ", and not the length that the schedule is measured by" : ""));
  }
}

bool has_same_data(const Checkpoint& checkpoint, const Dataset& dataset) {
  return checkpoint.data.empty() || checkpoint.data == dataset.fingerprint;
}

void check_same_data(const Checkpoint& checkpoint, const Dataset& dataset) {
  if (has_same_data(checkpoint, dataset)) return;
  throw Error(
      fmt::format("resume: {} holds other images or labels than the run began with ({}, then {}); if those lie "
                  "elsewhere, name their folder: --data idx:FOLDER",
                  dataset.origin, dataset.fingerprint, checkpoint.data));
}

}  // namespace thalweg::lab

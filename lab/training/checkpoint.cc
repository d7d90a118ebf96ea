// Checkpoint: all that a training needs to continue as if it had never stopped, in one safetensors file.
//
// Tensors: `model/NAME`, parameters and buffers, row-major; `best/NAME`, those of the best epoch, if they are to be
// restored; `optimizer/…`, what the optimizer's own state holds. Metadata:
// `training`, a JSON object; `optimizer/…`, the optimizer's own.
#include "training/checkpoint.h"

#include "training/optimizer.h"
#include "training/settings.h"

#include "data/input_file.h"
#include "json_text.h"
#include "training/dataset_json.h"
#include "training/json_reader.h"

#include <thalweg/error.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstring>
#include <limits>
#include <string_view>

namespace thalweg::lab {

namespace {

constexpr const char* kTraining = "training";
constexpr std::string_view kModel = "model/";
constexpr std::string_view kBest = "best/";
constexpr std::string_view kOptimizer = "optimizer/";
constexpr int kFormat = 1;

nlohmann::json to_json(const RunState& run) {
  return {{"epoch", run.epoch},
          {"batch", run.batch},
          {"step", run.step},
          {"epoch_loss", run.epoch_tally.loss},
          {"epoch_sums", run.epoch_tally.sums},
          {"epoch_examples", run.epoch_tally.examples},
          {"epoch_seconds", run.epoch_seconds},
          {"seconds", run.seconds},
          {"unrecorded_loss", run.unrecorded_loss},
          {"unrecorded_steps", run.unrecorded_steps},
          {"greatest_gradient_norm", run.greatest_gradient_norm},
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

constexpr double kMostNumber = std::numeric_limits<double>::max();

/// A list of finite numbers from `least` on.
std::vector<double> numbers(const nlohmann::json& json, const char* name, double least) {
  std::vector<double> values;
  if (!json.is_array()) throw Error(fmt::format("{} is no list of numbers", name));
  for (const nlohmann::json& value : json) {
    if (!value.is_number() || !(value.get<double>() >= least)) {
      throw Error(fmt::format("{} has {}; expected numbers from {}", name, excerpt(value), least));
    }
    values.push_back(value.get<double>());
  }
  return values;
}

RunState run_state(const nlohmann::json& json) {
  RunState run;
  JsonReader reader(json, "run");
  reader.need("epoch", run.epoch, std::int64_t{1}, kMostEpochs);
  reader.need("batch", run.batch, std::int64_t{0}, kMostSteps);
  reader.need("step", run.step, std::int64_t{0}, kMostSteps);
  reader.need("epoch_loss", run.epoch_tally.loss, 0.0);
  if (json.contains("epoch_images")) {  // as it was written when all trainings were classifications
    std::int64_t correct = 0;
    reader.need("epoch_images", run.epoch_tally.examples, std::int64_t{0});
    reader.need("epoch_correct", correct, std::int64_t{0}, run.epoch_tally.examples);
    run.epoch_tally.sums = {static_cast<double>(correct)};
  } else {
    reader.need("epoch_examples", run.epoch_tally.examples, std::int64_t{0});
    run.epoch_tally.sums = numbers(reader.needed("epoch_sums"), "run: epoch_sums", -kMostNumber);
  }
  reader.need("epoch_seconds", run.epoch_seconds, 0.0);
  reader.need("seconds", run.seconds, 0.0);
  reader.need("unrecorded_loss", run.unrecorded_loss, 0.0);
  reader.need("unrecorded_steps", run.unrecorded_steps, std::int64_t{0}, kMostSteps);
  if (json.contains("greatest_gradient_norm")) {
    reader.need("greatest_gradient_norm", run.greatest_gradient_norm, 0.0);
  }
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

safetensors::Dtype dtype_of(const torch::Tensor& weight) {
  return weight.scalar_type() == torch::kInt64 ? safetensors::Dtype::I64 : safetensors::Dtype::F32;
}

safetensors::Tensor saved(const torch::Tensor& weight) {
  const torch::Tensor values = weight.detach().contiguous();
  safetensors::Tensor tensor;
  tensor.dtype = dtype_of(weight);
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

nlohmann::json to_json(const Scaling& scaling) {
  return {{"mean", scaling.mean},
          {"deviation", scaling.deviation},
          {"known", scaling.known},
          {"target_mean", scaling.target_mean},
          {"target_deviation", scaling.target_deviation}};
}

/// Files of before have the two numbers of images beside everything else.
Scaling read_scaling(const nlohmann::json& json, const JsonReader& reader) {
  Scaling scaling;
  if (!json.contains("scaling")) {
    scaling.mean.resize(1);
    scaling.deviation.resize(1);
    JsonReader old = reader;
    old.need("mean", scaling.mean.front(), 0.0, 1.0);
    old.need("deviation", scaling.deviation.front(), 1e-6, 1.0);
    return scaling;
  }
  const nlohmann::json& part = json.at("scaling");
  JsonReader parts(part, "scaling");
  constexpr double kLeast = std::numeric_limits<double>::min();
  scaling.mean = numbers(parts.needed("mean"), "scaling: mean", -kMostNumber);
  scaling.deviation = numbers(parts.needed("deviation"), "scaling: deviation", kLeast);
  if (scaling.mean.size() != scaling.deviation.size()) {
    throw Error(
        fmt::format("scaling: mean has {} numbers, deviation {}", scaling.mean.size(), scaling.deviation.size()));
  }
  parts.needed("known").get_to(scaling.known);
  parts.need("target_mean", scaling.target_mean, -kMostNumber);
  parts.need("target_deviation", scaling.target_deviation, kLeast);
  return scaling;
}

/// The tensors of a model under the prefix. Throws Error if they do not fit.
Weights read_weights(const Checkpoint& checkpoint, std::string_view prefix, const Model& model) {
  const auto tensors = part(checkpoint.contents.tensors, prefix);
  const Weights own = weights_of(model);
  if (tensors.size() != own.size()) {
    throw Error(fmt::format("checkpoint: {} parameters, the model has {}", tensors.size(), own.size()));
  }
  Weights weights;
  for (const auto& [name, weight] : own) {
    const auto found = tensors.find(name);
    if (found == tensors.end()) throw Error(fmt::format("checkpoint: no parameter '{}'", name));
    const safetensors::Tensor& tensor = found->second;
    const torch::IntArrayRef shape = weight.sizes();
    const bool same = std::equal(shape.begin(), shape.end(), tensor.shape.begin(), tensor.shape.end(),
                                 [](std::int64_t a, std::uint64_t b) { return a == static_cast<std::int64_t>(b); });
    if (!same || tensor.dtype != dtype_of(weight)) {
      throw Error(fmt::format("checkpoint: parameter '{}' is {} [{}], the model's {} [{}]", name,
                              safetensors::to_string(tensor.dtype), fmt::join(tensor.shape, ", "),
                              safetensors::to_string(dtype_of(weight)), fmt::join(shape, ", ")));
    }
    torch::Tensor values = torch::empty(shape, weight.scalar_type());
    std::memcpy(values.data_ptr(), tensor.data.data(), tensor.data.size());
    weights.emplace_back(name, std::move(values));
  }
  return weights;
}

}  // namespace

Weights weights_of(const Model& model) {
  Weights weights;
  for (const auto& parameter : model.named_parameters()) weights.emplace_back(parameter.key(), parameter.value());
  for (const auto& buffer : model.named_buffers()) weights.emplace_back(buffer.key(), buffer.value());
  return weights;
}

void set_weights(Model& model, const Weights& weights) {
  const torch::NoGradGuard without_autograd;
  const Weights own = weights_of(model);
  for (std::size_t i = 0; i < own.size(); ++i) {
    torch::Tensor to = own[i].second;
    to.copy_(weights[i].second);
  }
}

void write_checkpoint(const std::filesystem::path& file, const Checkpoint& checkpoint, const Model& model,
                      const Weights& best, const libtorch::Optimizer& optimizer) {
  safetensors::Contents contents;
  for (const auto& [name, weight] : weights_of(model)) {
    contents.tensors.emplace(std::string(kModel) + name, saved(weight));
  }
  for (const auto& [name, weight] : best) contents.tensors.emplace(std::string(kBest) + name, saved(weight));
  State state = optimizer.state_dict();
  add_part(contents.tensors, kOptimizer, std::move(state.tensors));
  add_part(contents.metadata, kOptimizer, std::move(state.metadata));
  const nlohmann::json training{{"format", kFormat},
                                {"config", checkpoint.config},
                                {"threads", checkpoint.threads},
                                {"data", checkpoint.data},
                                {"data_folder", checkpoint.data_folder},
                                {"dataset", description_json(checkpoint.dataset)},
                                {"examples", checkpoint.examples},
                                {"scaling", to_json(checkpoint.scaling)},
                                {"class_weights", checkpoint.class_weights},
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
    if (json.contains("dataset")) checkpoint.dataset = described_dataset(json.at("dataset"));
    reader.need(json.contains("images") ? "images" : "examples", checkpoint.examples, std::int64_t{1});
    checkpoint.scaling = read_scaling(json, reader);
    if (json.contains("class_weights")) {
      for (const double weight : numbers(json.at("class_weights"), "class_weights", 0))
        checkpoint.class_weights.push_back(static_cast<float>(weight));
    }
    checkpoint.run = run_state(reader.needed("run"));
  } catch (const std::exception& error) {
    throw Error(fmt::format("{}: metadata '{}': {}", file.string(), kTraining, plain_message(error)));
  }
  return checkpoint;
}

safetensors::Contents exported_weights(const Checkpoint& checkpoint, const Model& model) {
  safetensors::Contents contents;
  for (const auto& [name, weight] : weights_of(model)) contents.tensors.emplace(name, saved(weight));
  const nlohmann::json training{{"config", checkpoint.config},
                                {"dataset", description_json(checkpoint.dataset)},
                                {"scaling", to_json(checkpoint.scaling)}};
  contents.metadata.emplace(kTraining, training.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  return contents;
}

std::optional<std::int64_t> outputs_of(const Checkpoint& checkpoint) {
  const auto bias = checkpoint.contents.tensors.find(fmt::format("{}output.bias", kModel));
  if (bias == checkpoint.contents.tensors.end() || bias->second.shape.size() != 1) return std::nullopt;
  return static_cast<std::int64_t>(bias->second.shape.front());
}

void restore(const Checkpoint& checkpoint, Model& model, libtorch::Optimizer& optimizer) {
  const Weights weights = read_weights(checkpoint, kModel, model);
  // Checks everything before it changes anything.
  optimizer.load_state_dict(
      {part(checkpoint.contents.tensors, kOptimizer), part(checkpoint.contents.metadata, kOptimizer)});
  set_weights(model, weights);
}

Weights best_weights(const Checkpoint& checkpoint, const Model& model) {
  if (part(checkpoint.contents.tensors, kBest).empty()) return {};
  return read_weights(checkpoint, kBest, model);
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
  const Format& format = *parse_data_spec(dataset.name).format;
  throw Error(
      fmt::format("resume: {} holds other examples than the run began with ({}, then {}); if those lie "
                  "elsewhere, name them: --data {}",
                  dataset.origin, dataset.fingerprint, checkpoint.data, data_spec(format, format.argument)));
}

}  // namespace thalweg::lab

// Checkpoint: its metadata `training`, a JSON object, and what a run may be resumed with.
#include "training/checkpoint.h"

#include "data/input_file.h"
#include "json_text.h"
#include "training/dataset_json.h"
#include "training/json_reader.h"
#include "training/optimizer.h"
#include "training/settings.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <limits>
#include <string_view>
#include <utility>

namespace thalweg::lab {

namespace {

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
  for (const nlohmann::json& codes : parts.needed("known")) {
    if (!json_holds<std::vector<std::int64_t>>(codes)) {
      throw Error(fmt::format("scaling: known has {}; expected lists of whole numbers", excerpt(codes)));
    }
    codes.get_to(scaling.known.emplace_back());
  }
  parts.need("target_mean", scaling.target_mean, -kMostNumber);
  parts.need("target_deviation", scaling.target_deviation, kLeast);
  return scaling;
}

/// Throws Error if there are other numbers of scales, codes or weights than of what they belong to.
void check_counts(const Checkpoint& checkpoint) {
  const auto check = [](const char* what, std::size_t has, std::int64_t needs) {
    if (std::cmp_not_equal(has, needs)) throw Error(fmt::format("{}: there are {}, expected {}", what, has, needs));
  };
  std::int64_t scales = 0, codes = 0;
  for (const Input& input : checkpoint.dataset.inputs) {
    if (input.kind == InputKind::categories) codes += input.shape.front();
    if (input.is_real())
      scales += input.kind == InputKind::image || input.kind == InputKind::waveform ? 1 : input.shape.back();
  }
  check("scaling: mean", checkpoint.scaling.mean.size(), scales);
  check("scaling: known", checkpoint.scaling.known.size(), codes);
  if (!checkpoint.class_weights.empty()) {
    check("class_weights", checkpoint.class_weights.size(), checkpoint.dataset.target.classes);
  }
}

// A folder's name need not be UTF-8; then the data are found by their text as it was given, or by --data.
std::string text_of(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::string training_text(const Checkpoint& checkpoint) {
  nlohmann::json json{{"format", kFormat},
                      {"config", checkpoint.config},
                      {"threads", checkpoint.threads},
                      {"data", checkpoint.data},
                      {"data_folder", checkpoint.data_folder},
                      {"dataset", description_json(checkpoint.dataset)},
                      {"examples", checkpoint.examples},
                      {"scaling", to_json(checkpoint.scaling)},
                      {"class_weights", checkpoint.class_weights},
                      {"run", to_json(checkpoint.run)}};
  if (checkpoint.events) json["events"] = {{"file", checkpoint.events->file}, {"bytes", checkpoint.events->bytes}};
  return text_of(json);
}

void read_training(const std::string& text, Checkpoint& checkpoint) {
  const nlohmann::json json = parse_json(text, "JSON");
  JsonReader reader(json, "checkpoint");
  int format = 0;
  reader.need("format", format, 1);
  if (format != kFormat) {
    throw Error(fmt::format("format {} of a newer thalweg; this one reads {}", format, kFormat));
  }
  reader.needed("config").get_to(checkpoint.config);
  read_optimizer(checkpoint.config.optimizer);  // what it refuses is told with the file
  reader.need("threads", checkpoint.threads, 1, kMostThreads);
  reader.read("data", checkpoint.data);
  reader.read("data_folder", checkpoint.data_folder);
  if (json.contains("dataset")) checkpoint.dataset = described_dataset(json.at("dataset"));
  reader.need(json.contains("images") ? "images" : "examples", checkpoint.examples, std::int64_t{1});
  checkpoint.scaling = read_scaling(json, reader);
  if (json.contains("class_weights")) {
    checkpoint.class_weights.clear();
    for (const double weight : numbers(json.at("class_weights"), "class_weights", 0))
      checkpoint.class_weights.push_back(static_cast<float>(weight));
  }
  if (!checkpoint.dataset.inputs.empty()) check_counts(checkpoint);
  checkpoint.run = run_state(reader.needed("run"));
  if (json.contains("events")) {
    JsonReader events(json.at("events"), "events");
    EventPlace& place = checkpoint.events.emplace();
    events.needed("file");
    events.read("file", place.file);
    events.need("bytes", place.bytes, std::uint64_t{0}, std::uint64_t{1} << 62);
  }
}

std::string exported_text(const Checkpoint& checkpoint) {
  return text_of({{"config", checkpoint.config},
                  {"dataset", description_json(checkpoint.dataset)},
                  {"scaling", to_json(checkpoint.scaling)}});
}

Checkpoint read_checkpoint(const std::filesystem::path& file) {
  Checkpoint checkpoint;
  checkpoint.contents = safetensors::from_bytes(InputFile(file).read_all(), file.string());
  const auto found = checkpoint.contents.metadata.find(std::string_view(kTrainingMetadata));
  if (found == checkpoint.contents.metadata.end()) {
    throw Error(
        fmt::format("{}: is no checkpoint of a training: it has no metadata '{}'", file.string(), kTrainingMetadata));
  }
  try {
    read_training(found->second, checkpoint);
  } catch (const std::exception& error) {
    throw Error(fmt::format("{}: metadata '{}': {}", file.string(), kTrainingMetadata, plain_message(error)));
  }
  return checkpoint;
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
  throw Error(fmt::format(
      "{} holds other examples than the run began with, or divides them otherwise ({}, then {}); if those lie "
      "elsewhere, name them: --data {}",
      dataset.origin, dataset.fingerprint, checkpoint.data, data_spec(format, format.argument)));
}

void check_continues(const Checkpoint& checkpoint, const Dataset& dataset, std::int64_t examples,
                     const Scaling& scaling, std::int64_t batches) {
  check_same_data(checkpoint, dataset);
  if (checkpoint.examples != examples || checkpoint.scaling != scaling) {
    throw Error(fmt::format("resume: {} holds other training examples than when the run began ({}, then {})",
                            dataset.origin, examples, checkpoint.examples));
  }
  const RunState& run = checkpoint.run;
  std::int64_t steps_before = 0;
  const bool overflow = __builtin_mul_overflow(run.epoch - 1, batches, &steps_before);
  if (overflow || run.batch >= batches || run.step - run.batch != steps_before) {
    throw Error(fmt::format("resume: the checkpoint's position, batch {} of {} in epoch {} after {} steps, is none",
                            run.batch, batches, run.epoch, run.step));
  }
}

}  // namespace thalweg::lab

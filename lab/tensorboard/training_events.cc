// Turns records into events.
#include "tensorboard/training_events.h"

#include "training/settings.h"

#include <exception>
#include <string_view>
#include <utility>

namespace thalweg::lab {
namespace {

/// Markdown that shows a text as it is.
std::string as_code(std::string_view text) {
  std::string code;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    code += "    ";
    code += text.substr(begin, end - begin);
    code += '\n';
    begin = end + 1;
  }
  return code;
}

HyperParameters parameters_of(TrainingConfig config) {
  HyperParameters parameters;
  for (const Setting& setting : settings_of(config)) {
    const nlohmann::json value = value_json(setting);
    if (!value.is_null()) parameters.emplace_back(setting.name, value);
  }
  return parameters;
}

void append(Scalars& scalars, const MetricValues& values, const char* part) {
  for (const auto& [metric, value] : values) scalars.emplace_back(metric + "/" + part, value);
}

}  // namespace

TrainingEvents TrainingEvents::begin(const std::filesystem::path& folder, const TrainingConfig& config,
                                     const std::string& config_text) {
  TrainingEvents events(EventFile::create(folder));
  events.file_.begin_session(parameters_of(config));
  events.file_.add_text("config", as_code(config_text));
  return events;
}

void TrainingEvents::add(const StepRecord& record) {
  file_.add_scalars(record.step, {{"loss/steps", record.loss}, {"lr", record.lr}});
}

void TrainingEvents::add(const DiagnosticRecord& record) {
  Scalars scalars{{"gradient_norm/all", record.gradient_norm}};
  for (const LayerRecord& layer : record.layers) {
    scalars.emplace_back("gradient_norm/" + layer.parameter, layer.gradient_norm);
    if (layer.parameter_norm > 0)
      scalars.emplace_back("update_share/" + layer.parameter, layer.update_norm / layer.parameter_norm);
  }
  file_.add_scalars(record.step, scalars);
}

void TrainingEvents::add(const EpochRecord& record) {
  Scalars scalars{{"epoch", static_cast<double>(record.epoch)}};
  append(scalars, record.train, "train");
  append(scalars, record.validation.value_or(MetricValues{}), "validation");
  file_.add_scalars(record.step, scalars);
}

void TrainingEvents::add_gradient(std::int64_t step, const std::string& parameter, std::span<const float> gradient) {
  file_.add_histogram(step, "gradient/" + parameter, histogram_of(gradient));
}

void TrainingEvents::finish(const TrainingResult& result) {
  Scalars scalars;
  append(scalars, result.test.value_or(MetricValues{}), "test");
  file_.add_scalars(result.steps, scalars);
  if (result.outcome != Outcome::interrupted) file_.end_session(result.outcome != Outcome::diverged);
}

void TrainingEvents::fail() noexcept {
  try {
    file_.end_session(false);
  } catch (const std::exception&) {  // the run's own error is what matters
  }
}

}  // namespace thalweg::lab

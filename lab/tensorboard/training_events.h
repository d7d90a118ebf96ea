// TrainingEvents: what a training reports, as TensorBoard shows it.
#pragma once

#include "tensorboard/event_file.h"
#include "training/config.h"
#include "training/records.h"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace thalweg::lab {

/// Writes an event file. Scalars: `loss/steps` and `lr` every so many steps, `METRIC/train` and `METRIC/validation`
/// (the loss among them) by epoch, `METRIC/test` at the end, `gradient_norm/all`, `gradient_norm/PARAMETER` and
/// `update_share/PARAMETER` (the update's norm by the parameter's) of the steps that are looked into; histograms
/// `gradient/PARAMETER` of the same steps; a text `config`, and the settings as hyper-parameters. Throws as EventFile.
class TrainingEvents {
 public:
  /// In a new file of `folder`. `config_text` as --print-config has it.
  static TrainingEvents begin(const std::filesystem::path& folder, const TrainingConfig& config,
                              const std::string& config_text);
  /// Of a run that goes on behind this place.
  static TrainingEvents go_on(const EventPlace& place) { return TrainingEvents(EventFile::reopen(place)); }

  void add(const StepRecord& record);
  void add(const DiagnosticRecord& record);
  void add(const EpochRecord& record);
  /// The gradient of one parameter, before step `step` is taken.
  void add_gradient(std::int64_t step, const std::string& parameter, std::span<const float> gradient);
  void finish(const TrainingResult& result);
  void fail() noexcept;

  EventPlace place() { return file_.place(); }
  const std::filesystem::path& path() const { return file_.path(); }

 private:
  explicit TrainingEvents(EventFile file) : file_(std::move(file)) {}

  EventFile file_;
};

}  // namespace thalweg::lab

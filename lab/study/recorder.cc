// Writes trials into the store and tells progress.
#include "study/recorder.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace thalweg::lab {
namespace {

constexpr std::chrono::milliseconds kBetweenWrites{200};  // of a trial's records

}  // namespace

void Recorder::expect(std::size_t trials, std::int64_t epochs, std::size_t trials_done, std::int64_t epochs_done) {
  progress_.total = trials;
  progress_.done = trials_done;
  epochs_ = static_cast<double>(epochs);
  epochs_done_ = static_cast<double>(epochs_done);
}

void Recorder::begin(const std::string& phase) {
  progress_.phase = phase;
  if (started_at_) return;
  started_at_ = std::chrono::steady_clock::now();
  epochs_at_start_ = epochs_done_;
}

void Recorder::expect_trial(std::int64_t trial, std::string name, std::int64_t epochs) {
  Active& active = active_[trial];
  active.name = std::move(name);
  active.epochs = static_cast<double>(epochs);
}

void Recorder::release_running() {
  for (const auto& [trial, state] : active_) {
    if (state.running) store_.set_status(trial, TrialStatus::pending);
  }
}

// That it is running, the store knows once it `begins`.
void Recorder::started(std::int64_t trial) {
  active_.at(trial).running = true;
  ++progress_.running;
  report();
}

void Recorder::begins(std::int64_t trial, std::int64_t after_step) {
  active_.at(trial).records = {};
  after_step == 0 ? store_.restart(trial) : store_.resume(trial, after_step);
}

void Recorder::lost(std::int64_t trial, const std::string& how) {
  Active& active = active_.at(trial);
  if (hooks_.on_message) {
    hooks_.on_message(fmt::format("{}: {}; another worker goes on with it", active.name, how));
  }
  store_.set_status(trial, TrialStatus::pending);
  active.running = false;
  --progress_.running;
  report();
}

void Recorder::progressed(std::int64_t trial, const Progress& progress) {
  const double batches = static_cast<double>(std::max<std::int64_t>(1, progress.batches));
  active_.at(trial).done = static_cast<double>(progress.epoch - 1) + static_cast<double>(progress.batch) / batches;
  report();
}

void Recorder::flush(std::int64_t trial) {
  Active& active = active_.at(trial);
  active.records.write(store_, trial);
  active.written = std::chrono::steady_clock::now();
}

void Recorder::epoch(std::int64_t trial, const EpochRecord& record) {
  Active& active = active_.at(trial);
  active.records.add(record);
  // What is lost with the process is told again from the last checkpoint on, before which all was written.
  if (std::chrono::steady_clock::now() - active.written >= kBetweenWrites) flush(trial);
  active.done = static_cast<double>(record.epoch);
  report();
}

void Recorder::before_checkpoint(std::int64_t trial) {
  flush(trial);
  if (hooks_.before_checkpoint) hooks_.before_checkpoint();
}

void Recorder::finished(std::int64_t trial, const TrainingResult& result) {
  active_.at(trial).records.finish(store_, trial, result);
  end(trial);
}

void Recorder::prune(std::int64_t trial, const TrainingResult& result, std::int64_t epochs) {
  store_.finish(trial, result);
  folders_.remove(trial);
  ended_.insert(trial);
  epochs_done_ += static_cast<double>(epochs);
  ++progress_.done;
  report();
}

void Recorder::paused(std::int64_t trial) {
  flush(trial);
  store_.set_status(trial, TrialStatus::paused);
  leave(trial);
  report();
}

void Recorder::failed(std::int64_t trial, const std::string& error) {
  flush(trial);
  store_.fail(trial, error);
  ++failures_;
  if (hooks_.on_message) hooks_.on_message(fmt::format("{} failed: {}", active_.at(trial).name, error));
  end(trial);
}

/// It trains no more for now.
void Recorder::leave(std::int64_t trial) {
  epochs_done_ += active_.at(trial).epochs;
  active_.erase(trial);
  --progress_.running;
}

void Recorder::end(std::int64_t trial) {
  leave(trial);
  folders_.remove(trial);
  ended_.insert(trial);
  ++progress_.done;
  report();
}

void Recorder::report() {
  if (!hooks_.on_progress) return;
  double done = epochs_done_;
  // A program may tell more than was expected of it.
  for (const auto& [trial, state] : active_) done += std::min(state.done, state.epochs);
  // A grid that grows makes the whole larger: what was shown as done stays so.
  progress_.fraction = std::max(progress_.fraction, std::min(1.0, done / std::max(1.0, epochs_)));
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - *started_at_;
  const double here = done - epochs_at_start_;
  progress_.seconds_left = here > 0 ? elapsed.count() * (epochs_ - done) / here : -1;
  hooks_.on_progress(progress_);
}

}  // namespace thalweg::lab

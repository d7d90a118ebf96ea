// Trainings that are timed: the lab's own trainer on the tasks that peers/ have too.
#include "trainings.h"

#include "data/rows.h"
#include "training/trainer.h"

#include <thalweg/error.h>
#include <thalweg/random.h>

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <chrono>
#include <numeric>
#include <optional>

namespace thalweg::bench {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kWarmUp{20};  // as in pairs.cc

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// 20 columns of numbers and 10 of categories, of which peers/training_steps.py has as many; two classes.
lab::Dataset table() {
  constexpr std::array<std::int64_t, 10> kCategories{3, 100, 5, 12, 7, 50, 1000, 20, 2, 9};
  lab::Rows rows;
  rows.count = 100'000;
  rows.features = rows.width = 20;
  rows.code_columns = std::ssize(kCategories);
  const Random numbers(1, RandomPurpose::test, "numbers"), codes(1, RandomPurpose::test, "codes");
  for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(rows.count * rows.width); ++i)
    rows.values.push_back(numbers.normal(i));
  for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(rows.count * rows.code_columns); ++i) {
    const auto size = static_cast<std::uint64_t>(kCategories[i % kCategories.size()]);
    rows.codes.push_back(1 + static_cast<std::int32_t>(codes.below(size, i)));
  }
  for (std::int64_t i = 0; i < rows.count; ++i) rows.labels.push_back(rows.codes[static_cast<std::size_t>(10 * i)] % 2);

  lab::Dataset dataset;
  dataset.name = "table";
  dataset.inputs = {{.kind = lab::InputKind::numbers, .shape = {rows.width}},
                    {.kind = lab::InputKind::categories, .shape = {rows.code_columns}}};
  for (const std::int64_t count : kCategories) dataset.inputs.back().sizes.push_back(count + 1);  // and the unknown
  dataset.target.classes = 2;
  dataset.train.resize(static_cast<std::size_t>(rows.count));
  std::iota(dataset.train.begin(), dataset.train.end(), 0);
  dataset.examples = lab::row_examples(std::move(rows));
  return dataset;
}

/// By RMSprop, or where the task's name says so by Adam.
constexpr const char* kFactorization = "factorization";
bool is_factorization(const std::string& task) { return task.starts_with(kFactorization); }

/// RMSprop, and what a training has by default, but no part of the data is for validation: peers have none.
lab::TrainingConfig config_of(const std::string& task, int threads) {
  lab::TrainingConfig config;
  config.model = is_factorization(task) ? kFactorization : task;
  if (task == "factorization_adam") config.optimizer = "adam:lr=0.001";
  // As many users and items as MovieLens 1M's.
  if (is_factorization(task)) config.data = "make:ratings,users=6040,items=3706,rows=500000";
  // So large that a run of some thousand steps is within an epoch.
  if (task == "linear") config.data = "make:line,rows=500000";
  config.batch = task == "linear" ? 100 : task == "tabular" ? 256 : is_factorization(task) ? 1024 : 64;
  config.threads = threads;
  config.validation_fraction = 0;
  return config;
}

}  // namespace

Training::Training(const std::string& task, int threads)
    : config_(config_of(task, threads)), dataset_(task == "tabular" ? table() : lab::open_dataset(config_.data)) {}

double Training::seconds_of_steps(int count) const {
  lab::TrainingConfig config = config_;
  config.stop.epochs = 1000;  // it is stopped before
  config.test_at_end = false;
  Clock::time_point started;
  std::optional<Clock::time_point> begin;
  double seconds = 0;
  std::atomic<bool> stop = false;
  lab::TrainingHooks hooks;
  hooks.step_every = count;
  hooks.stop_requested = &stop;
  hooks.on_started = [&] { started = Clock::now(); };
  hooks.on_step = [&](const lab::StepRecord&) {
    if (begin) {
      seconds = seconds_since(*begin);
      stop = true;
    } else if (Clock::now() - started >= kWarmUp) {
      begin = Clock::now();
    }
  };
  const lab::TrainingResult result = lab::train(config, dataset_, hooks, {});
  if (!stop) throw Error(fmt::format("the training of {} has ended: {}", config.model, result.reason));
  return seconds / count;
}

double Training::seconds_of_epoch() const {
  lab::TrainingConfig config = config_;
  config.stop.epochs = 1;
  const Clock::time_point start = Clock::now();
  const lab::TrainingResult result = lab::train(config, dataset_, {}, {});
  const double seconds = seconds_since(start);
  if (!result.test) throw Error(fmt::format("the training of {} has ended: {}", config.model, result.reason));
  return seconds;
}

}  // namespace thalweg::bench

// Runs one training: the loop over epochs and batches, stop conditions, checkpoints and resume.
#include "training/trainer.h"

#include "data/augment.h"
#include "math_library.h"
#include "models/model.h"
#include "models/unit_watch.h"
#include "tasks/objective.h"
#include "tasks/task.h"
#include "training/batch.h"
#include "training/checkpoint.h"
#include "training/defaults.h"
#include "training/diagnostics.h"
#include "training/evaluate.h"
#include "training/negatives.h"
#include "training/optimizer.h"
#include "training/ranking.h"
#include "training/reviewer.h"
#include "training/risk_reviewer.h"
#include "training/split.h"
#include "training/stopping.h"
#include "training/trained_model.h"
#include "training/weights.h"
#include "training/write_text.h"

#include <thalweg/error.h>
#include <thalweg/libtorch.h>
#include <thalweg/random.h>

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace thalweg::lab {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

TrainingConfig chosen(TrainingConfig config, const Dataset& dataset) {
  choose_defaults(config, dataset);
  return config;
}

class Trainer {
 public:
  Trainer(const TrainingConfig& config, const Dataset& dataset, const TrainingHooks& hooks,
          const Checkpointing& checkpointing, const Checkpoint* resumed)
      : config_(chosen(config, dataset)),
        hooks_(hooks),
        checkpointing_(checkpointing),
        threads_(resumed != nullptr   ? resumed->threads
                 : config.threads > 0 ? config.threads
                                      : all_threads()),
        dataset_(dataset),
        task_(task_of(dataset.target)),
        split_(split(dataset_, config_)),
        scaling_(dataset_.examples->measure(split_.training)),
        augmenter_(config.augment.empty()
                       ? std::nullopt
                       : std::optional<Augmenter>(std::in_place, config.augment, dataset_, scaling_, config.seed)),
        negatives_(negatives_of(dataset_, split_.training, scaling_, config)),
        class_weights_(class_weights(dataset_, config_, split_.training)),
        objective_(task_.objective(dataset.target, {.target_mean = scaling_.target_mean,
                                                    .target_deviation = scaling_.target_deviation,
                                                    .class_weights = class_weights_})),
        model_(make_model(
            model_of(config, checkpointing.file),
            {dataset_.inputs, dataset_.target.kind,
             resumed != nullptr ? resumed_outputs(*resumed, dataset, objective_->outputs()) : objective_->outputs()},
            config.network, config.seed)),
        optimizer_(*model_, optimizer_of(config_), {.threads = threads_}),
        parameters_(model_->parameters()),
        diagnostics_(*model_, optimizer_),
        examples_(static_cast<std::int64_t>(split_.training.size())),
        batches_(run_length(config_, examples_).steps_per_epoch),
        full_(dataset_, std::min(config_.batch, examples_)),
        last_(dataset_, examples_ - (batches_ - 1) * config_.batch) {
    check_can_rank();
    check_math_library(threads_);
    at::set_num_threads(threads_);
    check_batches(config_, examples_);
    optimizer_.engine().set_run_length(run_length(config_, examples_));
    if (resumed != nullptr) resume(*resumed);
  }

  TrainingResult run() {
    model_->train();
    while (!end_ && run_.epoch <= config_.stop.epochs) {
      check_epoch_conditions();
      if (!end_) run_epoch();
    }
    if (!end_) end(Outcome::completed, fmt::format("{} epochs", config_.stop.epochs));
    if (run_.step == 0 && end_->outcome != Outcome::diverged) write_checkpoint();  // so that it can be resumed
    if (config_.test_at_end && (end_->outcome == Outcome::completed || end_->outcome == Outcome::stopped)) test();
    TrainingResult result = *end_;
    result.epochs = run_.epoch - 1;
    result.steps = run_.step;
    result.seconds = run_.seconds;
    return result;
  }

 private:
  void check_can_rank() const {
    if (!negatives_ || negatives_->can_draw()) return;
    const std::size_t users = scaling_.known.at(0).size(), items = scaling_.known.at(1).size();
    throw Error(
        fmt::format("--implicit {}: there is nothing to rank: in the training part of {} {} user{} had {} item{}, "
                    "so that none is left which a choice could be ranked above",
                    dataset_.target.loss, dataset_.name, users, users == 1 ? "" : "s",
                    items == 1 ? "the only" : fmt::format("all {}", items), items == 1 ? "" : "s"));
  }

  void resume(const Checkpoint& checkpoint) {
    check_continues(checkpoint, dataset_, examples_, scaling_, batches_);
    restore(checkpoint, *model_, optimizer_);
    best_ = best_weights(checkpoint, *model_);
    run_ = checkpoint.run;
  }

  void end(Outcome outcome, std::string reason) {
    end_.emplace();
    end_->outcome = outcome;
    end_->reason = std::move(reason);
  }

  // With the best weights where they are restored, else as every epoch is evaluated. Adds to the run's end what came
  // out.
  void test() {
    if (!best_.empty()) set_weights(*model_, best_);
    std::optional<libtorch::SwappedAverages> averages;
    if (best_.empty() && has_averages()) averages.emplace(optimizer_);
    auto [tally, review] = evaluate_and_review(*model_, *objective_, dataset_, split_.test, scaling_, negatives());
    if (!std::isfinite(tally.loss))
      return end(Outcome::diverged, fmt::format("test loss is {}", loss_text(tally.loss)));
    end_->test = objective_->values(tally);
    if (!review.prompt.empty()) {
      review.continuation =
          write_text(*model_, dataset_.inputs.front(), dataset_.target, review.prompt,
                     {.characters = kReviewCharacters, .temperature = kReviewTemperature, .seed = config_.seed});
    }
    add_risk(*model_, *objective_, dataset_, split_, scaling_, config_, tally, review);
    add_recommendations(*model_, dataset_, scaling_, split_.training, dataset_.train, split_.test,
                        config_.data_options.split_seed, *end_->test, review);
    end_->review = std::move(review);
  }

  bool interrupted() const { return hooks_.stop_requested != nullptr && hooks_.stop_requested->load(); }
  bool epoch_done() const { return run_.batch == batches_; }
  bool steps_done() const { return config_.stop.steps && run_.step >= *config_.stop.steps; }
  bool time_is_up() const { return config_.stop.seconds && seconds_since(begin_) >= *config_.stop.seconds; }

  // What may end the run between two epochs. Depends on nothing but the run's state and the clock, so that a run that
  // was stopped stays stopped when it is resumed.
  void check_epoch_conditions() {
    const StopConditions& stop = config_.stop;
    if (interrupted()) return end(Outcome::interrupted, "interrupted");
    if (steps_done()) return end(Outcome::completed, fmt::format("{} steps", *stop.steps));
    if (time_is_up()) return end(Outcome::stopped, fmt::format("{} s are over", *stop.seconds));
    if (run_.batch > 0) return;
    if (std::optional<Ending> ending = ending_after_epoch(stop, run_, task_.primary())) {
      end(ending->outcome, std::move(ending->reason));
    }
  }

  void run_epoch() {
    order_ = split_.training;
    Random(config_.seed, RandomPurpose::shuffle, {}, static_cast<std::uint32_t>(run_.epoch)).shuffle(order_);
    const double before = run_.seconds - run_.epoch_seconds;
    resume_clock();
    while (!epoch_done() && !end_) {
      step();
      if (end_) break;  // diverged
      report_step(before);
      if (epoch_done()) break;
      check_step_conditions();
      if (!end_ && checkpointing_.every_steps > 0 && run_.step % checkpointing_.every_steps == 0) {
        write_checkpoint();
        resume_clock();
      }
    }
    if (end_ && end_->outcome == Outcome::diverged) return;
    if (epoch_done()) return finish_epoch();
    write_checkpoint();
    if (end_->outcome == Outcome::interrupted) return;
    // What a step or time limit has cut short is reported all the same; the checkpoint knows it as unfinished.
    const EpochRecord record = epoch_record();
    if (is_finite(record) && hooks_.on_epoch) hooks_.on_epoch(record);
  }

  void check_step_conditions() {
    if (interrupted()) return end(Outcome::interrupted, "interrupted");
    if (steps_done()) return end(Outcome::completed, fmt::format("{} steps", *config_.stop.steps));
    if (time_is_up()) end(Outcome::stopped, fmt::format("{} s are over", *config_.stop.seconds));
  }

  // One step on the next batch. Ends the run, with the parameters as they were before, if it has diverged.
  void step() {
    const std::size_t begin = static_cast<std::size_t>(run_.batch * config_.batch);
    Batch& batch = run_.batch + 1 == batches_ ? last_ : full_;
    const auto examples = std::span(order_).subspan(begin, static_cast<std::size_t>(batch.size));
    batch.load(dataset_, examples, scaling_);
    if (augmenter_) batch.vary(*augmenter_, examples, run_.epoch);
    if (negatives_) batch.draw(*negatives_, examples, run_.epoch);
    model_->set_step(run_.step);
    const torch::Tensor outputs = model_->forward(batch.inputs).contiguous();
    if (gradient_.sizes() != outputs.sizes()) gradient_ = torch::empty_like(outputs);
    const Tally tally = objective_->score(outputs, batch.target, &gradient_);
    LossWatch losses = run_.losses;
    if (std::optional<std::string> why = losses.add(run_.step + 1, tally.mean_loss())) {
      tell_diagnostics(diagnostics_.at_end(run_));
      return end(Outcome::diverged, std::move(*why));
    }
    outputs.backward(gradient_);
    if (hooks_.on_gradient && is_looked_into(run_.step + 1)) tell_gradients();
    diagnostics_.before_step(run_.step + 1);
    optimizer_.step();
    tell_diagnostics(diagnostics_.after_step(run_));
    if (const StepReport& report = optimizer_.engine().report(); report.non_finite > 0) {
      return end(Outcome::diverged,
                 fmt::format("gradient of {} at step {} is not finite", report.first_non_finite, run_.step + 1));
    } else if (!report.applied()) {
      return end(Outcome::diverged, fmt::format("step {} was refused: {}", run_.step + 1, report.refused));
    }
    // The next backward pass hands its own buffers over instead of adding to these.
    for (torch::Tensor& parameter : parameters_) parameter.mutable_grad().reset();
    ++run_.batch;
    ++run_.step;
    run_.losses = losses;
    run_.epoch_tally += tally;
    run_.unrecorded_loss += tally.mean_loss();
    ++run_.unrecorded_steps;
  }

  void tell_gradients() const {
    for (const auto& parameter : model_->named_parameters()) {
      torch::Tensor gradient = parameter.value().grad();
      if (!gradient.defined()) continue;
      if (gradient.is_sparse()) gradient = gradient.coalesce().values();
      gradient = gradient.to(torch::kFloat32).contiguous();
      hooks_.on_gradient(run_.step + 1, parameter.key(),
                         {gradient.data_ptr<float>(), static_cast<std::size_t>(gradient.numel())});
    }
  }

  void tell_diagnostics(const std::optional<DiagnosticRecord>& record) const {
    if (record && hooks_.on_diagnostics) hooks_.on_diagnostics(*record);
  }

  void report_step(double seconds_before) {
    if (!std::exchange(started_, true) && hooks_.on_started) hooks_.on_started();
    // Once a step: the clock that says how long the epoch has taken so far.
    run_.epoch_seconds = seconds_in_epoch_ + seconds_since(clock_);
    run_.seconds = seconds_before + run_.epoch_seconds;
    if (hooks_.on_step && run_.step % hooks_.step_every == 0) {
      hooks_.on_step({.step = run_.step,
                      .loss = run_.unrecorded_loss / static_cast<double>(run_.unrecorded_steps),
                      .lr = optimizer_.engine().lr()});
      run_.unrecorded_loss = 0;
      run_.unrecorded_steps = 0;
    }
    if (hooks_.on_progress) hooks_.on_progress(progress());
  }

  Progress progress() const {
    const MetricValues values = objective_->values(run_.epoch_tally);
    const auto found = values.find(task_.primary().name);
    return {.epoch = run_.epoch,
            .epochs = config_.stop.epochs,
            .batch = run_.batch,
            .batches = batches_,
            .loss = run_.epoch_tally.mean_loss(),
            .metric = found == values.end() ? "" : found->first,
            .value = found == values.end() ? 0 : found->second,
            .examples_per_second = examples_per_second(),
            .examples = run_.epoch_tally.examples};
  }

  void resume_clock() {
    seconds_in_epoch_ = run_.epoch_seconds;
    clock_ = Clock::now();
  }

  double examples_per_second() const {
    return run_.epoch_seconds > 0 ? static_cast<double>(run_.epoch_tally.examples) / run_.epoch_seconds : 0;
  }

  // By the averages of the parameters, if the optimizer keeps any.
  MetricValues validate() {
    std::optional<libtorch::SwappedAverages> averages;
    if (has_averages()) averages.emplace(optimizer_);
    MetricValues values =
        objective_->values(evaluate(*model_, *objective_, dataset_, split_.validation, scaling_, {}, negatives()));
    if (negatives_) {
      if (!ranker_) {
        ranker_.emplace(dataset_, scaling_, split_.training, split_.validation, kMostValidated,
                        config_.data_options.split_seed);
      }
      values.merge(ranker_->values(*model_));
    }
    return values;
  }

  const Negatives* negatives() const { return negatives_ ? &*negatives_ : nullptr; }

  bool has_averages() { return optimizer_.engine().settings().average.kind != AverageKind::none; }

  EpochRecord epoch_record() {
    EpochRecord record{.epoch = run_.epoch,
                       .step = run_.step,
                       .lr = optimizer_.engine().lr(),
                       .train = objective_->values(run_.epoch_tally),
                       .validation = {},
                       .seconds = run_.seconds,
                       .examples_per_second = examples_per_second()};
    if (!split_.validation.empty()) {
      UnitWatch watch;
      model_->set_watch(&watch);
      record.validation = validate();
      model_->set_watch(nullptr);
      record.units = watch.counts();
    }
    return record;
  }

  // The weights as they are evaluated now.
  void keep_best() {
    std::optional<libtorch::SwappedAverages> averages;
    if (has_averages()) averages.emplace(optimizer_);
    best_ = weights_of(*model_);
    for (auto& [name, weight] : best_) weight = weight.detach().clone();
  }

  // Ends the run if the last step has made the loss on other images infinite or NaN.
  bool is_finite(const EpochRecord& record) {
    const std::optional<double> loss = value_of(record.validation, "loss");
    if (!loss || std::isfinite(*loss)) return true;
    end(Outcome::diverged, fmt::format("validation loss after step {} is {}", run_.step, loss_text(*loss)));
    return false;
  }

  void finish_epoch() {
    const EpochRecord record = epoch_record();
    if (!is_finite(record)) return;
    const std::optional<double> loss = value_of(record.validation, "loss");
    if (loss) {
      const double best = run_.best_validation_loss.value_or(std::numeric_limits<double>::infinity());
      const bool improved = *loss < best - config_.stop.tolerance;
      run_.epochs_without_improvement = improved ? 0 : run_.epochs_without_improvement + 1;
      if (improved) run_.best_validation_loss = loss;
      if (improved && config_.restore_best) keep_best();
    }
    if (optimizer_.engine().schedule()->needs_metric()) optimizer_.engine().see_metric(loss.value());
    run_.epochs.push_back(record);
    ++run_.epoch;
    run_.batch = 0;
    run_.epoch_tally = {};
    run_.epoch_seconds = 0;
    // The record first: a crash in between repeats the epoch and its record, it loses none.
    if (hooks_.on_epoch) hooks_.on_epoch(record);
    if (interrupted() || seconds_since(checkpointed_) >= checkpointing_.least_seconds) write_checkpoint();
  }

  void write_checkpoint() {
    if (checkpointing_.file.empty()) return;
    checkpointed_ = Clock::now();
    if (hooks_.before_checkpoint) hooks_.before_checkpoint();
    try {
      write_now();
    } catch (const Error& error) {
      if (!hooks_.on_checkpoint_failed) throw;
      hooks_.on_checkpoint_failed(error.what());
    }
  }

  void write_now() const {
    lab::write_checkpoint(checkpointing_.file,
                          {.config = config_,
                           .threads = threads_,
                           .data = dataset_.fingerprint,
                           .data_folder = dataset_.origin,
                           .dataset = dataset_,
                           .examples = examples_,
                           .scaling = scaling_,
                           .class_weights = class_weights_,
                           .run = run_,
                           .events = hooks_.event_place ? std::optional(hooks_.event_place()) : std::nullopt,
                           .contents = {}},
                          *model_, best_, optimizer_);
  }

  const TrainingConfig config_;
  const TrainingHooks& hooks_;
  const Checkpointing& checkpointing_;
  const int threads_;
  const Dataset& dataset_;
  const Task& task_;
  const Split split_;
  const Scaling scaling_;
  const std::optional<Augmenter> augmenter_;
  const std::optional<Negatives> negatives_;  // of a ranking
  const std::vector<float> class_weights_;
  const std::unique_ptr<Objective> objective_;
  const std::shared_ptr<Model> model_;
  libtorch::Optimizer optimizer_;
  std::vector<torch::Tensor> parameters_;
  Diagnostics diagnostics_;
  const std::int64_t examples_, batches_;
  Batch full_, last_;
  torch::Tensor gradient_ = torch::empty({0});  // of the loss by the outputs
  std::optional<Ranker> ranker_;                // for the validation part, once there is an epoch
  Weights best_;                                // of the best epoch, where they are to be restored

  RunState run_;
  std::vector<std::int64_t> order_;  // this epoch's
  double seconds_in_epoch_ = 0;      // up to clock_
  Clock::time_point clock_{};
  const Clock::time_point begin_ = Clock::now();
  Clock::time_point checkpointed_ = begin_;
  bool started_ = false;  // this process has done a step
  std::optional<TrainingResult> end_;
};

}  // namespace

TrainingResult train(const TrainingConfig& config, const Dataset& dataset, const TrainingHooks& hooks,
                     const Checkpointing& checkpointing) {
  check(config);
  check_costs(config, dataset);
  if (!checkpointing.resume) return Trainer(config, dataset, hooks, checkpointing, nullptr).run();
  const Checkpoint checkpoint = read_checkpoint(checkpointing.file);
  check_resumable(checkpoint.config, checkpoint.threads, config);
  return Trainer(config, dataset, hooks, checkpointing, &checkpoint).run();
}

}  // namespace thalweg::lab

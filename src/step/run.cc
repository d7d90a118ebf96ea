// The fused pass of a step: every element's rule, average and decay, and what the step sees of it meanwhile.
#include "step/step.h"

#include <thalweg/kernels/around.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace thalweg::inline v0_1 {
namespace {

/// Blocks that a kernel is given at once.
constexpr std::size_t kBatch = 32;

}  // namespace

/// Blocks with the same coefficients, on their way to a kernel. One thread's.
class Step::Batch {
 public:
  explicit Batch(Step& step) : step_(step) {}
  ~Batch() {
    flush();
    give_totals();
  }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  /// Room for a block of the task at these coefficients.
  Block& add(Task& task, std::uint32_t coefficients) {
    if (count_ == kBatch) flush();
    if (coefficients != coefficients_ || task.scale != around_.scale || task.average_share != around_.average_share ||
        task.averages != averages_) {
      flush();
      turn_to(task, coefficients);
    }
    tasks_[count_] = &task;
    return blocks_[count_++];
  }

  /// Where elements of a block of the report are summed that is not stepped at once. Its parts follow each other.
  BlockSums* sums_for(BlockTotals& totals) {
    if (&totals != totals_) {
      flush();
      give_totals();
      totals_ = &totals;
    }
    return &sums_;
  }

 private:
  void flush() {
    // Parameters of both types may follow each other.
    for (std::size_t from = 0; from < count_;) {
      std::size_t to = from + 1;
      while (to < count_ && blocks_[to].storage == blocks_[from].storage) ++to;
      const Update update = blocks_[from].storage == Storage::f32 ? kernels_->f32 : kernels_->f64;
      const bool non_finite = update(made_->bytes.data(), around_, std::span(blocks_).subspan(from, to - from));
      if (non_finite && step_.detects_) {
        for (std::size_t i = from; i < to; ++i) {
          const std::size_t begin = blocks_[i].first - step_.parameters_[tasks_[i]->parameter].first;
          step_.count_non_finite(*tasks_[i], begin, begin + blocks_[i].count);
        }
      }
      from = to;
    }
    count_ = 0;
  }

  void give_totals() {
    if (totals_ == nullptr) return;
    *totals_ = sums_.totals();
    sums_ = {};
    totals_ = nullptr;
  }

  void turn_to(const Task& task, std::uint32_t coefficients) {
    coefficients_ = coefficients;
    averages_ = task.averages;
    made_ = &step_.coefficients_[coefficients];
    kernels_ = &step_.groups_.at(made_->group).kernels;
    around_ = made_->around;
    around_.scale = task.scale;
    around_.average_share = task.average_share;
    around_.overwrite = task.averages && step_.overwrites_;
  }

  Step& step_;
  std::array<Block, kBatch> blocks_;
  std::array<Task*, kBatch> tasks_;
  std::size_t count_ = 0;
  BlockSums sums_;
  BlockTotals* totals_ = nullptr;  // that they are of
  std::uint32_t coefficients_ = UINT32_MAX;
  bool averages_ = false;
  const StepCoefficients* made_ = nullptr;
  const Kernels* kernels_ = nullptr;
  Around around_;
};

/// Elements of one parameter; within one row if its rule has columns that are shaped like rows or columns.
void Step::fill_block(Block& block, const Task& task, const StepCoefficients& made, std::size_t begin, std::size_t end,
                      std::size_t piece_end) const {
  const Parameter& parameter = parameters_[task.parameter];
  const Precision precision = parameter.precision;
  block.count = end - begin;
  block.following = piece_end - end;
  block.first = parameter.first + begin;
  block.key = parameter.key;
  block.step = made.step;
  block.theta = offset(parameter.data, begin, precision);
  block.gradient = offset(task.gradient, begin, precision);
  block.average = task.averages ? offset(parameter.columns[kAverageSlot], begin, precision) : nullptr;
  block.storage = block.average_storage = precision;
  for (std::size_t k = 0; k < made.columns; ++k) {
    void* const column = parameter.columns[k];
    block.columns[k] = column != nullptr ? offset(column, begin, precision) : nullptr;
    block.column_storage[k] = precision;
  }
  if (task.sums != UINT32_MAX && sums_[task.sums].has_small_columns) {
    sums_[task.sums].place(block, parameters_.rule(task.parameter), parameters_.record(task.parameter).layout, begin,
                           precision);
  }
}

/// The elements of one run of rows, or of a whole parameter.
void Step::add_blocks(Task& task, std::uint32_t coefficients, std::size_t begin, std::size_t end, std::size_t piece_end,
                      Batch& batch) {
  const StepCoefficients& made = coefficients_[coefficients];
  const bool by_row = task.sums != UINT32_MAX && sums_[task.sums].by_row;
  const std::size_t width = by_row ? parameters_.record(task.parameter).layout.columns : 0;
  for (std::size_t from = begin; from < end;) {
    std::size_t to = end;
    if (by_row) to = std::min(to, (from / width + 1) * width);
    BlockTotals* totals = looks() ? &block_totals_[task.first_block + from / kNormBlock] : nullptr;
    BlockSums* sums = nullptr;
    if (looks() && (from % kNormBlock != 0 || (to % kNormBlock != 0 && to != piece_end))) {
      to = std::min(to, (from / kNormBlock + 1) * kNormBlock);
      sums = batch.sums_for(*std::exchange(totals, nullptr));
    }
    Block& block = batch.add(task, coefficients);
    fill_block(block, task, made, from, to, piece_end);
    block.totals = totals;
    block.sums = sums;
    from = to;
  }
}

void Step::step_elements(Task& task, std::size_t begin, std::size_t end, std::size_t piece_end, Batch& batch) {
  if (task.first_run == task.end_run) {
    add_blocks(task, task.coefficients, begin, end, piece_end, batch);
    return;
  }
  const auto runs = std::span(runs_).subspan(task.first_run, task.end_run - task.first_run);
  const std::size_t width = parameters_[task.parameter].size / runs.back().end;
  // The first run that ends behind `begin`.
  auto run = std::ranges::upper_bound(runs, begin / width, {}, &RowRun::end);
  for (; run != runs.end() && run->begin * width < end; ++run) {
    const std::size_t from = std::max(begin, run->begin * width), to = std::min(end, run->end * width);
    add_blocks(task, run->coefficients, from, to, piece_end, batch);
  }
}

/// Takes the averages of elements that take no step.
void Step::average_elements(const Task& task, std::size_t begin, std::size_t end) {
  if (!task.averages) return;
  const Parameter& parameter = parameters_[task.parameter];
  const Precision precision = parameter.precision;
  Around around;
  around.average_share = task.average_share;
  around.overwrite = overwrites_;
  const AverageKernels& kernels = groups_.backend().average;
  (precision == Precision::f32 ? kernels.f32 : kernels.f64)(around, offset(parameter.data, begin, precision),
                                                            offset(parameter.columns[kAverageSlot], begin, precision),
                                                            end - begin);
}

void Step::run_piece(Task& task, std::size_t begin, std::size_t end, Batch& batch) {
  if (task.steps && !task.refused) {
    step_elements(task, begin, end, end, batch);
    return;
  }
  average_elements(task, begin, end);
  if (!task.refused) return;
  if (looks()) look_at_refused(task, begin, end);
  if (detects_) count_non_finite(task, begin, end);
}

/// The sums of the report where nothing is added to the parameter.
void Step::look_at_refused(const Task& task, std::size_t begin, std::size_t end) {
  const Parameter& parameter = parameters_[task.parameter];
  const Precision precision = parameter.precision;
  const NormKernels& kernels = groups_.backend().squares;
  const SumOfSquares squares = precision == Precision::f32 ? kernels.f32 : kernels.f64;
  for (std::size_t from = begin; from < end; from += kNormBlock) {
    const std::size_t to = std::min(end, from + kNormBlock);
    BlockTotals& totals = block_totals_[task.first_block + from / kNormBlock];
    totals = {};
    totals.gradient = squares(offset(task.gradient, from, precision), to - from);
    totals.parameter = squares(offset(parameter.data, from, precision), to - from);
    for (std::size_t i = from; i < to; ++i) totals.zeros += get(task.gradient, i, precision) == 0 ? 1 : 0;
  }
}

void Step::count_non_finite(Task& task, std::size_t begin, std::size_t end) {
  const Precision precision = parameters_[task.parameter].precision;
  std::uint64_t count = 0;
  for (std::size_t i = begin; i < end; ++i) count += std::isfinite(get(task.gradient, i, precision)) ? 0 : 1;
  if (count == 0) return;
  std::atomic_ref(task.non_finite).fetch_add(count, std::memory_order_relaxed);  // other threads have other pieces
  has_seen_non_finite_.store(true, std::memory_order_relaxed);
}

void Step::run(std::span<Task> tasks) {
  const std::int64_t overwrite_every = settings_.average.overwrite_every;
  overwrites_ = overwrite_every > 0 && (counters_.steps + 1) % overwrite_every == 0;
  detects_ = settings_.check == Check::detect;
  if (looks()) {
    block_totals_.resize(blocks_);
    block_sums_.resize(blocks_);
  }
  for_each_chunk([&](std::size_t chunk) {
    Batch batch(*this);
    for (const Piece& piece : plan_.chunk(chunk)) run_piece(tasks[piece.task], piece.begin, piece.end, batch);
  });
  if (!looks()) return;
  for (const Task& task : tasks) {
    if (task.steps) take_over_squares(task);
  }
}

}  // namespace thalweg::inline v0_1

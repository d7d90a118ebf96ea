// The fused pass of a step: every element's rule, average and decay, and what the step sees of it meanwhile.
#include "step/step.h"

#include <thalweg/kernels/around.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace thalweg {
namespace {

/// Blocks that a kernel is given at once.
constexpr std::size_t kBatch = 32;

}  // namespace

/// Blocks with the same coefficients, on their way to a kernel. One thread's.
class Step::Batch {
 public:
  explicit Batch(Step& step) : step_(step) {}
  ~Batch() { flush(); }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  /// Room for a block of the task at these coefficients.
  Block& add(const Task& task, std::uint32_t coefficients) {
    if (count_ == kBatch) flush();
    if (coefficients != coefficients_ || task.scale != around_.scale || task.average_share != around_.average_share ||
        task.averages != averages_) {
      flush();
      turn_to(task, coefficients);
    }
    tasks_[count_] = &task;
    return blocks_[count_++];
  }

  void flush() {
    // Parameters of both types may follow each other.
    for (std::size_t from = 0; from < count_;) {
      std::size_t to = from + 1;
      while (to < count_ && blocks_[to].storage == blocks_[from].storage) ++to;
      const Update update = blocks_[from].storage == Storage::f32 ? kernels_->f32 : kernels_->f64;
      const bool non_finite = update(made_->bytes.data(), around_, std::span(blocks_).subspan(from, to - from));
      if (non_finite && step_.detects_ && !step_.measures()) {
        for (std::size_t i = from; i < to; ++i) {
          step_.count_non_finite(*tasks_[i], blocks_[i].first, blocks_[i].first + blocks_[i].count);
        }
      }
      from = to;
    }
    count_ = 0;
  }

 private:
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
  std::array<const Task*, kBatch> tasks_;
  std::size_t count_ = 0;
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
  block.first = begin;
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
void Step::add_blocks(const Task& task, std::uint32_t coefficients, std::size_t begin, std::size_t end,
                      std::size_t piece_end, Batch& batch) {
  const StepCoefficients& made = coefficients_[coefficients];
  if (task.sums == UINT32_MAX || !sums_[task.sums].by_row) {
    fill_block(batch.add(task, coefficients), task, made, begin, end, piece_end);
    return;
  }
  const std::size_t width = parameters_.record(task.parameter).layout.columns;
  for (std::size_t from = begin; from < end;) {
    const std::size_t to = std::min(end, (from / width + 1) * width);
    fill_block(batch.add(task, coefficients), task, made, from, to, piece_end);
    from = to;
  }
}

void Step::step_elements(const Task& task, std::size_t begin, std::size_t end, std::size_t piece_end, Batch& batch) {
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

void Step::run_piece(const Task& task, std::size_t begin, std::size_t end, Batch& batch) {
  if (!task.steps) {
    average_elements(task, begin, end);
  } else if (measures()) {
    run_measured(task, begin, end, batch);
  } else if (task.refused) {
    average_elements(task, begin, end);
    if (detects_) count_non_finite(task, begin, end);
  } else {
    step_elements(task, begin, end, end, batch);
  }
}

/// Steps the elements of a piece and takes the sums of the report, while they are in the first cache.
void Step::run_measured(const Task& task, std::size_t begin, std::size_t end, Batch& batch) {
  const Parameter& parameter = parameters_[task.parameter];
  const Precision precision = parameter.precision;
  const MeasureKernels& kernels = groups_.backend().measure;
  const Measure measure = precision == Precision::f32 ? kernels.f32 : kernels.f64;
  const std::size_t most = kMeasuredBytes / bytes_of(precision);
  alignas(64) std::byte before[kMeasuredBytes];
  BlockSums sums;
  for (std::size_t from = begin; from < end;) {
    const std::size_t to = std::min(end, from + most);
    const void* const gradient = offset(task.gradient, from, precision);
    void* const theta = offset(parameter.data, from, precision);
    std::memcpy(before, theta, (to - from) * bytes_of(precision));
    if (task.refused) {
      average_elements(task, from, to);
    } else {
      step_elements(task, from, to, end, batch);
      batch.flush();
    }
    measure(gradient, before, theta, to - from, settings_.report == Reporting::parameters, sums);
    if (to == end || to % kNormBlock == 0) {
      const std::size_t block = from / kNormBlock;
      BlockReport& report = block_reports_[task.first_block + block];
      report.totals = kernels.total(sums);
      report.zeros = sums.zeros;
      // A finite sum of squares proves that all is finite.
      if (detects_ && !std::isfinite(report.totals.gradient)) count_non_finite(task, block * kNormBlock, to);
      if (to != end) sums = {};
    }
    from = to;
  }
}

void Step::count_non_finite(const Task& task, std::size_t begin, std::size_t end) {
  const Precision precision = parameters_[task.parameter].precision;
  std::uint64_t count = 0;
  for (std::size_t i = begin; i < end; ++i) count += std::isfinite(get(task.gradient, i, precision)) ? 0 : 1;
  if (count == 0) return;
  // Pieces of other threads may end in the same block.
  std::atomic_ref(block_reports_[task.first_block + begin / kNormBlock].non_finite).fetch_add(count);
  has_seen_non_finite_.store(true, std::memory_order_relaxed);
}

void Step::run(std::span<const Task> tasks) {
  const std::int64_t overwrite_every = settings_.average.overwrite_every;
  overwrites_ = overwrite_every > 0 && (counters_.steps + 1) % overwrite_every == 0;
  detects_ = settings_.check == Check::detect;
  if (detects_ || measures()) block_reports_.resize(blocks_);
  if (measures()) block_sums_.resize(blocks_);
  for_each_chunk([&](std::size_t chunk) {
    Batch batch(*this);
    for (const Piece& piece : plan_.chunk(chunk)) run_piece(tasks[piece.task], piece.begin, piece.end, batch);
  });
  if (!measures()) return;
  for (const Task& task : tasks) {
    if (task.steps) take_over_squares(task);
  }
}

}  // namespace thalweg

// The fused pass of a step: every element's rule, average and decay, and what the step sees of it meanwhile.
#include "step/step.h"

#include <thalweg/kernels/around.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace thalweg {
namespace {

/// Elements that are stepped and then looked at again: they must still be in the first cache.
constexpr std::size_t kMeasured = 1024;
/// Blocks that a kernel is given at once.
constexpr std::size_t kBatch = 32;

bool same_around(const Around& a, const Around& b) {
  return a.scale == b.scale && a.average_share == b.average_share && a.overwrite == b.overwrite;
}

}  // namespace

/// Blocks with the same coefficients, on their way to a kernel. One thread's.
class Step::Batch {
 public:
  explicit Batch(const Step& step) : step_(step) {}
  ~Batch() { flush(); }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  Block& add(std::uint32_t coefficients, const Around& around) {
    if (count_ == kBatch || (count_ > 0 && (coefficients != coefficients_ || !same_around(around, around_)))) flush();
    coefficients_ = coefficients;
    around_ = around;
    return blocks_[count_++];
  }

  void flush() {
    if (count_ == 0) return;
    const StepCoefficients& made = step_.coefficients_[coefficients_];
    const Kernels& kernels = step_.groups_.at(made.group).kernels;
    const auto begin = blocks_.begin();
    // Parameters of both types may follow each other.
    for (std::size_t from = 0; from < count_;) {
      std::size_t to = from + 1;
      while (to < count_ && begin[to].theta.storage == begin[from].theta.storage) ++to;
      (begin[from].theta.storage == Storage::f32 ? kernels.f32 : kernels.f64)(
          made.bytes.data(), around_, std::span(blocks_).subspan(from, to - from));
      from = to;
    }
    count_ = 0;
  }

 private:
  const Step& step_;
  std::array<Block, kBatch> blocks_;
  std::size_t count_ = 0;
  std::uint32_t coefficients_ = 0;
  Around around_;
};

/// Elements of one parameter; within one row if its rule has columns that are shaped like rows or columns.
Block Step::block_of(const Task& task, const StepCoefficients& made, std::size_t begin, std::size_t end,
                     std::size_t piece_end) const {
  const Parameter& parameter = parameters_[task.parameter];
  const Precision precision = parameter.precision;
  Block block;
  block.count = end - begin;
  block.following = piece_end - end;
  block.first = begin;
  block.key = parameters_.record(task.parameter).key;
  block.step = made.step;
  block.theta = {offset(parameter.data, begin, precision), precision};
  block.gradient = {const_cast<void*>(offset(task.gradient, begin, precision)), precision};
  block.average = {task.averages ? offset(parameter.columns[kAverageSlot], begin, precision) : nullptr, precision};
  for (std::size_t k = 0; k < kMaxColumns; ++k) {
    void* const column = parameter.columns[k];
    block.columns[k] = {column != nullptr ? offset(column, begin, precision) : nullptr, precision};
  }
  if (task.sums != UINT32_MAX && sums_[task.sums].has_small_columns) {
    sums_[task.sums].place(block, parameters_.rule(task.parameter), parameters_.record(task.parameter).layout, begin,
                           precision);
  }
  return block;
}

/// The elements of one run of rows, or of a whole parameter.
void Step::add_blocks(const Task& task, std::uint32_t coefficients, std::size_t begin, std::size_t end,
                      std::size_t piece_end, Batch& batch) {
  const StepCoefficients& made = coefficients_[coefficients];
  Around around = made.around;
  around.scale = task.scale;
  around.average_share = task.average_share;
  around.overwrite = task.averages && overwrites_;
  if (task.sums == UINT32_MAX || !sums_[task.sums].by_row) {
    batch.add(coefficients, around) = block_of(task, made, begin, end, piece_end);
    return;
  }
  const std::size_t width = parameters_.record(task.parameter).layout.columns;
  for (std::size_t from = begin; from < end;) {
    const std::size_t to = std::min(end, (from / width + 1) * width);
    batch.add(coefficients, around) = block_of(task, made, from, to, piece_end);
    from = to;
  }
}

void Step::step_elements(const Task& task, std::size_t begin, std::size_t end, std::size_t piece_end, Batch& batch) {
  if (task.first_run == task.end_run) {
    add_blocks(task, task.coefficients, begin, end, piece_end, batch);
    return;
  }
  // The first run that ends behind `begin`.
  const auto runs = std::span(runs_).subspan(task.first_run, task.end_run - task.first_run);
  auto run = std::ranges::upper_bound(runs, begin, {}, &RowRun::end);
  for (; run != runs.end() && run->begin < end; ++run) {
    const std::size_t from = std::max(begin, run->begin), to = std::min(end, run->end);
    add_blocks(task, run->coefficients, from, to, piece_end, batch);
  }
}

void Step::run_piece(const Task& task, std::size_t begin, std::size_t end, Batch& batch) {
  const Parameter& parameter = parameters_[task.parameter];
  const Precision precision = parameter.precision;
  const bool f32 = precision == Precision::f32;
  const auto average_alone = [&](std::size_t from, std::size_t to) {
    if (!task.averages) return;
    Around around;
    around.average_share = task.average_share;
    around.overwrite = overwrites_;
    const AverageKernels& kernels = groups_.backend().average;
    (f32 ? kernels.f32 : kernels.f64)(around, offset(parameter.data, from, precision),
                                      offset(parameter.columns[kAverageSlot], from, precision), to - from);
  };
  const auto step = [&](std::size_t from, std::size_t to) {
    if (!task.steps || task.refused) {
      average_alone(from, to);
    } else {
      step_elements(task, from, to, end, batch);
    }
  };
  if (!looks_ || !task.steps) {
    step(begin, end);
    return;
  }
  const MeasureKernels& kernels = groups_.backend().measure;
  alignas(64) std::byte before[kMeasured * sizeof(double)];
  BlockSums sums;
  for (std::size_t from = begin; from < end;) {
    const std::size_t to = std::min(end, from + kMeasured);
    const void* const gradient = offset(task.gradient, from, precision);
    void* const theta = offset(parameter.data, from, precision);
    BlockReport& report = block_reports_[task.first_block + from / kNormBlock];
    if (detects_ && (f32 ? kernels.has_non_finite_f32 : kernels.has_non_finite_f64)(gradient, to - from)) {
      for (std::size_t i = 0; i < to - from; ++i)
        report.non_finite += std::isfinite(get(gradient, i, precision)) ? 0 : 1;
    }
    if (measures()) std::memcpy(before, theta, (to - from) * bytes_of(precision));
    step(from, to);
    if (end - begin > kMeasured || measures()) batch.flush();
    if (measures()) {
      (f32 ? kernels.f32 : kernels.f64)(gradient, before, theta, to - from, sums);
      if (to == end || to % kNormBlock == 0) {
        report.gradient = total(sums.gradient);
        report.update = total(sums.update);
        report.parameter = total(sums.parameter);
        report.zeros = sums.zeros;
        sums = {};
      }
    }
    from = to;
  }
}

void Step::run(std::span<const Task> tasks) {
  const std::int64_t overwrite_every = settings_.average.overwrite_every;
  overwrites_ = overwrite_every > 0 && (counters_.steps + 1) % overwrite_every == 0;
  detects_ = settings_.check == Check::detect;
  looks_ = detects_ || measures();
  for_each_chunk([&](std::size_t chunk) {
    Batch batch(*this);
    for (const Piece& piece : plan_.chunk(chunk)) run_piece(tasks[piece.task], piece.begin, piece.end, batch);
  });
}

}  // namespace thalweg

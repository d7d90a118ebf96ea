// The sums of a step: passes over the elements, which change nothing, and what rules make of them.
#include "step/gather.h"

#include "step/step.h"

#include <algorithm>
#include <numeric>

namespace thalweg::inline v0_1 {
namespace {

/// Elements of a tile, about: enough work for a thread, and partial sums that weigh little beside the elements.
constexpr std::size_t kTileElements = 64 * kNormBlock;
constexpr std::size_t kWidestTile = 4 * kNormBlock;
/// Rows whose shares are added in the element's type before they go on in double.
constexpr std::size_t kRowRun = 64;

std::size_t divide_up(std::size_t a, std::size_t b) { return (a + b - 1) / b; }

}  // namespace

GatherPlan::GatherPlan(const Rule& rule, const TaskSums& own, const Layout& layout, std::uint32_t sums,
                       GatherParts& parts)
    : rule_(rule), layout_(layout), sums_(sums), tiled_(own.by_row), parts_(parts) {
  for (std::size_t k = 0; k < rule.sums.size(); ++k) {
    if (takes(k) && (scope(k) == SumScope::rows || scope(k) == SumScope::columns)) tiled_ = true;
  }
  if (tiled_) {
    tile_columns_ = std::min<std::size_t>(layout.columns, kWidestTile);
    tile_rows_ = std::clamp<std::size_t>(kTileElements / tile_columns_, 1, layout.rows);
    column_tiles_ = divide_up(layout.columns, tile_columns_);
    row_tiles_ = divide_up(layout.rows, tile_rows_);
    pieces_ = layout.matrices * row_tiles_ * column_tiles_;
  } else {
    pieces_ = divide_up(layout.elements, kNormBlock);
  }
  for (std::size_t k = 0; k < rule.sums.size(); ++k) {
    if (!takes(k)) continue;
    std::size_t count = pieces_;
    if (scope(k) == SumScope::rows) count = layout.matrices * layout.rows * column_tiles_;
    if (scope(k) == SumScope::columns) count = layout.matrices * row_tiles_ * layout.columns;
    parts_[k].assign(count, 0);
  }
}

GatherPlan::Tile GatherPlan::tile(std::size_t piece) const {
  const std::size_t column = piece % column_tiles_ * tile_columns_, of_rows = piece / column_tiles_;
  const std::size_t row = of_rows % row_tiles_ * tile_rows_;
  return {of_rows / row_tiles_, row, std::min<std::size_t>(layout_.rows, row + tile_rows_), column,
          std::min<std::size_t>(layout_.columns, column + tile_columns_)};
}

template <class MakeBlock>
void GatherPlan::run(std::size_t piece, Gather kernel, const void* coefficients, const Around& around,
                     Precision precision, const MakeBlock& block) {
  SumPlaces places;
  for (std::size_t k = 0; k < rule_.sums.size(); ++k) {
    if (takes(k))
      places.totals[k] = &parts_[k][0] + (scope(k) == SumScope::tensor || scope(k) == SumScope::all ? piece : 0);
  }
  if (!tiled_) {
    const std::size_t begin = piece * kNormBlock;
    kernel(coefficients, around, block(begin, std::min<std::size_t>(layout_.elements, begin + kNormBlock)), places);
    return;
  }
  const Tile at = tile(piece);
  const std::size_t width = at.column_end - at.column_begin, bytes = width * bytes_of(precision);
  std::array<Buffer, kMaxSums> by_column;  // in the element's type
  for (std::size_t k = 0; k < rule_.sums.size(); ++k) {
    if (!takes(k) || scope(k) != SumScope::columns) continue;
    by_column[k] = make_buffer(bytes);
    std::fill_n(by_column[k].get(), bytes, std::byte{0});
    places.by_column[k] = by_column[k].get();
    places.totals[k] = nullptr;
  }
  const std::size_t row_tile = at.matrix * row_tiles_ + at.row_begin / tile_rows_;
  for (std::size_t row = at.row_begin; row < at.row_end; ++row) {
    const std::size_t line = at.matrix * layout_.rows + row;
    for (std::size_t k = 0; k < rule_.sums.size(); ++k) {
      if (takes(k) && scope(k) == SumScope::rows) {
        places.totals[k] = &parts_[k][line * column_tiles_ + at.column_begin / tile_columns_];
      }
    }
    const std::size_t begin = line * layout_.columns + at.column_begin;
    kernel(coefficients, around, block(begin, begin + width), places);
    if ((row + 1 - at.row_begin) % kRowRun != 0 && row + 1 != at.row_end) continue;
    for (std::size_t k = 0; k < rule_.sums.size(); ++k) {
      if (by_column[k] == nullptr) continue;
      double* const to = &parts_[k][row_tile * layout_.columns + at.column_begin];
      for (std::size_t i = 0; i < width; ++i) to[i] += get(by_column[k].get(), i, precision);
      std::fill_n(by_column[k].get(), bytes, std::byte{0});
    }
  }
}

void GatherPlan::combine(TaskSums& own) const {
  for (std::size_t k = 0; k < rule_.sums.size(); ++k) {
    if (!takes(k)) continue;
    std::vector<double>& sums = own.sums[k];
    if (scope(k) == SumScope::rows) {
      sums.assign(layout_.matrices * layout_.rows, 0);
      for (std::size_t i = 0; i < parts_[k].size(); ++i) sums[i / column_tiles_] += parts_[k][i];
    } else if (scope(k) == SumScope::columns) {
      sums.assign(layout_.matrices * layout_.columns, 0);
      for (std::size_t tile = 0; tile < layout_.matrices * row_tiles_; ++tile) {
        double* const to = &sums[tile / row_tiles_ * layout_.columns];
        const double* const from = &parts_[k][tile * layout_.columns];
        for (std::size_t i = 0; i < layout_.columns; ++i) to[i] += from[i];
      }
    } else {
      sums.assign(1, std::accumulate(parts_[k].begin(), parts_[k].end(), 0.0));
    }
  }
}

bool Step::has_sums() const {
  return std::ranges::any_of(groups_, [](const GroupRecord& group) { return group.rule->by_layout; });
}

bool Step::gather_and_settle(std::span<Task> tasks) {
  std::size_t rounds = 0;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    Task& task = tasks[i];
    const GroupRecord& group = groups_.at(parameters_[task.parameter].group);
    if (!task.steps || !group.rule->by_layout) continue;
    task.sums = static_cast<std::uint32_t>(sums_.size());
    TaskSums& own = sums_.emplace_back();
    own.taken = group.rule->sums_taken(group.options, parameters_.record(task.parameter).layout);
    own.begin(parameters_, task.parameter);
    rounds = std::max(rounds, group.rule->rounds);
  }
  for (std::size_t round = 0; round < rounds; ++round) {
    gather(tasks, round);
    if (!settle(tasks, round)) return false;
  }
  return true;
}

namespace {

/// The bits of the sums that a parameter takes in this round.
std::uint32_t taken_in(const Rule& rule, const TaskSums& own, std::size_t round) {
  std::uint32_t bits = 0;
  for (std::size_t k = 0; k < rule.sums.size(); ++k) {
    if (rule.sums[k].round == round) bits |= own.taken & std::uint32_t{1} << k;
  }
  return bits;
}

}  // namespace

void Step::gather(std::span<Task> tasks, std::size_t round) {
  std::vector<GatherPlan> plans;
  std::vector<const Task*> planned;
  std::size_t elements = 0;
  for (const Task& task : tasks) {
    if (task.sums == UINT32_MAX || task.refused) continue;
    const Rule& rule = parameters_.rule(task.parameter);
    const std::uint32_t sums = taken_in(rule, sums_[task.sums], round);
    if (sums == 0) continue;
    const ParameterRecord& record = parameters_.record(task.parameter);
    // Whatever the shape is, the memory's order is that of a vector.
    Layout layout = record.layout;
    layout.elements = parameters_[task.parameter].size;
    if (gathered_.size() <= plans.size()) gathered_.emplace_back();
    plans.emplace_back(rule, sums_[task.sums], layout, sums, gathered_[plans.size()]);
    planned.push_back(&task);
    elements += layout.elements;
  }
  const int wanted = elements < kSerialElements ? 1 : threads;
  // Pieces that follow each other go to one thread, which then asks for no memory that another one reads.
  struct Run {
    std::size_t plan, begin, end;  // pieces
  };
  std::vector<Run> runs;
  const std::size_t share = elements / (4 * static_cast<std::size_t>(wanted));
  for (std::size_t plan = 0; plan < plans.size(); ++plan) {
    const std::size_t pieces = plans[plan].pieces();
    const std::size_t most = std::clamp<std::size_t>(share / plans[plan].piece_elements(), 1, 64);
    for (std::size_t begin = 0; begin < pieces; begin += most) {
      runs.push_back({plan, begin, std::min(pieces, begin + most)});
    }
  }
  const auto run = [&](std::size_t item) {
    const auto [index, begin_piece, end_piece] = runs[item];
    const Task& task = *planned[index];
    const Parameter& parameter = parameters_[task.parameter];
    const StepCoefficients& made = coefficients_[task.coefficients];
    const Kernels& kernels = groups_.at(parameter.group).kernels;
    Around around = made.around;
    around.scale = task.scale;
    const Gather kernel = parameter.precision == Precision::f32 ? kernels.gather_f32[round] : kernels.gather_f64[round];
    const auto block = [&](std::size_t begin, std::size_t end) {
      Block result;
      fill_block(result, task, made, begin, end, parameter.size);
      return result;
    };
    for (std::size_t piece = begin_piece; piece < end_piece; ++piece) {
      plans[index].run(piece, kernel, made.bytes.data(), around, parameter.precision, block);
    }
  };
  parallel_for(wanted, runs.size(), run);
  for (std::size_t i = 0; i < plans.size(); ++i) plans[i].combine(sums_[planned[i]->sums]);
}

}  // namespace thalweg::inline v0_1

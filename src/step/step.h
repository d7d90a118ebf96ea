// Step: the step in progress, from the gradients that it is given to its report.
//
//   gradients ─► admit ─► accumulate ─► norms, guard ─► scales ─► coefficients ─► gather, settle ─► run ─► commit ─►
//   report
//
// What throws, does so before anything of the optimizer has been changed. Memory is kept from one step to the next.
#pragma once

#include "groups.h"
#include "parameters.h"
#include "step/gather.h"
#include "step/plan.h"
#include "step/sums.h"
#include "threads/pool.h"

#include <array>
#include <atomic>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace thalweg::inline v0_1 {

/// What an optimizer counts beside its parameters' own numbers.
struct Counters {
  std::int64_t steps = 0;        ///< taken; the step number of all, if they share it
  std::int64_t refused = 0;      ///< by the guard or a rule
  std::int64_t accumulated = 0;  ///< calls since the last step
  std::int64_t good_steps = 0;   ///< since the dynamic loss scale has changed
};

/// The schedule of the rates, and where it stands.
struct ScheduleState {
  std::optional<Schedule> schedule;
  SchedulePosition position;
  std::int64_t steps_per_epoch = 1;

  /// Of the next step. Throws Error if a length is open.
  double factor() const { return schedule ? schedule->factor(position, steps_per_epoch) : 1; }
};

/// Coefficients of one group at one step number.
struct StepCoefficients {
  std::uint32_t group;
  std::int64_t step;
  std::uint32_t columns_begun;  // as Parameter::begun
  std::uint8_t columns;         // that the rule has
  bool has_scalars;
  Scalars scalars_before, scalars;
  Around around;
  alignas(double) std::array<std::byte, kMaxCoefficientBytes> bytes;
};

/// Rows of a parameter that have the same numbers, with StepCount::per_row.
struct RowRun {
  std::size_t begin, end;
  std::uint32_t coefficients;
};

/// What the step does with one parameter.
struct Task {
  std::uint32_t parameter;
  std::uint32_t coefficients = 0;
  bool steps = false;                        ///< false: it has no gradient, and only its average is taken
  bool refused = false;                      ///< its own sums said that it takes no step
  const void* gradient = nullptr;            ///< null too where the parameter has no elements
  std::size_t first_block = 0;               ///< of its sums by block
  double scale = 1;                          ///< of the gradient
  double clip_factor = 1;                    ///< the part of `scale` that clipping by a norm is
  std::optional<double> norm = {};           ///< of the gradient, where it has been needed
  bool averages = false;                     ///< is its average taken?
  double average_share = 0;                  ///< w of the parameter in it, which may be 0
  std::uint32_t first_run = 0, end_run = 0;  ///< its runs of rows
  std::uint32_t sums = UINT32_MAX;           ///< of Step::sums_, if its rule has some
  std::uint64_t non_finite = 0;              ///< elements of the gradient, as the pass has seen them
};

/// Blocks of kNormBlock elements, the last one shorter.
inline std::size_t count_blocks(std::size_t elements) { return (elements + kNormBlock - 1) / kNormBlock; }

class Step {
 public:
  Step(Settings& settings, const Execution& execution, Groups& groups, Parameters& parameters, Counters& counters,
       ScheduleState& schedule)
      : settings_(settings),
        execution_(execution),
        groups_(groups),
        parameters_(parameters),
        counters_(counters),
        schedule_(schedule) {}

  void whole(std::span<const Gradient> gradients, std::optional<double> loss);

  void begin_parts(std::optional<double> loss);
  void part(const Gradient& gradient);
  void end_parts();
  bool in_parts() const { return in_parts_; }

  int threads = 1;
  StepReport last;

 private:
  void clear_report();

  // gradients (admit.cc)
  void begin(std::optional<double> loss);
  void check_loss(std::optional<double> loss) const;
  void admit(const Gradient& gradient);
  void add_task(std::uint32_t index, const void* gradient);
  const void* gradient_values(const Gradient& gradient, std::uint32_t index);
  template <class T>
  const void* scatter(const Rows<T>& rows, std::uint32_t index);
  bool accumulate();

  // norms, guard, scales (clip.cc)
  bool clips_by_norm() const { return settings_.clip.by == ClipBy::norm || settings_.clip.by == ClipBy::global_norm; }
  void sum_squares(std::span<const Task> tasks);
  std::optional<double> squares_of(const Task& task) const;
  double gradient_norm_of(const Task& task) const;
  void take_over_squares(const Task& task);
  double gradient_norm_of_all();
  double gradient_divisor() const;
  void clip_gradients(std::span<Task> tasks);
  bool guard_refuses();
  bool squares_overflow(const Task& task, std::size_t block) const;
  bool overflows(const Task& task, double value) const;
  void look_again(const Task& task, std::size_t block, std::string& why);
  bool keeps_squares(const Task& task) const;
  void refuse(Outcome outcome, std::string why);
  void drop_accumulated();
  void adapt_loss_scale(bool applied);
  const std::vector<const Task*>& in_order();

  // averages (average.cc)
  bool averages_now() const;
  void check_averages() const;
  void plan_averages();
  void share_average(Task& task);

  // coefficients (coefficients.cc)
  void prepare(Task& task);
  std::uint32_t coefficients_for(std::uint32_t index, std::int64_t step, const Scalars& scalars, std::uint32_t begun);
  void prepare_rows(Task& task);

  // sums (gather.cc, settle.cc)
  bool has_sums() const;
  bool gather_and_settle(std::span<Task> tasks);
  void gather(std::span<Task> tasks, std::size_t round);
  bool settle(std::span<Task> tasks, std::size_t round);
  bool settle_all(std::span<Task> tasks, const GroupRecord& group, std::size_t round);

  // the pass (run.cc)
  class Batch;
  void run(std::span<Task> tasks);
  void run_piece(Task& task, std::size_t begin, std::size_t end, Batch& batch);
  void average_elements(const Task& task, std::size_t begin, std::size_t end);
  void look_at_refused(const Task& task, std::size_t begin, std::size_t end);
  void count_non_finite(Task& task, std::size_t begin, std::size_t end);
  void step_elements(Task& task, std::size_t begin, std::size_t end, std::size_t piece_end, Batch& batch);
  void add_blocks(Task& task, std::uint32_t coefficients, std::size_t begin, std::size_t end, std::size_t piece_end,
                  Batch& batch);
  void fill_block(Block& block, const Task& task, const StepCoefficients& made, std::size_t begin, std::size_t end,
                  std::size_t piece_end) const;
  bool looks() const { return execution_.report != Reporting::none; }

  // the end (commit.cc)
  void commit();
  void commit_rows(const Task& task);
  void report_tasks();

  template <class F>
  void for_each_chunk(const F& work) {
    parallel_for(plan_.threads(), plan_.chunks(), work);
  }

  Settings& settings_;
  const Execution& execution_;
  Groups& groups_;
  Parameters& parameters_;
  Counters& counters_;
  ScheduleState& schedule_;

  bool in_parts_ = false;
  bool overwrites_ = false, detects_ = false;  // of the pass in progress
  std::atomic<bool> has_seen_non_finite_ = false;
  std::uint64_t serial_ = 0;
  std::size_t blocks_ = 0;  // of kNormBlock elements, of all tasks that step
  double scale_ = 1;        // of gradients that are not clipped
  double loss_ = 0;
  std::int64_t average_number_ = 0;  // what average_share_ is the share of
  double average_share_ = 0;
  std::vector<Task> tasks_;
  std::vector<std::size_t> sizes_;
  std::vector<StepCoefficients> coefficients_;
  std::vector<RowRun> runs_;
  std::vector<TaskSums> sums_;
  std::deque<GatherParts> gathered_;                    // by plan
  std::map<std::string_view, Scalars> family_scalars_;  // as the step makes them
  std::vector<Buffer> scattered_;
  std::vector<double> block_sums_;         // of squares, of the gradients
  std::vector<BlockTotals> block_totals_;  // for the report
  std::vector<const Task*> by_parameter_;  // those that step, in the order of the parameters
  Plan plan_;
};

}  // namespace thalweg::inline v0_1

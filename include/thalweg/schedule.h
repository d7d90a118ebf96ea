// Schedule: a factor on the learning rate that follows the steps taken, or a metric.
#pragma once

#include <thalweg/api.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace thalweg::inline v0_1 {

/// Kinds of schedules. Each gives the factor at k, the number of ticks since it began: 0 at the first. A tick is a step
/// or an epoch, as the schedule's interval says. The rate itself is the optimizer's `lr` times the factor, so that one
/// schedule drives groups of different rates; where PyTorch and Keras give a rate (`eta_min`, `end_learning_rate`,
/// `max_lr`), here stands its ratio to `lr`, the rate at factor 1.
///
/// `steps` is how many ticks it takes from its beginning to its end, where it stays. 0 is the rest of the run, as
/// `Schedule::within` says. Numbers are finite.
namespace schedule {

/// factor for the first `steps` ticks, then 1; without `steps`, factor for ever. PyTorch: ConstantLR.
struct Constant {
  double factor = 1;
  double steps = 0;  ///< [0, ∞)
  static constexpr std::string_view name = "constant";
};

/// gamma^⌊k / every⌋. PyTorch: StepLR.
struct StepDecay {
  double every = 10;   ///< (0, ∞)
  double gamma = 0.1;  ///< [0, ∞)
  static constexpr std::string_view name = "step";
};

/// gamma^n, n the number of milestones up to k. PyTorch: MultiStepLR.
struct MultiStep {
  std::vector<double> milestones;  ///< in ascending order, at least one
  double gamma = 0.1;              ///< [0, ∞)
  static constexpr std::string_view name = "multi_step";
};

/// start + (end − start) k / steps, up to k = steps. PyTorch: LinearLR.
struct Linear {
  double start = 1, end = 0;
  double steps = 0;  ///< [0, ∞)
  static constexpr std::string_view name = "linear";
};

/// gamma^(k / every), with staircase the exponent rounded down. PyTorch: ExponentialLR; Keras: ExponentialDecay.
struct Exponential {
  double gamma = 0.1;  ///< (0, ∞)
  double every = 1;    ///< (0, ∞)
  bool staircase = false;
  static constexpr std::string_view name = "exponential";
};

/// (1 − floor) (1 − k / steps)^power + floor, up to k = steps; with cycle, `steps` is multiplied to reach k instead.
/// PyTorch: PolynomialLR; Keras: PolynomialDecay.
struct Polynomial {
  double power = 1;  ///< [0, ∞)
  double floor = 0;
  double steps = 0;  ///< [0, ∞)
  bool cycle = false;
  static constexpr std::string_view name = "polynomial";
};

/// floor + (1 − floor) (1 + cos πx) / 2, x = k / steps up to 1; with cycle it rises again behind that, as PyTorch's
/// does. Loshchilov, Hutter (2017), arXiv 1608.03983, eq. 5. PyTorch: CosineAnnealingLR; Keras: CosineDecay.
struct Cosine {
  double floor = 0;
  double steps = 0;  ///< [0, ∞)
  bool cycle = false;
  static constexpr std::string_view name = "cosine";
};

/// A cosine that begins anew, each period t_mult times as long as the one before and its top m_mult times as high.
/// The same paper. PyTorch: CosineAnnealingWarmRestarts; Keras: CosineDecayRestarts.
struct CosineRestarts {
  double period = 10;  ///< (0, ∞): ticks of the first
  double t_mult = 1;   ///< [1, ∞)
  double m_mult = 1;   ///< [0, ∞)
  double floor = 0;
  static constexpr std::string_view name = "cosine_restarts";
};

/// How one value goes over into another.
enum class Anneal { cos, linear };

/// Rises from 1 / div_factor to 1 and falls to 1 / (div_factor · final_div_factor); `lr` is the highest rate. With
/// three phases it falls to where it began as fast as it rose, and then further. Smith, Topin (2018), arXiv 1708.07120.
/// PyTorch: OneCycleLR, without its momentum.
struct OneCycle {
  double steps = 0;        ///< [0, ∞)
  double pct_start = 0.3;  ///< [0, 1]: the share of `steps` that rises
  Anneal anneal = Anneal::cos;
  double div_factor = 25;         ///< (0, ∞)
  double final_div_factor = 1e4;  ///< (0, ∞)
  bool three_phase = false;
  static constexpr std::string_view name = "one_cycle";
};

/// What becomes of the height of a cyclic schedule.
enum class CycleMode {
  triangular,   ///< it stays
  triangular2,  ///< it is halved with every cycle
  exp_range,    ///< it is gamma^k
};

/// Up from floor to 1 in `up` ticks, down in `down`, and again; `lr` is the highest rate. Smith (2017), arXiv
/// 1506.01186. PyTorch: CyclicLR, without its momentum.
struct Cyclic {
  double floor = 0;
  double up = 2000;  ///< (0, ∞)
  double down = 0;   ///< [0, ∞); 0: as many as up
  CycleMode mode = CycleMode::triangular;
  double gamma = 1;  ///< (0, ∞)
  static constexpr std::string_view name = "cyclic";
};

/// values[i], i the number of boundaries that are smaller than k. Keras: PiecewiseConstantDecay.
struct PiecewiseConstant {
  std::vector<double> boundaries;  ///< in ascending order, at least one
  std::vector<double> values;      ///< one more than boundaries
  static constexpr std::string_view name = "piecewise_constant";
};

/// 1 / (1 + rate · k / every), with staircase the quotient k / every rounded down. Keras: InverseTimeDecay.
struct InverseTime {
  double rate = 1;   ///< [0, ∞)
  double every = 1;  ///< (0, ∞)
  bool staircase = false;
  static constexpr std::string_view name = "inverse_time";
};

/// Which of two metrics is better.
enum class Better { min, max };
/// By how much: by a share of the best one, or by a number.
enum class ThresholdMode { rel, abs };

/// Multiplied by `factor`, down to `floor`, when the metric has not become better for more than `patience` of its
/// values. Follows Schedule::see instead of ticks. PyTorch: ReduceLROnPlateau.
struct Plateau {
  double factor = 0.1;   ///< [0, 1)
  double patience = 10;  ///< [0, ∞)
  Better mode = Better::min;
  double threshold = 1e-4;  ///< [0, ∞)
  ThresholdMode threshold_mode = ThresholdMode::rel;
  double cooldown = 0;  ///< [0, ∞): values after a reduction that are not counted
  double floor = 0;     ///< [0, ∞)
  double eps = 1e-8;    ///< [0, ∞): a smaller change of the factor is not made
  static constexpr std::string_view name = "plateau";
};

}  // namespace schedule

/// What a tick is.
enum class Interval { step, epoch };

/// How a warm-up rises: by as much, or by the same ratio, with every step.
enum class WarmupKind { linear, exponential };

/// Where a schedule stands: part of an optimizer's state.
struct SchedulePosition {
  std::int64_t steps = 0;  ///< taken before
  double reduced = 1;      ///< of a plateau: the factor it has come to
  std::optional<double> best = {};
  std::int64_t bad = 0;       ///< values in a row that were not better
  std::int64_t cooldown = 0;  ///< values that are still not counted

  bool operator==(const SchedulePosition&) const = default;
};

/// How long a run is, by which schedules measure that say no length of their own.
struct RunLength {
  std::int64_t steps_per_epoch = 1;  ///< [1, ∞)
  std::int64_t steps = 0;            ///< of the whole run; 0 is not known
};

/// One kind of schedule or several, one after another, with a warm-up in front.
///
/// The warm-up multiplies: by from + (1 − from) s / warmup at step s, counted from 1, or by from^(1 − s / warmup); from
/// step `warmup` on by 1. A kind that has an end or a period (linear, polynomial, cosine, cosine_restarts, one_cycle,
/// cyclic) begins behind it and ends where it would without, if ticks are steps; the others count from the first step.
class THALWEG_API Schedule {
 public:
  using Kind = std::variant<schedule::Constant, schedule::StepDecay, schedule::MultiStep, schedule::Linear,
                            schedule::Exponential, schedule::Polynomial, schedule::Cosine, schedule::CosineRestarts,
                            schedule::OneCycle, schedule::Cyclic, schedule::PiecewiseConstant, schedule::InverseTime,
                            schedule::Plateau>;

  struct Part {
    Kind kind;
    /// Ticks until the next part begins; 0, if there is one: as many as the kind's `steps`. Means nothing at the last.
    double length = 0;
  };

  struct Warmup {
    double steps = 0;  ///< [0, ∞)
    double from = 0;   ///< [0, 1]; in (0, 1] if exponential
    WarmupKind kind = WarmupKind::linear;
  };

  /// Throws Error if a number is outside its range, if a part that others follow has no length, if there are more than
  /// 100 parts or more than one plateau, or if a warm-up takes all of the steps.
  template <class K>
  requires std::is_constructible_v<Kind, K> Schedule(
      K kind, Warmup warmup = {0, 0, WarmupKind::linear},  // NOLINT: a schedule is one of the kinds
      Interval interval = Interval::step)
      : Schedule(std::vector<Part>{Part{Kind(std::move(kind)), 0}}, warmup, interval) {}
  explicit Schedule(std::vector<Part> parts, Warmup warmup = {0, 0, WarmupKind::linear},
                    Interval interval = Interval::step);

  const std::vector<Part>& parts() const { return parts_; }
  const Warmup& warmup() const { return warmup_; }
  Interval interval() const { return interval_; }

  /// Must it be told how long the run is?
  bool needs_length() const;
  /// Does it follow a metric?
  bool needs_metric() const;
  /// The schedule with the lengths that it left open: up to the end of the run. Throws Error if nothing is left for
  /// them, or if the run's length is needed and not known.
  Schedule within(const RunLength& run) const;

  /// The factor of the next step, where `position.steps` have been taken. Throws Error if a length is open, or if the
  /// steps are negative or those of an epoch less than one.
  double factor(const SchedulePosition& position, std::int64_t steps_per_epoch = 1) const;
  /// The same for a step, counted from 1, of a schedule that follows no metric.
  double factor(std::int64_t step, std::int64_t steps_per_epoch = 1) const;

  /// A plateau sees a value of its metric, after an epoch usually. What is not finite is never better. Throws Error if
  /// the schedule follows no metric.
  void see(double metric, SchedulePosition& position, std::int64_t steps_per_epoch = 1) const;

  /// `cosine:steps=10000,floor=0.1,warmup=500`: the kind, and its options that differ from their defaults; several of
  /// them as `linear:start=0.1,end=1,steps=100,then=step:every=30`. What `parse_schedule` reads.
  std::string text() const;

 private:
  void check() const;

  std::vector<Part> parts_;
  Warmup warmup_;
  Interval interval_;
};

/// Reads `cosine:warmup=500`: a kind and its options; beside those `warmup`, `warmup_from`, `warmup_kind` and
/// `interval`
/// (`step` or `epoch`) of the whole; lists with slashes (`milestones=30/60/90`); behind `then=` the next part, in front
/// of which `length=60` may say when it begins. Throws Error that names the place and suggests names.
THALWEG_API Schedule parse_schedule(std::string_view text);

/// The same as one JSON object: {"kind": "cosine", "steps": 10000, "warmup": 500, "then": {"kind": …}}.
THALWEG_API Schedule schedule_from_json(std::string_view json);
THALWEG_API std::string to_json(const Schedule& schedule);

/// One kind that there is.
struct ScheduleInfo {
  struct Option {
    std::string_view name;
    std::string default_value;  ///< as text
    std::string allowed;        ///< a range, or the words
  };
  std::string_view name;
  std::vector<Option> options;
};

/// All of them, in the order of Schedule::Kind.
THALWEG_API std::vector<ScheduleInfo> schedules();

}  // namespace thalweg::inline v0_1

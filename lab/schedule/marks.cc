// Finds where something happens in a schedule.
#include "schedule/marks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace thalweg::lab {
namespace {

using thalweg::schedule::Constant;
using thalweg::schedule::Cosine;
using thalweg::schedule::CosineRestarts;
using thalweg::schedule::Cyclic;
using thalweg::schedule::Exponential;
using thalweg::schedule::InverseTime;
using thalweg::schedule::Linear;
using thalweg::schedule::MultiStep;
using thalweg::schedule::OneCycle;
using thalweg::schedule::PiecewiseConstant;
using thalweg::schedule::Plateau;
using thalweg::schedule::Polynomial;
using thalweg::schedule::StepDecay;

constexpr std::size_t kMostOfAPart = 400;
constexpr double kPeriodsShown = 3, kStairsShown = 6, kDecaysShown = 10;

double up_and_down(const Cyclic& kind) { return kind.up + (kind.down == 0 ? kind.up : kind.down); }

/// Ticks until the period with this number, from 0, begins.
double begin_of_period(const CosineRestarts& kind, double number) {
  return kind.t_mult == 1 ? kind.period * number
                          : kind.period * (std::pow(kind.t_mult, number) - 1) / (kind.t_mult - 1);
}

Extent extent(const Constant& kind) { return {kind.steps, kind.steps > 0}; }
Extent extent(const StepDecay& kind) { return {kStairsShown * kind.every}; }
Extent extent(const MultiStep& kind) { return {kind.milestones.back(), true}; }
Extent extent(const Linear& kind) { return {kind.steps, true}; }
Extent extent(const Exponential& kind) { return {kDecaysShown * kind.every}; }
Extent extent(const Polynomial& kind) { return {kind.cycle ? kPeriodsShown * kind.steps : kind.steps, !kind.cycle}; }
Extent extent(const Cosine& kind) { return {kind.cycle ? 2 * kPeriodsShown * kind.steps : kind.steps, !kind.cycle}; }
Extent extent(const CosineRestarts& kind) { return {begin_of_period(kind, kPeriodsShown)}; }
Extent extent(const OneCycle& kind) { return {kind.steps, true}; }
Extent extent(const Cyclic& kind) { return {kPeriodsShown * up_and_down(kind)}; }
Extent extent(const PiecewiseConstant& kind) { return {std::max(0.0, kind.boundaries.back()), true}; }
Extent extent(const InverseTime& kind) { return {kDecaysShown * kind.every}; }
Extent extent(const Plateau&) { return {}; }

/// Calls `add(k, what)` for the ticks of a kind in ascending order, until it says that it is enough.

template <class Add>
void repeat(const Add& add, double every, const char* what) {
  for (double n = 1; add(n * every, what); ++n) {
  }
}

template <class Add>
void visit(const Constant& kind, const Add& add) {
  if (kind.steps > 0) add(kind.steps, "constant ends");
}
template <class Add>
void visit(const StepDecay& kind, const Add& add) {
  for (double n = 1; add(n * kind.every, fmt::format("factor × {:g}", kind.gamma)); ++n) {
  }
}
template <class Add>
void visit(const MultiStep& kind, const Add& add) {
  for (const double milestone : kind.milestones) add(milestone, fmt::format("milestone {:g}", milestone));
}
template <class Add>
void visit(const Linear& kind, const Add& add) {
  add(kind.steps, "linear ends");
}
template <class Add>
void visit(const Exponential& kind, const Add& add) {
  if (kind.staircase) repeat(add, kind.every, "stair");
}
template <class Add>
void visit(const Polynomial& kind, const Add& add) {
  if (!kind.cycle) {
    add(kind.steps, "polynomial ends");
  } else {
    repeat(add, kind.steps, "bottom");
  }
}
template <class Add>
void visit(const Cosine& kind, const Add& add) {
  if (!kind.cycle) {
    add(kind.steps, "cosine ends");
    return;
  }
  for (double n = 1; add(n * kind.steps, std::fmod(n, 2) == 1 ? "bottom" : "top"); ++n) {
  }
}
template <class Add>
void visit(const CosineRestarts& kind, const Add& add) {
  for (double n = 1; add(begin_of_period(kind, n), "restart"); ++n) {
  }
}
template <class Add>
void visit(const OneCycle& kind, const Add& add) {
  add(kind.pct_start * kind.steps - 1, "top");
  if (kind.three_phase) add(2 * kind.pct_start * kind.steps - 2, "third phase begins");
  add(kind.steps - 1, "one_cycle ends");
}
template <class Add>
void visit(const Cyclic& kind, const Add& add) {
  const double whole = up_and_down(kind);
  for (double n = 0; add(n * whole + kind.up, "top") && add((n + 1) * whole, "bottom"); ++n) {
  }
}
template <class Add>
void visit(const PiecewiseConstant& kind, const Add& add) {
  for (const double boundary : kind.boundaries) {
    add(std::floor(boundary) + 1, fmt::format("behind boundary {:g}", boundary));
  }
}
template <class Add>
void visit(const InverseTime& kind, const Add& add) {
  if (kind.staircase) repeat(add, kind.every, "stair");
}
template <class Add>
void visit(const Plateau&, const Add&) {}

/// Kinds that have an end or a period: they begin behind a warm-up.
template <class K>
constexpr bool begins_behind_warmup =
    std::is_same_v<K, Linear> || std::is_same_v<K, Polynomial> || std::is_same_v<K, Cosine> ||
    std::is_same_v<K, CosineRestarts> || std::is_same_v<K, OneCycle> || std::is_same_v<K, Cyclic>;

class Finder {
 public:
  Finder(const thalweg::Schedule& schedule, std::int64_t steps, std::int64_t steps_per_epoch)
      : schedule_(schedule),
        steps_(steps),
        unit_(schedule.interval() == thalweg::Interval::epoch ? static_cast<double>(steps_per_epoch) : 1) {}

  std::vector<Mark> find() {
    const double warmup = schedule_.warmup().steps;
    if (warmup > 0) add(std::ceil(warmup), "warm-up ends", true);
    double begin = 0;
    for (const thalweg::Schedule::Part& part : schedule_.parts()) {
      const bool is_first = &part == &schedule_.parts().front(), is_last = &part == &schedule_.parts().back();
      const double end = is_last ? std::numeric_limits<double>::infinity() : begin + part.length;
      std::visit([&](auto kind) { add_kind(kind, begin, end, is_first); }, part.kind);
      if (!is_last) {
        add(step_of(end) - 1, fmt::format("{} ends", name_of(part)), true);
        add(step_of(end), fmt::format("{} begins", name_of(*(&part + 1))), true);
      }
      begin = end;
    }
    std::vector<Mark> marks;
    for (auto& [step, mark] : marks_) marks.push_back(std::move(mark));
    return marks;
  }

 private:
  static std::string_view name_of(const thalweg::Schedule::Part& part) {
    return std::visit([](const auto& kind) { return kind.name; }, part.kind);
  }

  /// The first step of a tick.
  double step_of(double tick) const { return std::ceil(tick) * unit_ + 1; }

  void add(double step, const std::string& what, bool is_main = false) {
    if (!(step >= 1 && step <= static_cast<double>(steps_))) return;
    const auto at = static_cast<std::int64_t>(step);
    const auto [place, is_new] = marks_.try_emplace(at, Mark{at, what, is_main});
    Mark& mark = place->second;
    if (!is_new && mark.what.find(what) == std::string::npos) mark.what += ", " + what;
    mark.is_main |= is_main;
  }

  template <class K>
  void add_kind(K kind, double begin, double end, bool is_first) {
    if constexpr (begins_behind_warmup<K>) {
      if (is_first && schedule_.interval() == thalweg::Interval::step) {
        begin += schedule_.warmup().steps;
        if constexpr (requires { kind.steps; }) kind.steps -= schedule_.warmup().steps;
      }
    }
    std::size_t count = 0;
    visit(kind, [&](double ticks, const std::string& what) {
      const double step = step_of(begin + std::max(0.0, ticks));
      if (!(begin + ticks < end && step <= static_cast<double>(steps_)) || ++count > kMostOfAPart) return false;
      add(step, what, what.ends_with(" ends"));
      return true;
    });
  }

  const thalweg::Schedule& schedule_;
  std::int64_t steps_;
  double unit_;
  std::map<std::int64_t, Mark> marks_;
};

/// At most `most` of them, from the first to the last.
std::vector<Mark> evenly(const std::vector<Mark>& marks, std::size_t most) {
  if (marks.size() <= most) return marks;
  std::vector<Mark> result;
  for (std::size_t i = 0; i < most; ++i) {
    result.push_back(marks[most < 2 ? 0 : i * (marks.size() - 1) / (most - 1)]);
  }
  return result;
}

}  // namespace

std::vector<Mark> marks_of(const thalweg::Schedule& schedule, std::int64_t steps, std::int64_t steps_per_epoch) {
  return Finder(schedule, steps, steps_per_epoch).find();
}

Extent extent_of(const thalweg::Schedule::Kind& kind) {
  return std::visit([](const auto& its) { return extent(its); }, kind);
}

std::vector<Mark> thinned(const std::vector<Mark>& marks, std::size_t most) {
  std::vector<Mark> main, others;
  for (const Mark& mark : marks) (mark.is_main ? main : others).push_back(mark);
  std::vector<Mark> result = evenly(main, most);
  const std::vector<Mark> rest = evenly(others, most - result.size());
  result.insert(result.end(), rest.begin(), rest.end());
  std::ranges::sort(result, {}, &Mark::step);
  return result;
}

}  // namespace thalweg::lab

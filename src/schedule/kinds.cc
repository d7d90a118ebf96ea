// Kinds of schedules: their names and fields.
#include "schedule/kinds.h"

#include "text.h"

#include <thalweg/error.h>
#include <thalweg/suggest.h>

#include <algorithm>
#include <utility>

namespace thalweg::inline v0_1 {
namespace schedule {
namespace {

constexpr Range kNotNegative = at_least(0);
constexpr std::string_view kAnneals[] = {"cos", "linear"};
constexpr std::string_view kCycleModes[] = {"triangular", "triangular2", "exp_range"};
constexpr std::string_view kBetter[] = {"min", "max"};
constexpr std::string_view kThresholdModes[] = {"rel", "abs"};

Field positive(std::string_view name, double& member) { return {name, &member, above(0)}; }
Field not_negative(std::string_view name, double& member) { return {name, &member, kNotNegative}; }

Fields fields(Constant& kind) { return {not_negative("factor", kind.factor), not_negative("steps", kind.steps)}; }
Fields fields(StepDecay& kind) { return {positive("every", kind.every), not_negative("gamma", kind.gamma)}; }
Fields fields(MultiStep& kind) {
  return {{"milestones", &kind.milestones, kNotNegative}, not_negative("gamma", kind.gamma)};
}
Fields fields(Linear& kind) {
  return {not_negative("start", kind.start), not_negative("end", kind.end), not_negative("steps", kind.steps)};
}
Fields fields(Exponential& kind) {
  return {positive("gamma", kind.gamma), positive("every", kind.every), {"staircase", &kind.staircase}};
}
Fields fields(Polynomial& kind) {
  return {not_negative("power", kind.power),
          not_negative("floor", kind.floor),
          not_negative("steps", kind.steps),
          {"cycle", &kind.cycle}};
}
Fields fields(Cosine& kind) {
  return {not_negative("floor", kind.floor), not_negative("steps", kind.steps), {"cycle", &kind.cycle}};
}
Fields fields(CosineRestarts& kind) {
  return {positive("period", kind.period),
          {"t_mult", &kind.t_mult, at_least(1)},
          not_negative("m_mult", kind.m_mult),
          not_negative("floor", kind.floor)};
}
Fields fields(OneCycle& kind) {
  return {not_negative("steps", kind.steps),
          {"pct_start", &kind.pct_start, between(0, 1)},
          {"anneal", choice<Anneal>(kAnneals, kind.anneal)},
          positive("div_factor", kind.div_factor),
          positive("final_div_factor", kind.final_div_factor),
          {"three_phase", &kind.three_phase}};
}
Fields fields(Cyclic& kind) {
  return {not_negative("floor", kind.floor),
          positive("up", kind.up),
          not_negative("down", kind.down),
          {"mode", choice<CycleMode>(kCycleModes, kind.mode)},
          positive("gamma", kind.gamma)};
}
Fields fields(PiecewiseConstant& kind) {
  return {{"boundaries", &kind.boundaries, kNotNegative}, {"values", &kind.values, kNotNegative}};
}
Fields fields(InverseTime& kind) {
  return {not_negative("rate", kind.rate), positive("every", kind.every), {"staircase", &kind.staircase}};
}
Fields fields(Plateau& kind) {
  return {{"factor", &kind.factor, from_below(0, 1)},
          not_negative("patience", kind.patience),
          {"mode", choice<Better>(kBetter, kind.mode)},
          not_negative("threshold", kind.threshold),
          {"threshold_mode", choice<ThresholdMode>(kThresholdModes, kind.threshold_mode)},
          not_negative("cooldown", kind.cooldown),
          not_negative("floor", kind.floor),
          not_negative("eps", kind.eps)};
}

}  // namespace
}  // namespace schedule

namespace {

template <class F, std::size_t... i>
void for_each_kind(const F& visit, std::index_sequence<i...>) {
  (visit(Schedule::Kind(std::variant_alternative_t<i, Schedule::Kind>())), ...);
}
/// Calls `visit` with a default kind of each.
template <class F>
void for_each_kind(const F& visit) {
  for_each_kind(visit, std::make_index_sequence<std::variant_size_v<Schedule::Kind>>());
}

void check_ascending(const std::vector<double>& numbers, const std::string& what, const char* name) {
  if (numbers.empty()) throw Error(what + name + " is missing, and has no default");
  if (!std::ranges::is_sorted(numbers)) throw Error(what + name + " do not ascend");
}

}  // namespace

void check_number_of_parts(std::size_t parts, const std::string& what) {
  if (parts <= kMostParts) return;
  throw Error(what + "there are more than " + std::to_string(kMostParts) + " parts, which is the most allowed");
}

std::string_view name_of(const Schedule::Kind& kind) {
  return std::visit([](const auto& its) { return its.name; }, kind);
}

Fields fields_of(Schedule::Kind& kind) {
  return std::visit([](auto& its) { return schedule::fields(its); }, kind);
}

Schedule::Kind kind_of(std::string_view name, const std::string& what) {
  std::optional<Schedule::Kind> result;
  std::vector<std::string> known;
  for_each_kind([&](const Schedule::Kind& kind) {
    known.emplace_back(name_of(kind));
    if (name == name_of(kind)) result = kind;
  });
  if (!result) throw Error(what + "unknown schedule '" + printable(name) + "'" + suggest(name, known));
  return *result;
}

void check_together(const Schedule::Kind& kind, const std::string& what) {
  if (const auto* steps = std::get_if<schedule::MultiStep>(&kind)) {
    check_ascending(steps->milestones, what, "milestones");
  }
  const auto* pieces = std::get_if<schedule::PiecewiseConstant>(&kind);
  if (pieces == nullptr) return;
  check_ascending(pieces->boundaries, what, "boundaries");
  if (pieces->values.size() == pieces->boundaries.size() + 1) return;
  throw Error(what + std::to_string(pieces->values.size()) + " values for " +
              std::to_string(pieces->boundaries.size()) + " boundaries; allowed is one more than boundaries");
}

const double* steps_of(const Schedule::Kind& kind) {
  return std::visit(
      [](const auto& its) -> const double* {
        if constexpr (requires { its.steps; }) {
          return &its.steps;
        } else {
          return nullptr;
        }
      },
      kind);
}

double* steps_of(Schedule::Kind& kind) { return const_cast<double*>(steps_of(std::as_const(kind))); }

bool begins_behind_warmup(const Schedule::Kind& kind) {
  return std::holds_alternative<schedule::Linear>(kind) || std::holds_alternative<schedule::Polynomial>(kind) ||
         std::holds_alternative<schedule::Cosine>(kind) || std::holds_alternative<schedule::CosineRestarts>(kind) ||
         std::holds_alternative<schedule::OneCycle>(kind) || std::holds_alternative<schedule::Cyclic>(kind);
}

std::vector<ScheduleInfo> schedules() {
  std::vector<ScheduleInfo> result;
  for_each_kind([&](Schedule::Kind kind) {
    ScheduleInfo& info = result.emplace_back();
    info.name = name_of(kind);
    for (const Field& field : fields_of(kind)) {
      info.options.push_back({field.name, value_text(field), allowed(field)});
    }
  });
  return result;
}

}  // namespace thalweg::inline v0_1

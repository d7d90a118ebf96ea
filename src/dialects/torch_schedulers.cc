// PyTorch's schedulers, as of 2.13: the keys of their states, and their kinds here.
#include "dialects/torch_schedule.h"
#include "text.h"

#include <thalweg/error.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace thalweg::inline v0_1::dialects {
namespace {

using State = TorchSchedulerState;
using Kind = Schedule::Kind;

[[noreturn]] void fail_outside(const std::string& name, double value, const std::string& allowed) {
  throw Error(name + " = " + to_text(value) + " is outside " + allowed);
}

double base_rate(const State& state, Kind&) { return state.base(); }

double finish_constant(const State& state, Kind& kind) {
  auto& constant = std::get<schedule::Constant>(kind);
  // Without ticks it ends at once where PyTorch begins by its closed form, and else never.
  if (constant.steps == 0 && state.follows_other) constant.factor = 1;
  return state.base();
}

double finish_linear(const State& state, Kind& kind) {
  const auto linear = std::get<schedule::Linear>(kind);
  if (linear.steps == 0) kind = schedule::Constant{.factor = linear.start};  // PyTorch stays where it began
  return state.base();
}

double finish_polynomial(const State& state, Kind& kind) {
  if (std::get<schedule::Polynomial>(kind).steps == 0) kind = schedule::Constant{};  // likewise
  return state.base();
}

/// A list, or {"30": 2} for a milestone that is there twice.
double finish_multi_step(const State& state, Kind& kind) {
  constexpr std::uint64_t kMost = 1'000'000;  // a count is short, and its numbers are not
  std::vector<double>& milestones = std::get<schedule::MultiStep>(kind).milestones;
  const std::string name = state.what + "milestones";
  const json::Value& value = state.at("milestones");
  if (value.is_array()) {
    for (const json::Value& number : value.array(name)) milestones.push_back(number.number(name));
    for (const double milestone : milestones) {
      if (milestone != std::floor(milestone)) throw Error(name + ": " + to_text(milestone) + " is no whole number");
    }
  } else {
    for (const auto& [text, count] : value.object(name)) {
      std::int64_t milestone = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), milestone);
      if (error != std::errc() || end != text.data() + text.size()) {
        throw Error(name + ": '" + printable(text) + "' is no whole number");
      }
      const std::uint64_t times = count.unsigned_integer(name + ": " + text);
      if (times > kMost - milestones.size()) {
        throw Error(name + " has more than " + std::to_string(kMost) + " of them, which is the most allowed");
      }
      milestones.insert(milestones.end(), times, static_cast<double>(milestone));
    }
  }
  std::ranges::sort(milestones);
  return state.base();
}

double finish_cosine(const State& state, Kind& kind) {
  auto& cosine = std::get<schedule::Cosine>(kind);
  cosine.floor = state.ratio("eta_min", state.number("eta_min", 0), state.base());
  cosine.cycle = true;
  return state.base();
}

double finish_restarts(const State& state, Kind& kind) {
  state.whole("T_cur", 0);  // else somebody steps it by fractions
  std::get<schedule::CosineRestarts>(kind).floor = state.ratio("eta_min", state.number("eta_min", 0), state.base());
  return state.base();
}

void refuse_momentum(const State& state) {
  if (!state.boolean("cycle_momentum")) return;
  throw Error(state.what +
              "cycle_momentum = true has no counterpart: a schedule drives the rate alone; allowed is false");
}

/// Its phases say `pct_start`; the group has the rates between which they go.
double finish_one_cycle(const State& state, Kind& kind) {
  refuse_momentum(state);
  auto& cycle = std::get<schedule::OneCycle>(kind);
  const std::string name = state.what + "_schedule_phases";
  const json::Array& phases = state.at("_schedule_phases").array(name);
  cycle.three_phase = phases.size() == 3;
  if (phases.size() != 2 && !cycle.three_phase) {
    throw Error(name + " has " + std::to_string(phases.size()) + " elements; allowed are 2 or 3");
  }
  const auto end_of = [&](std::size_t phase) {
    const std::string inside = name + "[" + std::to_string(phase) + "]";
    return phases[phase].at("end_step", inside).number(inside + ".end_step");
  };
  const double rise = end_of(0) + 1;
  cycle.pct_start = rise / cycle.steps;
  if (!(cycle.pct_start >= 0 && cycle.pct_start <= 1)) {
    fail_outside(name + "[0].end_step", rise - 1, "[-1, " + to_text(cycle.steps - 1) + "]");
  }
  const auto expect = [&](std::size_t phase, double end) {
    if (std::abs(end_of(phase) - end) <= 1e-9 * cycle.steps) return;
    throw Error(name + "[" + std::to_string(phase) + "].end_step = " + to_text(end_of(phase)) + "; allowed is " +
                to_text(end) + ", as PyTorch makes it of total_steps and pct_start");
  };
  if (cycle.three_phase) expect(1, 2 * rise - 2);
  expect(phases.size() - 1, cycle.steps - 1);
  const double first = state.in_group("initial_lr"), highest = state.in_group("max_lr"),
               last = state.in_group("min_lr");
  for (const auto& [key, rate] : {std::pair("initial_lr", first), {"max_lr", highest}, {"min_lr", last}}) {
    if (rate == 0) fail_outside(state.what + "the group's " + key, rate, "(0, ∞)");
  }
  cycle.div_factor = highest / first;
  cycle.final_div_factor = first / last;
  return highest;
}

/// The state has the whole cycle's length, and the share of it that rises.
double finish_cyclic(const State& state, Kind& kind) {
  refuse_momentum(state);
  auto& cyclic = std::get<schedule::Cyclic>(kind);
  const std::string& mode = state.at("mode").string(state.what + "mode");
  const std::string& scale = state.at("scale_mode").string(state.what + "scale_mode");
  if (!state.at("_scale_fn_custom").is_null()) {
    throw Error(state.what + "_scale_fn_custom, a scale_fn of one's own, has no counterpart; allowed is null");
  }
  const char* const own = cyclic.mode == schedule::CycleMode::exp_range ? "iterations" : "cycle";
  if (scale != own) {
    throw Error(state.what + "scale_mode = '" + printable(scale) + "' with mode = '" + mode +
                "' has no counterpart: PyTorch has it only with a scale_fn of one's own; allowed is '" + own + "'");
  }
  const double whole = state.number("total_size"), share = state.number("step_ratio");
  if (!(whole > 0)) fail_outside(state.what + "total_size", whole, "(0, ∞)");
  if (!(share > 0 && share < 1)) fail_outside(state.what + "step_ratio", share, "(0, 1)");
  const auto tidy = [&](double ticks) {  // what was divided and multiplied again
    const double near = std::round(ticks);
    return near > 0 && std::abs(ticks - near) <= 1e-12 * whole ? near : ticks;
  };
  cyclic.up = tidy(whole * share);
  cyclic.down = tidy(whole - cyclic.up);
  if (cyclic.down == cyclic.up) cyclic.down = 0;
  if (cyclic.mode != schedule::CycleMode::exp_range) cyclic.gamma = schedule::Cyclic{}.gamma;
  const double highest = state.of_group("max_lrs");
  cyclic.floor = state.ratio("base_lrs", state.base(), highest);
  return highest;
}

/// Its state has no rate but lower limits.
double finish_plateau(const State& state, Kind& kind) {
  auto& plateau = std::get<schedule::Plateau>(kind);
  const double lr = state.in_group(state.group.contains("initial_lr") ? "initial_lr" : "lr");
  if (lr == 0) return 0;  // it stays
  plateau.floor = state.of_group("min_lrs") / lr;
  plateau.eps = state.number("eps", 0) / lr;
  return lr;
}

constexpr std::string_view kNoFunction =
    "follows a Python function, which is not part of its state, and has no counterpart; say it as one of thalweg's "
    "schedules, or set lr before every step";

}  // namespace

const std::vector<TorchScheduler>& torch_schedulers() {
  static const std::vector<TorchScheduler> all{
      {.name = kTorchSequence, .mark = "_milestones", .others = {"_schedulers"}},
      {.name = "ChainedScheduler",
       .mark = "_schedulers",
       .refused = "multiplies several schedulers, and has no counterpart; give one of them, with a warm-up in front as "
                  "Schedule::Warmup, or set lr before every step"},
      {.name = "ReduceLROnPlateau",
       .mark = "patience",
       .kind = schedule::Plateau{},
       .keys = {{"factor"}, {"patience"}, {"mode"}, {"threshold"}, {"threshold_mode"}, {"cooldown"}},
       .others = {"default_min_lr", "min_lrs", "eps", "mode_worse", "best", "cooldown_counter", "num_bad_epochs"},
       .finish = finish_plateau},
      {.name = "OneCycleLR",
       .mark = "_schedule_phases",
       .kind = schedule::OneCycle{},
       .keys = {{.name = "total_steps", .option = "steps", .least = 1, .whole = true},
                {.name = "_anneal_func_type", .option = "anneal"}},
       .others = {"cycle_momentum", "use_beta1"},
       .finish = finish_one_cycle},
      {.name = "CyclicLR",
       .mark = "step_ratio",
       .kind = schedule::Cyclic{},
       .keys = {{"mode"}, {"gamma"}},
       .others = {"max_lrs", "total_size", "scale_mode", "_scale_fn_custom", "cycle_momentum", "use_beta1",
                  "base_momentums", "max_momentums"},
       .finish = finish_cyclic},
      {.name = "CosineAnnealingWarmRestarts",
       .mark = "T_0",
       .kind = schedule::CosineRestarts{},
       .keys = {{.name = "T_0", .option = "period", .least = 1, .whole = true},
                {.name = "T_mult", .option = "t_mult", .whole = true}},
       .others = {"eta_min", "T_i", "T_cur"},
       .finish = finish_restarts},
      {.name = "CosineAnnealingLR",
       .mark = "T_max",
       .kind = schedule::Cosine{},
       .keys = {{.name = "T_max", .option = "steps", .least = 1, .whole = true}},
       .others = {"eta_min"},
       .finish = finish_cosine},
      {.name = "MultiStepLR",
       .mark = "milestones",
       .kind = schedule::MultiStep{},
       .keys = {{"gamma"}},
       .finish = finish_multi_step},
      {.name = "StepLR",
       .mark = "step_size",
       .kind = schedule::StepDecay{},
       .keys = {{.name = "step_size", .option = "every", .least = 1, .whole = true}, {"gamma"}},
       .finish = base_rate},
      {.name = "LinearLR",
       .mark = "start_factor",
       .kind = schedule::Linear{},
       .keys = {{.name = "start_factor", .option = "start", .least = 0, .most = 1},
                {.name = "end_factor", .option = "end", .least = 0, .most = 1},
                {.name = "total_iters", .option = "steps", .whole = true}},
       .finish = finish_linear},
      {.name = "PolynomialLR",
       .mark = "power",
       .kind = schedule::Polynomial{},
       .keys = {{.name = "total_iters", .option = "steps", .whole = true}, {"power"}},
       .finish = finish_polynomial},
      {.name = "ConstantLR",
       .mark = "factor",
       .kind = schedule::Constant{},
       .keys = {{.name = "factor", .least = 0, .most = 1}, {.name = "total_iters", .option = "steps", .whole = true}},
       .finish = finish_constant},
      {.name = "ExponentialLR",
       .mark = "gamma",
       .kind = schedule::Exponential{.every = 1},
       .keys = {{"gamma"}},
       .finish = base_rate},
      {.name = "LambdaLR", .mark = "lr_lambdas", .refused = kNoFunction},
      {.name = "MultiplicativeLR", .mark = "lr_lambdas", .refused = kNoFunction},
      {.name = "SWALR",
       .mark = "anneal_epochs",
       .refused = "has no counterpart: its rates go to swa_lr from wherever they are; set lr before every step"},
  };
  return all;
}

}  // namespace thalweg::inline v0_1::dialects
